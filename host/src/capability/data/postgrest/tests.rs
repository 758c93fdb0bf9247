use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{any, method, path};
use wiremock::{Match, Mock, MockServer, Request as Received, Respond, ResponseTemplate};

use super::super::{
    AggregateFunction, CalendarUnit, Condition, Filter, GroupKey, Identifier, Measure, Operator, Order,
};
use super::*;

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
    Filter {
        column: name(column),
        operator: Operator::Eq,
        value,
        negate: false,
    }
}

fn client(server: &MockServer) -> PostgRest {
    PostgRest::new(&server.uri(), &KEY.into()).unwrap()
}

fn read() -> Select {
    Select {
        table: name("invoices"),
        columns: names(&["id", "total_amount"]),
        conditions: vec![Condition::All(filter("status", json!("sent")))],
        order: vec![Order {
            column: name("due_date"),
            descending: false,
        }],
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
            Condition::All(Filter {
                operator: Operator::Like,
                negate: true,
                ..filter("client_name", json!("50%_*"))
            }),
            Condition::Any(vec![Filter {
                operator: Operator::OneOf,
                ..filter("status", json!(["sent"]))
            }]),
        ],
        group_by: vec![GroupKey {
            column: name("issue_date"),
            unit: Some(CalendarUnit::Month),
        }],
        measures: vec![
            Measure {
                function: AggregateFunction::Sum,
                column: Some(name("total_amount")),
                name: name("revenue"),
            },
            Measure {
                function: AggregateFunction::Count,
                column: None,
                name: name("invoices"),
            },
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
    let response = ResponseTemplate::new(206)
        .insert_header("content-range", "50-51/573")
        .set_body_raw(body, "application/json");
    let server = answering(response).await;
    let page = client(&server).select(&user(), &read()).await.unwrap();
    assert_eq!(
        rows(&page.rows),
        [
            r#"{"id":"1","total_amount":12345678901234567890.10}"#,
            r#"{"id":"2","total_amount":1.00}"#
        ]
    );
    assert_eq!(page.total, Some(573));

    let request = only_request(&server).await;
    assert_eq!(
        (request.method.as_str(), request.url.path()),
        ("GET", "/rest/v1/invoices")
    );
    let query = "select=id,total_amount&status=eq.sent&order=due_date.asc.nullslast&limit=25&offset=50";
    assert_eq!(request.url.query(), Some(query));
    assert_eq!(header(&request, "apikey"), Some(KEY));
    assert_eq!(
        header(&request, "authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(header(&request, "accept"), Some("application/json"));
    assert_eq!(header(&request, "accept-profile"), Some("api"));
    assert_eq!(header(&request, "content-profile"), None);
    assert_eq!(header(&request, "prefer"), Some("count=exact"));
}

#[tokio::test]
async fn a_read_that_does_not_count_has_no_total() {
    let response = ResponseTemplate::new(200)
        .insert_header("content-range", "*/*")
        .set_body_json(json!([]));
    let server = answering(response).await;
    let page = client(&server)
        .select(&user(), &Select { count: false, ..read() })
        .await
        .unwrap();
    assert!(page.rows.is_empty() && page.total.is_none());
    assert_eq!(header(&only_request(&server).await, "prefer"), None);
}

#[tokio::test]
async fn a_page_past_the_end_is_empty_and_knows_the_total() {
    let response = ResponseTemplate::new(416)
        .insert_header("content-range", "*/7")
        .set_body_json(json!({"code": "PGRST103", "message": "Requested range not satisfiable"}));
    let page = client(&answering(response).await)
        .select(&user(), &read())
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.total), (0, Some(7)));
}

#[tokio::test]
async fn a_limit_that_the_service_would_ignore_or_cut_is_never_sent() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    for limit in [0, MAX_ROWS + 1, u32::MAX] {
        let refused = client(&server).select(&user(), &Select { limit, ..read() }).await;
        assert!(matches!(refused, Err(DataError::LimitExceeded(_))));
        let refused = client(&server)
            .aggregate(&user(), &Aggregate { limit, ..aggregation() })
            .await;
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
    assert_eq!(
        (request.method.as_str(), request.url.path()),
        ("POST", "/rest/v1/invoices")
    );
    assert_eq!(request.url.query(), Some("columns=client_name,subtotal&select=id"));
    assert_eq!(
        header(&request, "prefer"),
        Some("handling=strict, missing=default, return=representation")
    );
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
    assert_eq!(
        header(&request, "prefer"),
        Some("handling=strict, max-affected=1, return=representation")
    );
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
    assert_eq!(
        header(&request, "prefer"),
        Some("handling=strict, max-affected=2, return=representation")
    );
    assert_eq!(header(&request, "content-profile"), Some("api"));
}

#[tokio::test]
async fn a_write_that_meets_no_row_is_not_found() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    assert_eq!(
        client(&server).update(&user(), &modification()).await.unwrap_err(),
        DataError::NotFound
    );
    assert_eq!(
        client(&server).delete(&user(), &deletion()).await.unwrap_err(),
        DataError::NotFound
    );
}

#[tokio::test]
async fn a_write_without_a_condition_a_bound_or_a_value_is_never_sent() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([{}]))).await;
    let client = client(&server);
    let updates = [
        Update {
            conditions: vec![],
            ..modification()
        },
        Update {
            conditions: vec![Condition::Any(vec![])],
            ..modification()
        },
        Update {
            max_affected: 0,
            ..modification()
        },
        Update {
            changes: Map::new(),
            ..modification()
        },
        Update {
            returning: vec![],
            ..modification()
        },
    ];
    for update in updates {
        let refused = client.update(&user(), &update).await;
        assert!(matches!(refused, Err(DataError::Invalid { .. })), "{refused:?}");
    }
    for delete in [
        Delete {
            conditions: vec![],
            ..deletion()
        },
        Delete {
            max_affected: 0,
            ..deletion()
        },
    ] {
        assert!(matches!(
            client.delete(&user(), &delete).await,
            Err(DataError::Invalid { .. })
        ));
    }
    let only_foreign = vec![object(json!({"user_id": "x"}))];
    for insert in [
        Insert {
            rows: vec![],
            ..insertion()
        },
        Insert {
            rows: only_foreign,
            ..insertion()
        },
    ] {
        assert!(matches!(
            client.insert(&user(), &insert).await,
            Err(DataError::Invalid { .. })
        ));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn figures_come_from_the_function_of_the_schema() {
    let server = answering(ResponseTemplate::new(200).set_body_raw(
        r#"[{"issue_date":"2025-01-01","revenue":10.50,"invoices":2}]"#,
        "application/json",
    ))
    .await;
    let figures = client(&server).aggregate(&user(), &aggregation()).await.unwrap();
    assert_eq!(
        rows(&figures),
        [r#"{"issue_date":"2025-01-01","revenue":10.50,"invoices":2}"#]
    );

    let request = only_request(&server).await;
    assert_eq!(
        (request.method.as_str(), request.url.path()),
        ("POST", "/rest/v1/rpc/aggregate")
    );
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

/// Fails a number of times, then answers.
struct FailsFirst(AtomicUsize, u16);

impl Respond for FailsFirst {
    fn respond(&self, _: &Received) -> ResponseTemplate {
        match self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        {
            Ok(_) => ResponseTemplate::new(self.1),
            Err(_) => ResponseTemplate::new(200).set_body_json(json!([{"id": "1"}])),
        }
    }
}

async fn failing(times: usize, status: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(FailsFirst(times.into(), status))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_read_is_tried_once_more_when_the_service_is_briefly_away() {
    for status in [502, 503, 504] {
        let server = failing(1, status).await;
        client(&server).select(&user(), &read()).await.unwrap();
        let server = failing(1, status).await;
        client(&server).aggregate(&user(), &aggregation()).await.unwrap();
        let server = failing(2, status).await;
        assert!(matches!(
            client(&server).select(&user(), &read()).await,
            Err(DataError::Unavailable(_))
        ));
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
    let server = failing(1, 500).await;
    assert!(matches!(
        client(&server).select(&user(), &read()).await,
        Err(DataError::Unavailable(_))
    ));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for status in [502, 503, 504] {
        let server = failing(1, status).await;
        let client = client(&server);
        assert!(matches!(
            client.insert(&user(), &insertion()).await,
            Err(DataError::Unavailable(_))
        ));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        let server = failing(1, status).await;
        let client = PostgRest::new(&server.uri(), &KEY.into()).unwrap();
        assert!(matches!(
            client.update(&user(), &modification()).await,
            Err(DataError::Unavailable(_))
        ));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        let server = failing(1, status).await;
        let client = PostgRest::new(&server.uri(), &KEY.into()).unwrap();
        assert!(matches!(
            client.delete(&user(), &deletion()).await,
            Err(DataError::Unavailable(_))
        ));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

/// Takes connections and hangs up on each, counting them.
async fn hanging_up() -> (String, std::sync::Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let _ = stream.readable().await;
            drop(stream);
        }
    });
    (url, seen)
}

#[tokio::test]
async fn a_lost_connection_says_whether_a_change_may_have_been_made() {
    let (url, seen) = hanging_up().await;
    let client = PostgRest::new(&url, &KEY.into()).unwrap();
    let error = client.update(&user(), &modification()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::Unavailable(text) if text.contains("unknown")),
        "{error}"
    );
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    let error = client.select(&user(), &read()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::Unavailable(text) if !text.contains("unknown")),
        "{error}"
    );
    assert_eq!(seen.load(Ordering::SeqCst), 3);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = PostgRest::new(&closed, &KEY.into()).unwrap();
    let error = client.update(&user(), &modification()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::Unavailable(text) if !text.contains("unknown")),
        "{error}"
    );
    assert!(matches!(client.ready().await, Err(DataError::Unavailable(_))));
}

#[tokio::test]
async fn a_service_that_is_too_slow_is_unavailable_and_not_asked_again() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let client = PostgRest {
        timeout: Duration::from_millis(100),
        ..client(&server)
    };
    let start = Instant::now();
    assert!(matches!(
        client.select(&user(), &read()).await,
        Err(DataError::Unavailable(_))
    ));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_larger_than_the_cap_is_not_read() {
    let row = format!("[{{\"notes\":\"{}\"}}]", "x".repeat(answer::MAX_BYTES));
    let server = answering(ResponseTemplate::new(200).set_body_raw(row, "application/json")).await;
    assert!(matches!(
        client(&server).select(&user(), &read()).await,
        Err(DataError::LimitExceeded(_))
    ));
    let error = client(&server).insert(&user(), &insertion()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::Other(text) if text.contains("was made")),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_rows_is_an_error() {
    for body in ["", "{}", "null", "[1]", "[null]", "<html>", r#"[{"a":1}"#] {
        let server = answering(ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;
        let refused = client(&server).select(&user(), &read()).await;
        assert!(matches!(refused, Err(DataError::Other(_))), "{body}: {refused:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = answering(ResponseTemplate::new(200).set_body_json(json!([]))).await;
    let server = answering(ResponseTemplate::new(307).insert_header("location", elsewhere.uri())).await;
    assert!(matches!(
        client(&server).select(&user(), &read()).await,
        Err(DataError::Other(_))
    ));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn neither_an_error_nor_debug_shows_the_token_the_key_or_what_was_looked_for() {
    let (closed, _) = hanging_up().await;
    let refusal = json!({"code": "42501", "message": TOKEN, "details": TOKEN, "hint": "SOUGHT"});
    let server = answering(ResponseTemplate::new(403).set_body_json(refusal)).await;
    let sought = Select {
        conditions: vec![Condition::All(filter("name", json!("SOUGHT")))],
        ..read()
    };
    for url in [closed, server.uri()] {
        let client = PostgRest::new(&url, &KEY.into()).unwrap();
        let error = client.select(&user(), &sought).await.unwrap_err();
        let shown = format!("{error} {error:?} {client:?} {:?}", user());
        for secret in ["TOKEN", KEY, "SOUGHT"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    let broken = UserToken::new(SecretString::from("TOKEN\n"));
    let error = client(&server).select(&broken, &read()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("TOKEN"));
}

/// A request that carries anybody's authorization.
struct Authorized;

impl Match for Authorized {
    fn matches(&self, request: &Received) -> bool {
        request.headers.contains_key("authorization")
    }
}

#[tokio::test]
async fn readiness_asks_as_nobody_and_takes_any_answer_below_500() {
    for (status, ready) in [(200, true), (401, true), (404, true), (500, false), (503, false)] {
        let server = MockServer::start().await;
        Mock::given(Authorized)
            .respond_with(ResponseTemplate::new(500))
            .expect(0)
            .mount(&server)
            .await;
        Mock::given(method("HEAD"))
            .and(path("/rest/v1/"))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
        assert_eq!(client(&server).ready().await.is_ok(), ready, "{status}");
    }
}

#[test]
fn an_address_or_key_that_cannot_be_sent_is_refused_at_the_start() {
    assert!(matches!(
        PostgRest::new("project.supabase.co", &KEY.into()),
        Err(SetupError::Url)
    ));
    assert!(matches!(
        PostgRest::new("ftp://project.supabase.co", &KEY.into()),
        Err(SetupError::Url)
    ));
    assert!(matches!(
        PostgRest::new("http://localhost", &"a\nb".into()),
        Err(SetupError::Key)
    ));
}
