//! What happens when the service fails, is slow, or answers nonsense.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use wiremock::matchers::{method, path};
use wiremock::{Match, Respond};

use super::*;

/// Fails a number of times, then answers.
struct FailsFirst(AtomicUsize, u16);

impl Respond for FailsFirst {
    fn respond(&self, _: &Received) -> ResponseTemplate {
        match self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => ResponseTemplate::new(self.1),
            Err(_) => ResponseTemplate::new(200).set_body_json(json!([{"id": "1"}])),
        }
    }
}

async fn failing(times: usize, status: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(FailsFirst(times.into(), status)).mount(&server).await;
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
        assert!(matches!(client(&server).select(&user(), &read()).await, Err(DataError::Unavailable(_))));
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
    let server = failing(1, 500).await;
    assert!(matches!(client(&server).select(&user(), &read()).await, Err(DataError::Unavailable(_))));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_is_never_sent_twice() {
    for status in [502, 503, 504] {
        let server = failing(1, status).await;
        let client = client(&server);
        assert!(matches!(client.insert(&user(), &insertion()).await, Err(DataError::Unavailable(_))));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        let server = failing(1, status).await;
        let client = PostgRest::new(&server.uri(), &KEY.into()).unwrap();
        assert!(matches!(client.update(&user(), &modification()).await, Err(DataError::Unavailable(_))));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
        let server = failing(1, status).await;
        let client = PostgRest::new(&server.uri(), &KEY.into()).unwrap();
        assert!(matches!(client.delete(&user(), &deletion()).await, Err(DataError::Unavailable(_))));
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

/// Takes connections and hangs up on each, counting them.
async fn hanging_up() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(AtomicUsize::new(0));
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
    assert!(matches!(&error, DataError::Unavailable(text) if text.contains("unknown")), "{error}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    let error = client.select(&user(), &read()).await.unwrap_err();
    assert!(matches!(&error, DataError::Unavailable(text) if !text.contains("unknown")), "{error}");
    assert_eq!(seen.load(Ordering::SeqCst), 3);

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = PostgRest::new(&closed, &KEY.into()).unwrap();
    let error = client.update(&user(), &modification()).await.unwrap_err();
    assert!(matches!(&error, DataError::Unavailable(text) if !text.contains("unknown")), "{error}");
    assert!(matches!(client.ready().await, Err(DataError::Unavailable(_))));
}

#[tokio::test]
async fn a_service_that_is_too_slow_is_unavailable_and_not_asked_again() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let client = PostgRest { timeout: Duration::from_millis(100), ..client(&server) };
    let start = Instant::now();
    assert!(matches!(client.select(&user(), &read()).await, Err(DataError::Unavailable(_))));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_larger_than_the_cap_is_not_read() {
    let row = format!("[{{\"notes\":\"{}\"}}]", "x".repeat(answer::MAX_BYTES));
    let server = answering(ResponseTemplate::new(200).set_body_raw(row, "application/json")).await;
    assert!(matches!(client(&server).select(&user(), &read()).await, Err(DataError::LimitExceeded(_))));
    let error = client(&server).insert(&user(), &insertion()).await.unwrap_err();
    assert!(matches!(&error, DataError::Other(text) if text.contains("was made")), "{error}");
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
    assert!(matches!(client(&server).select(&user(), &read()).await, Err(DataError::Other(_))));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn neither_an_error_nor_debug_shows_the_token_the_key_or_what_was_looked_for() {
    let (closed, _) = hanging_up().await;
    let refusal = json!({"code": "42501", "message": TOKEN, "details": TOKEN, "hint": "SOUGHT"});
    let server = answering(ResponseTemplate::new(403).set_body_json(refusal)).await;
    let sought = Select { conditions: vec![Condition::All(filter("name", json!("SOUGHT")))], ..read() };
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
        Mock::given(Authorized).respond_with(ResponseTemplate::new(500)).expect(0).mount(&server).await;
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
    assert!(matches!(PostgRest::new("project.supabase.co", &KEY.into()), Err(SetupError::Url)));
    assert!(matches!(PostgRest::new("ftp://project.supabase.co", &KEY.into()), Err(SetupError::Url)));
    assert!(matches!(PostgRest::new("http://localhost", &"a\nb".into()), Err(SetupError::Key)));
}
