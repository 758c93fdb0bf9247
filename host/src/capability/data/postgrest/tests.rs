use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request as Received, ResponseTemplate};

use super::super::{
    AggregateFunction, CalendarUnit, Condition, Filter, GroupKey, Identifier, Measure, Operator, Order,
};
use super::*;

mod faults;

const KEY: &str = "sb_publishable_test";
const TOKEN: &str = "header.TOKEN-of-anna.signature";

fn user() -> UserToken {
    UserToken::new(SecretString::from(TOKEN))
}

fn name(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn names(names: &[&str]) -> Vec<Identifier> {
    names.iter().map(|name| self::name(name)).collect()
}

fn filter(column: &str, value: Value) -> Filter {
    Filter { column: name(column), operator: Operator::Eq, value, negate: false }
}

fn client(server: &MockServer) -> PostgRest {
    PostgRest::new(&server.uri(), &KEY.into()).unwrap()
}

fn read() -> Select {
    Select {
        table: name("invoices"),
        columns: names(&["id", "total_amount"]),
        conditions: vec![Condition::All(filter("status", json!("sent")))],
        order: vec![Order { column: name("due_date"), descending: false }],
        limit: 25,
        offset: 50,
        count: true,
    }
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn insertion() -> Insert {
    Insert {
        table: name("invoices"),
        columns: names(&["client_name", "subtotal", "notes"]),
        rows: vec![
            object(json!({"client_name": "Müller", "user_id": "somebody-else"})),
            object(json!({"client_name": "B", "subtotal": 10})),
        ],
        returning: names(&["id"]),
    }
}

fn modification() -> Update {
    Update {
        table: name("invoices"),
        conditions: vec![Condition::All(filter("id", json!("1")))],
        changes: object(json!({"status": "paid"})),
        max_affected: 1,
        returning: names(&["id", "status"]),
    }
}

fn deletion() -> Delete {
    Delete {
        table: name("invoices"),
        conditions: vec![Condition::All(filter("id", json!("1")))],
        max_affected: 2,
        returning: names(&["id"]),
    }
}

fn aggregation() -> Aggregate {
    Aggregate {
        table: name("invoices"),
        conditions: vec![
            Condition::All(Filter { operator: Operator::Like, negate: true, ..filter("client_name", json!("50%_*")) }),
            Condition::Any(vec![Filter { operator: Operator::OneOf, ..filter("status", json!(["sent"])) }]),
        ],
        group_by: vec![GroupKey { column: name("issue_date"), unit: Some(CalendarUnit::Month) }],
        measures: vec![
            Measure { function: AggregateFunction::Sum, column: Some(name("total_amount")), name: name("revenue") },
            Measure { function: AggregateFunction::Count, column: None, name: name("invoices") },
        ],
        limit: 12,
    }
}

async fn answering(response: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    server
}

async fn only_request(server: &MockServer) -> Received {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn header<'a>(request: &'a Received, name: &str) -> Option<&'a str> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next()?.to_str().unwrap();
    assert!(values.next().is_none(), "{name} twice");
    Some(value)
}

fn rows(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.get()).collect()
}

#[tokio::test]
async fn a_read_acts_as_the_user_in_the_api_schema_and_keeps_the_rows_text() {
    let body = r#"[{"id":"1","total_amount":12345678901234567890.10}, {"id":"2","total_amount":1.00}]"#;
    let response =
        ResponseTemplate::new(206).insert_header("content-range", "50-51/573").set_body_raw(body, "application/json");
    let server = answering(response).await;
    let page = client(&server).select(&user(), &read()).await.unwrap();
    assert_eq!(
        rows(&page.rows),
        [r#"{"id":"1","total_amount":12345678901234567890.10}"#, r#"{"id":"2","total_amount":1.00}"#]
    );
    assert_eq!(page.total, Some(573));

    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/rest/v1/invoices"));
    let query = "select=id,total_amount&status=eq.sent&order=due_date.asc.nullslast&limit=25&offset=50";
    assert_eq!(request.url.query(), Some(query));
    assert_eq!(header(&request, "apikey"), Some(KEY));
    assert_eq!(header(&request, "authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(header(&request, "accept"), Some("application/json"));
    assert_eq!(header(&request, "accept-profile"), Some("api"));
    assert_eq!(header(&request, "content-profile"), None);
    assert_eq!(header(&request, "prefer"), Some("count=exact"));
}

#[tokio::test]
async fn a_read_that_does_not_count_has_no_total() {
    let response = ResponseTemplate::new(200).insert_header("content-range", "*/*").set_body_json(json!([]));
    let server = answering(response).await;
    let page = client(&server).select(&user(), &Select { count: false, ..read() }).await.unwrap();
    assert!(page.rows.is_empty() && page.total.is_none());
    assert_eq!(header(&only_request(&server).await, "prefer"), None);
}

#[tokio::test]
async fn a_page_past_the_end_is_empty_and_knows_the_total() {
    let response = ResponseTemplate::new(416)
        .insert_header("content-range", "*/7")
        .set_body_json(json!({"code": "PGRST103", "message": "Requested range not satisfiable"}));
    let page = client(&answering(response).await).select(&user(), &read()).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (0, Some(7)));
}

#[tokio::test]
async fn a_limit_that_the_service_would_ignore_or_cut_is_never_sent() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    for limit in [0, MAX_ROWS + 1, u32::MAX] {
        let refused = client(&server).select(&user(), &Select { limit, ..read() }).await;
        assert!(matches!(refused, Err(DataError::LimitExceeded(_))));
        let refused = client(&server).aggregate(&user(), &Aggregate { limit, ..aggregation() }).await;
        assert!(matches!(refused, Err(DataError::LimitExceeded(_))));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_insert_names_its_columns_so_that_nothing_else_is_written() {
    let server = answering(ResponseTemplate::new(201).set_body_json(json!([{"id": "1"}, {"id": "2"}]))).await;
    let written = client(&server).insert(&user(), &insertion()).await.unwrap();
    assert_eq!(rows(&written), [r#"{"id":"1"}"#, r#"{"id":"2"}"#]);

    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/rest/v1/invoices"));
    assert_eq!(request.url.query(), Some("columns=client_name,subtotal&select=id"));
    assert_eq!(header(&request, "prefer"), Some("handling=strict, missing=default, return=representation"));
    assert_eq!(header(&request, "content-profile"), Some("api"));
    assert_eq!(header(&request, "accept-profile"), None);
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(
        request.body_json::<Value>().unwrap(),
        json!([{"client_name": "Müller"}, {"client_name": "B", "subtotal": 10}])
    );
}

#[tokio::test]
async fn an_update_is_bounded_and_returns_the_rows() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([{"id": "1", "status": "paid"}]))).await;
    client(&server).update(&user(), &modification()).await.unwrap();
    let request = only_request(&server).await;
    assert_eq!(request.method.as_str(), "PATCH");
    assert_eq!(request.url.query(), Some("id=eq.1&select=id,status"));
    assert_eq!(header(&request, "prefer"), Some("handling=strict, max-affected=1, return=representation"));
    assert_eq!(header(&request, "content-profile"), Some("api"));
    assert_eq!(request.body_json::<Value>().unwrap(), json!({"status": "paid"}));
}

#[tokio::test]
async fn a_delete_is_bounded_and_returns_the_rows() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([{"id": "1"}]))).await;
    client(&server).delete(&user(), &deletion()).await.unwrap();
    let request = only_request(&server).await;
    assert_eq!(request.method.as_str(), "DELETE");
    assert_eq!(request.url.query(), Some("id=eq.1&select=id"));
    assert_eq!(header(&request, "prefer"), Some("handling=strict, max-affected=2, return=representation"));
    assert_eq!(header(&request, "content-profile"), Some("api"));
}

#[tokio::test]
async fn a_write_that_meets_no_row_is_not_found() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    assert_eq!(client(&server).update(&user(), &modification()).await.unwrap_err(), DataError::NotFound);
    assert_eq!(client(&server).delete(&user(), &deletion()).await.unwrap_err(), DataError::NotFound);
}

#[tokio::test]
async fn a_write_without_a_condition_a_bound_or_a_value_is_never_sent() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([{}]))).await;
    let client = client(&server);
    let updates = [
        Update { conditions: vec![], ..modification() },
        Update { conditions: vec![Condition::Any(vec![])], ..modification() },
        Update { max_affected: 0, ..modification() },
        Update { changes: Map::new(), ..modification() },
        Update { returning: vec![], ..modification() },
    ];
    for update in updates {
        let refused = client.update(&user(), &update).await;
        assert!(matches!(refused, Err(DataError::Invalid { .. })), "{refused:?}");
    }
    for delete in [Delete { conditions: vec![], ..deletion() }, Delete { max_affected: 0, ..deletion() }] {
        assert!(matches!(client.delete(&user(), &delete).await, Err(DataError::Invalid { .. })));
    }
    let only_foreign = vec![object(json!({"user_id": "x"}))];
    for insert in [Insert { rows: vec![], ..insertion() }, Insert { rows: only_foreign, ..insertion() }] {
        assert!(matches!(client.insert(&user(), &insert).await, Err(DataError::Invalid { .. })));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn figures_come_from_the_function_of_the_schema() {
    let server = answering(
        ResponseTemplate::new(200)
            .set_body_raw(r#"[{"issue_date":"2025-01-01","revenue":10.50,"invoices":2}]"#, "application/json"),
    )
    .await;
    let figures = client(&server).aggregate(&user(), &aggregation()).await.unwrap();
    assert_eq!(rows(&figures), [r#"{"issue_date":"2025-01-01","revenue":10.50,"invoices":2}"#]);

    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/rest/v1/rpc/aggregate"));
    assert_eq!(header(&request, "content-profile"), Some("api"));
    assert_eq!(
        request.body_json::<Value>().unwrap(),
        json!({"query": {
            "table": "invoices",
            "conditions": [
                {"all": {"column": "client_name", "operator": "like", "value": "50%_*", "negate": true}},
                {"any": [{"column": "status", "operator": "one_of", "value": ["sent"], "negate": false}]},
            ],
            "group_by": [{"column": "issue_date", "unit": "month"}],
            "measures": [
                {"function": "sum", "column": "total_amount", "name": "revenue"},
                {"function": "count", "column": null, "name": "invoices"},
            ],
            "limit": 12,
        }})
    );
}
