use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::*;
use grammar::{Leaf, Operand as Parsed, Tree};

mod grammar;

const TEXT_OPERATORS: [Operator; 6] =
    [Operator::Eq, Operator::Neq, Operator::Lt, Operator::Lte, Operator::Gt, Operator::Gte];

fn column(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn filter(name: &str, operator: Operator, value: Value) -> Filter {
    Filter { column: column(name), operator, value, negate: false }
}

fn read(conditions: Vec<Condition>) -> Select {
    Select {
        table: column("invoices"),
        columns: vec![column("id"), column("total_amount")],
        conditions,
        order: vec![],
        limit: 10,
        offset: 0,
        count: false,
    }
}

fn rendered(filter: Filter) -> String {
    let query = select(&read(vec![Condition::All(filter)])).unwrap();
    let query = query.strip_prefix("select=id,total_amount&").unwrap();
    query.strip_suffix("&order=id.asc&limit=10").unwrap().to_owned()
}

fn rejected(filter: Filter) -> (Option<String>, String) {
    match select(&read(vec![Condition::All(filter)])) {
        Err(DataError::Invalid { column, message }) => (column, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_comparison_of_its_own_is_literal_and_encoded() {
    use Operator::*;
    for (filter, expected) in [
        (filter("status", Eq, json!("on hold")), "status=eq.on%20hold"),
        (filter("name", Eq, json!(r#""a+b",(c)"#)), "name=eq.%22a%2Bb%22,(c)"),
        (filter("name", Neq, json!("a&b=c#d")), "name=neq.a%26b%3Dc%23d"),
        (filter("total_amount", Gte, json!(1200)), "total_amount=gte.1200"),
        (filter("primer_needed", Eq, json!(true)), "primer_needed=eq.true"),
        (filter("due_date", Lt, json!("2025-01-31")), "due_date=lt.2025-01-31"),
        (filter("name", Like, json!("50%_*\\")), "name=like.50%5C%25%5C_%2A%5C%5C"),
        (filter("name", Ilike, json!("*smith*")), "name=ilike.%2Asmith%2A"),
        (filter("status", OneOf, json!(["sent", "a,b\"\\"])), "status=in.(%22sent%22,%22a,b%5C%22%5C%5C%22)"),
        (filter("due_date", IsNull, json!(null)), "due_date=is.null"),
        (filter("tags", Contains, json!(["vip", "a b"])), "tags=cs.%7B%22vip%22,%22a%20b%22%7D"),
        (filter("metadata", Contains, json!({"a": [1]})), "metadata=cs.%7B%22a%22%3A%5B1%5D%7D"),
        (filter("line_items", Contains, json!([{"quantity": 2}])), "line_items=cs.%5B%7B%22quantity%22%3A2%7D%5D"),
    ] {
        assert_eq!(rendered(filter.clone()), expected);
        let (name, value) = expected.split_once('=').unwrap();
        assert_eq!(rendered(Filter { negate: true, ..filter }), format!("{name}=not.{value}"));
    }
}

#[test]
fn a_number_keeps_every_digit_it_was_written_with() {
    let value: Value = serde_json::from_str("12345678901234567890.10").unwrap();
    assert_eq!(rendered(filter("total_amount", Operator::Eq, value)), "total_amount=eq.12345678901234567890.10");
}

#[test]
fn a_choice_quotes_its_values() {
    let any = Condition::Any(vec![
        filter("status", Operator::Eq, json!("a,b)")),
        Filter { negate: true, ..filter("due_date", Operator::IsNull, json!(null)) },
        filter("name", Operator::OneOf, json!(["x"])),
    ]);
    let query = select(&read(vec![any])).unwrap();
    assert!(query.contains("&or=(status.eq.%22a,b)%22,due_date.not.is.null,name.in.(%22x%22))&"), "{query}");
}

#[test]
fn a_column_with_the_name_of_a_parameter_stays_a_column() {
    for name in RESERVED.into_iter().chain(["_hidden"]) {
        let query = rendered(filter(name, Operator::Eq, json!("5")));
        assert_eq!(query, format!("and=({name}.eq.%225%22)"));
    }
}

#[test]
fn a_read_has_its_order_its_offset_and_one_limit() {
    let order =
        vec![Order { column: column("due_date"), descending: true }, Order { column: column("id"), descending: false }];
    let query = select(&Select { order, offset: 20, ..read(vec![]) }).unwrap();
    assert_eq!(query, "select=id,total_amount&order=due_date.desc.nullslast,id.asc.nullslast&limit=10&offset=20");
}

#[test]
fn what_no_column_can_be_compared_with_is_refused_with_the_column() {
    use Operator::*;
    for (operator, value) in [
        (Eq, json!(null)),
        (Eq, json!(["a"])),
        (Gt, json!({"a": 1})),
        (Eq, json!("a\0b")),
        (Like, json!(5)),
        (Ilike, json!("\0")),
        (OneOf, json!("a")),
        (OneOf, json!([])),
        (OneOf, json!([null])),
        (OneOf, json!(["a", "\0"])),
        (OneOf, json!(vec!["a"; 201])),
        (IsNull, json!(false)),
        (Contains, json!(null)),
        (Contains, json!(["a\0"])),
        (Contains, json!(["a", null])),
    ] {
        let (column, _) = rejected(filter("name", operator, value.clone()));
        assert_eq!(column.as_deref(), Some("name"), "{operator:?} {value}");
    }
    assert!(select(&read(vec![Condition::Any(vec![])])).is_err());
    assert!(select(&Select { columns: vec![], ..read(vec![]) }).is_err());
}

#[test]
fn conditions_longer_than_a_request_line_are_refused() {
    let long = vec!["ü".repeat(100); 200];
    let query = select(&read(vec![Condition::All(filter("name", Operator::OneOf, json!(long)))]));
    assert!(matches!(query, Err(DataError::LimitExceeded(_))), "{query:?}");
}

/// Any text PostgreSQL can hold, with the characters that mean something to some reader on the way more often.
fn text() -> impl Strategy<Value = String> + Clone {
    let special = prop::sample::select(r#""\(){}[],.:;%_*+&=#?/ '|!<>@$~^`-	aZ0éß文😀"#.chars().collect::<Vec<_>>());
    let words =
        prop::sample::select(vec!["not.", "eq.", "or=(", "null", "in.(", "&limit=", "(any).", "%2", "NULL", "\r\n"]);
    let piece = prop_oneof![
        5 => special.prop_map(String::from),
        4 => any::<char>().prop_filter("PostgreSQL has no zero character", |c| *c != '\0').prop_map(String::from),
        1 => words.prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn comparison_with_any_text() -> impl Strategy<Value = Filter> {
    let of_text = (prop::sample::select(TEXT_OPERATORS.to_vec()), text()).prop_map(|(o, t)| (o, json!(t)));
    let pattern =
        (prop::sample::select(vec![Operator::Like, Operator::Ilike]), text()).prop_map(|(o, t)| (o, json!(t)));
    let list = prop::collection::vec(text(), 1..4);
    let comparison = prop_oneof![
        6 => of_text,
        2 => pattern,
        1 => list.clone().prop_map(|texts| (Operator::OneOf, json!(texts))),
        1 => list.prop_map(|texts| (Operator::Contains, json!(texts))),
        1 => (text(), text()).prop_map(|(name, value)| (Operator::Contains, json!({name: [value]}))),
        1 => Just((Operator::IsNull, json!(null))),
    ];
    (comparison, any::<bool>())
        .prop_map(|((operator, value), negate)| Filter { negate, ..filter("name", operator, value) })
}

/// A query with the comparison in both notations, and neighbours that it must leave alone.
fn surrounded(filter: &Filter) -> Select {
    read(vec![
        Condition::All(self::filter("status", Operator::Eq, json!("sent"))),
        Condition::All(filter.clone()),
        Condition::Any(vec![
            self::filter("a", Operator::Gt, json!(1)),
            filter.clone(),
            self::filter("z", Operator::IsNull, json!(null)),
        ]),
    ])
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

#[test]
fn any_text_comes_back_as_itself_from_every_operator_and_changes_nothing_around_it() {
    runner(100_000)
        .run(&comparison_with_any_text(), |filter| {
            let query = select(&surrounded(&filter)).unwrap();
            let parameters = grammar::parameters(&query);
            let names: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            prop_assert_eq!(names, ["select", "status", "name", "or", "order", "limit"]);
            prop_assert_eq!(&parameters[5].1, "10");

            let leaf = grammar::filter("name", &parameters[2].1);
            prop_assert!(means(&leaf, &filter), "{:?}", leaf);
            let Tree::Or(members) = grammar::tree("or", &parameters[3].1) else { panic!("not a choice") };
            let [Tree::Leaf(a), Tree::Leaf(leaf), Tree::Leaf(z)] = members.as_slice() else {
                return Err(TestCaseError::fail(format!("{members:?}")));
            };
            prop_assert!(means(leaf, &filter), "{:?}", leaf);
            prop_assert_eq!((a.column.as_str(), &a.operand), ("a", &Parsed::Text("1".into())));
            prop_assert_eq!((z.column.as_str(), &z.operand), ("z", &Parsed::Null));
            Ok(())
        })
        .unwrap();
}

/// Whether what was parsed says what the filter says.
fn means(leaf: &Leaf, filter: &Filter) -> bool {
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let same = match (filter.operator, leaf.operator.as_str(), &leaf.operand) {
        (Operator::Eq, "eq", Parsed::Text(text))
        | (Operator::Neq, "neq", Parsed::Text(text))
        | (Operator::Lt, "lt", Parsed::Text(text))
        | (Operator::Lte, "lte", Parsed::Text(text))
        | (Operator::Gt, "gt", Parsed::Text(text))
        | (Operator::Gte, "gte", Parsed::Text(text)) => filter.value == json!(text),
        (Operator::Like, "like", Parsed::Text(text)) | (Operator::Ilike, "ilike", Parsed::Text(text)) => {
            grammar::pattern(text) == grammar::wildcards(filter.value.as_str().unwrap())
        }
        (Operator::OneOf, "in", Parsed::List(members)) => *members == texts(&filter.value),
        (Operator::Contains, "cs", Parsed::Text(text)) => match &filter.value {
            Value::Array(_) => grammar::array(text) == Some(texts(&filter.value)),
            value => serde_json::from_str::<Value>(text).is_ok_and(|parsed| parsed == *value),
        },
        (Operator::IsNull, "is", Parsed::Null) => true,
        _ => false,
    };
    same && leaf.column == filter.column.as_str() && leaf.negated == filter.negate
}

/// The development server reads PostgREST's notation with a parser of its own.
#[cfg(feature = "dev")]
mod development_server {
    use postrust_core::api_request::{
        Filter as Read, IsValue, LogicTree, Operation, QuantOperator, SimpleOperator, parse_query_params,
    };

    use super::*;

    fn leaf(read: &Read) -> Leaf {
        assert!(read.field.json_path.is_empty());
        let (operator, operand) = match &read.op_expr.operation {
            Operation::Quant { op, quantifier: None, value } => {
                let operator = match op {
                    QuantOperator::Equal => "eq",
                    QuantOperator::LessThan => "lt",
                    QuantOperator::LessThanEqual => "lte",
                    QuantOperator::GreaterThan => "gt",
                    QuantOperator::GreaterThanEqual => "gte",
                    QuantOperator::Like => "like",
                    QuantOperator::ILike => "ilike",
                    other => panic!("{other:?}"),
                };
                (operator, Parsed::Text(value.clone()))
            }
            Operation::Simple { op: SimpleOperator::NotEqual, value } => ("neq", Parsed::Text(value.clone())),
            Operation::Simple { op: SimpleOperator::Contains, value } => ("cs", Parsed::Text(value.clone())),
            Operation::In(members) => ("in", Parsed::List(members.clone())),
            Operation::Is(IsValue::Null) => ("is", Parsed::Null),
            other => panic!("{other:?}"),
        };
        Leaf { column: read.field.name.clone(), negated: read.op_expr.negated, operator: operator.to_owned(), operand }
    }

    #[test]
    fn it_reads_every_comparison_as_postgrest_does() {
        runner(10_000)
            .run(&comparison_with_any_text(), |filter| {
                let query = select(&surrounded(&filter)).unwrap();
                let read = parse_query_params(&query, false).unwrap();
                prop_assert_eq!(read.ranges[""].limit, Some(10));
                prop_assert_eq!(read.filters_root.len(), 2);
                let own = read.filters_root.iter().find(|read| read.field.name == "name").unwrap();
                prop_assert!(means(&leaf(own), &filter), "{:?}", own);
                let [(_, LogicTree::Expr { negated: false, children, .. })] = read.logic.as_slice() else {
                    return Err(TestCaseError::fail(format!("{:?}", read.logic)));
                };
                let [LogicTree::Stmt(_), LogicTree::Stmt(own), LogicTree::Stmt(_)] = children.as_slice() else {
                    return Err(TestCaseError::fail(format!("{children:?}")));
                };
                prop_assert!(means(&leaf(own), &filter), "{:?}", own);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn it_reads_a_column_with_the_name_of_a_parameter_as_a_column() {
        for name in RESERVED.into_iter().chain(["_hidden"]) {
            let query = select(&read(vec![Condition::All(filter(name, Operator::Eq, json!("5")))])).unwrap();
            let parsed = parse_query_params(&query, false).unwrap();
            assert_eq!(parsed.ranges[""].limit, Some(10), "{name}");
            let [(_, LogicTree::Expr { children, .. })] = parsed.logic.as_slice() else { panic!("{:?}", parsed.logic) };
            let [LogicTree::Stmt(read)] = children.as_slice() else { panic!("{children:?}") };
            assert_eq!((leaf(read).column.as_str(), leaf(read).operand), (name, Parsed::Text("5".into())));
        }
    }

    #[test]
    fn it_reads_the_columns_and_the_bound_of_a_write() {
        let columns = [column("name"), column("tags")];
        let query = insert(&columns.iter().collect::<Vec<_>>(), &[column("id")]).unwrap();
        let read = parse_query_params(&query, false).unwrap();
        assert_eq!(read.columns.unwrap(), ["name", "tags"].map(String::from).into());

        let mut headers = axum::http::HeaderMap::new();
        headers.insert("prefer", super::super::super::bounded(3).unwrap().parse().unwrap());
        let read = postrust_core::api_request::parse_preferences(&headers).unwrap();
        assert_eq!(read.max_affected, Some(3));
        assert_eq!(read.handling, postrust_core::api_request::PreferHandling::Strict);
        assert_eq!(read.representation, postrust_core::PreferRepresentation::Full);
    }
}
