//! `api.aggregate`: exact, only over the caller's rows, and closed to anything that isn't a name or a value.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{User, first, nobody_else};

fn measure(function: &str, column: Value, name: &str) -> Value {
    json!({ "function": function, "column": column, "name": name })
}

fn filter(column: &str, operator: &str, value: Value) -> Value {
    json!({ "all": { "column": column, "operator": operator, "value": value, "negate": false } })
}

/// Counts the rows of a table that meet conditions.
async fn count(user: &User, table: &str, conditions: Value) -> i64 {
    let measures = [measure("count", Value::Null, "n")];
    let query = json!({ "table": table, "conditions": conditions, "group_by": [], "measures": measures, "limit": 1 });
    let (status, body) = user.aggregate(query).await;
    assert_eq!(status, StatusCode::OK, "{conditions}: {body}");
    body[0]["n"].as_i64().unwrap()
}

/// A user with four invoices.
async fn with_invoices() -> User {
    let user = nobody_else();
    for (number, date, total, status) in [
        ("50%", "2031-01-05", "0.10", "sent"),
        ("a_b", "2031-01-31", "0.20", "paid"),
        ("a\\b", "2031-02-01", "123456789012.34", "paid"),
        ("o'b", "2031-04-01", "1.00", "draft"),
    ] {
        let row = json!({ "invoice_number": number, "issue_date": date, "total_amount": total, "status": status,
            "line_items": [{ "description": "x", "quantity": 1 }] });
        user.add("invoices", row).await;
    }
    user
}

#[tokio::test]
async fn sums_are_exact_and_keep_their_scale() {
    let user = with_invoices().await;
    let query = json!({ "table": "invoices", "limit": 10, "measures": [
        measure("sum", json!("total_amount"), "total"), measure("avg", json!("total_amount"), "mean"),
        measure("min", json!("issue_date"), "since"), measure("max", json!("total_amount"), "most"),
        measure("count", json!("due_date"), "dated"), measure("count", Value::Null, "n"),
    ]});
    let (status, body) = user.aggregate(query).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body[0]["total"].to_string(), "123456789013.64");
    assert_eq!(body[0]["most"].to_string(), "123456789012.34");
    assert!(body[0]["mean"].to_string().starts_with("30864197253.41"));
    assert_eq!((&body[0]["since"], &body[0]["dated"], &body[0]["n"]), (&json!("2031-01-05"), &json!(0), &json!(4)));
}

#[tokio::test]
async fn groups_come_in_the_order_of_their_keys() {
    let user = with_invoices().await;
    for (unit, keys) in [
        (json!("month"), vec!["2031-01-01", "2031-02-01", "2031-04-01"]),
        (json!("quarter"), vec!["2031-01-01", "2031-04-01"]),
        (json!("year"), vec!["2031-01-01"]),
        (json!("week"), vec!["2030-12-30", "2031-01-27", "2031-03-31"]),
        (json!("day"), vec!["2031-01-05", "2031-01-31", "2031-02-01", "2031-04-01"]),
        (Value::Null, vec!["2031-01-05", "2031-01-31", "2031-02-01", "2031-04-01"]),
    ] {
        let query = json!({ "table": "invoices", "group_by": [{ "column": "issue_date", "unit": unit }],
            "measures": [measure("count", Value::Null, "n")], "limit": 100 });
        let (_, body) = user.aggregate(query).await;
        let found: Vec<&str> = body.as_array().unwrap().iter().map(|g| g["issue_date"].as_str().unwrap()).collect();
        assert_eq!(found, keys, "{unit}");
    }
    let query = json!({ "table": "invoices", "group_by": [{ "column": "status", "unit": null }],
        "measures": [measure("sum", json!("total_amount"), "total")], "limit": 2 });
    let (_, body) = user.aggregate(query).await;
    let groups = body.as_array().unwrap().iter().map(|g| format!("{} {}", g["status"], g["total"]));
    assert_eq!(groups.collect::<Vec<_>>(), [r#""draft" 1.00"#, r#""paid" 123456789012.54"#]);
}

#[tokio::test]
async fn every_operator_filters() {
    let user = with_invoices().await;
    for (condition, matches) in [
        (filter("status", "eq", json!("paid")), 2),
        (filter("status", "neq", json!("paid")), 2),
        (filter("total_amount", "lt", json!(0.2)), 1),
        (filter("total_amount", "lte", json!("0.20")), 2),
        (filter("total_amount", "gt", json!("0.20")), 2),
        (filter("issue_date", "gte", json!("2031-02-01")), 2),
        (filter("invoice_number", "like", json!("*%")), 1),
        (filter("invoice_number", "like", json!("a_b")), 1),
        (filter("invoice_number", "like", json!("a\\*")), 1),
        (filter("invoice_number", "like", json!("A*")), 0),
        (filter("invoice_number", "ilike", json!("A*")), 2),
        (filter("invoice_number", "eq", json!("o'b")), 1),
        (filter("status", "one_of", json!(["paid", "draft", "a,b\"}{"])), 3),
        (filter("total_amount", "one_of", json!([0.1, "1"])), 2),
        (filter("due_date", "is_null", Value::Null), 4),
        (filter("line_items", "contains", json!([{ "quantity": 1 }])), 4),
        (json!({ "all": { "column": "status", "operator": "eq", "value": "paid", "negate": true } }), 2),
        (
            json!({ "any": [filter("status", "eq", json!("sent"))["all"], filter("total_amount", "eq", json!(1))["all"]] }),
            2,
        ),
    ] {
        assert_eq!(count(&user, "invoices", json!([condition])).await, matches, "{condition}");
    }
    assert_eq!(
        count(&first(), "contacts", json!([filter("tags", "contains", json!(["residential", "repeat"]))])).await,
        1
    );
    assert!(count(&first(), "contacts", json!([filter("tags", "contains", json!([]))])).await > 15);
}

#[tokio::test]
async fn only_the_callers_rows_are_counted() {
    let foreign = filter("user_id", "eq", json!(canvalo::dev::SECOND_SEEDED_USER));
    assert_eq!(count(&first(), "invoices", json!([foreign])).await, 0);
    assert_eq!(count(&nobody_else(), "invoices", json!([])).await, 0);
}

#[tokio::test]
async fn nothing_in_a_query_becomes_part_of_the_statement() {
    let user = with_invoices().await;
    let evil = [
        "x\"; drop table api.invoices; --",
        "status) or true or (true",
        "o'; select 1; --",
        "pg_sleep(9)",
        "%I",
        "$1",
        "É",
    ];
    for text in evil {
        let base = json!({ "table": "invoices", "conditions": [filter("status", "eq", json!("paid"))],
            "group_by": [{ "column": "status", "unit": null }], "measures": [measure("count", json!("id"), "n")], "limit": 5 });
        for pointer in [
            "/table",
            "/conditions/0/all/column",
            "/conditions/0/all/operator",
            "/group_by/0/column",
            "/group_by/0/unit",
            "/measures/0/function",
            "/measures/0/column",
            "/measures/0/name",
            "/limit",
            "/conditions/0/all/negate",
        ] {
            let mut query = base.clone();
            *query.pointer_mut(pointer).unwrap() = json!(text);
            let (status, body) = user.aggregate(query).await;
            assert_eq!(
                (status, &body["code"]),
                (StatusCode::BAD_REQUEST, &json!("22023")),
                "{pointer} = {text}: {body}"
            );
        }
        for operator in ["eq", "like", "ilike", "one_of"] {
            let value = if operator == "one_of" { json!([text]) } else { json!(text) };
            let condition = filter("invoice_number", operator, value);
            assert_eq!(count(&user, "invoices", json!([condition])).await, 0, "{operator} {text}");
        }
    }
    assert_eq!(count(&user, "invoices", json!([])).await, 4);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_reason() {
    let n = measure("count", Value::Null, "n");
    let group = json!({ "column": "status", "unit": null });
    for (query, reason) in [
        (json!(7), "object"),
        (json!({ "table": "invoices", "measures": [n], "limit": 1, "having": 1 }), "having"),
        (json!({ "table": "pg_authid", "measures": [n], "limit": 1 }), "pg_authid"),
        (json!({ "table": "invoices", "measures": [], "limit": 1 }), "1 to 16"),
        (json!({ "table": "invoices", "measures": [n] }), "limit"),
        (json!({ "table": "invoices", "measures": [n], "limit": 0 }), "limit"),
        (json!({ "table": "invoices", "measures": [n], "limit": 1.5 }), "limit"),
        (json!({ "table": "invoices", "measures": [n, n], "limit": 1 }), "two keys"),
        (json!({ "table": "invoices", "measures": [n], "group_by": [group, group], "limit": 1 }), "two keys"),
        (
            json!({ "table": "invoices", "measures": [n], "group_by": [group, group, group, group, group], "limit": 1 }),
            "at most 4",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "group_by": [{ "column": "status", "unit": "day" }], "limit": 1 }),
            "no date",
        ),
        (json!({ "table": "invoices", "measures": [measure("sum", Value::Null, "n")], "limit": 1 }), "needs a column"),
        (json!({ "table": "invoices", "measures": [measure("sum", json!("status"), "n")], "limit": 1 }), "apply"),
        (json!({ "table": "invoices", "measures": [measure("max", json!("id"), "n")], "limit": 1 }), "apply"),
        (json!({ "table": "invoices", "measures": [measure("sum", json!("secret"), "n")], "limit": 1 }), "secret"),
        (json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [{}] }), "condition"),
        (json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [{ "any": [] }] }), "1 to 16"),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("status", "eq", Value::Null)] }),
            "is_null",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("status", "eq", json!([]))] }),
            "single",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("status", "one_of", json!([]))] }),
            "1 to 200",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("status", "one_of", json!([null]))] }),
            "1 to 200",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("total_amount", "like", json!("1*"))] }),
            "pattern",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("status", "contains", json!("a"))] }),
            "contains",
        ),
        (
            json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("due_date", "is_null", json!(true))] }),
            "null",
        ),
    ] {
        let (status, body) = first().aggregate(query.clone()).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("22023")), "{query}: {body}");
        assert!(body["message"].as_str().unwrap().contains(reason), "{query}: {body}");
    }
    let query = json!({ "table": "invoices", "measures": [n], "limit": 1, "conditions": [filter("due_date", "eq", json!("soon"))] });
    let (status, body) = first().aggregate(query).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("22007")), "{body}");
}
