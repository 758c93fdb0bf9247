use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::auth::verifier::tests::forgery::Project;

const PATH: &str = "/auth/v1/.well-known/jwks.json";

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(PATH)).respond_with(answer).mount(&server).await;
    server
}

fn keys(server: &MockServer) -> HttpKeys {
    HttpKeys::with_timeout(&format!("{}/auth/v1", server.uri()), Duration::from_secs(2)).unwrap()
}

async fn failure(answer: ResponseTemplate) -> FetchError {
    let server = server(answer).await;
    keys(&server).fetch().await.err().expect("refused")
}

#[tokio::test]
async fn a_key_set_is_fetched_with_the_time_it_is_good_for() {
    let set = Project::new("https://p.supabase.co/auth/v1", "x", 1).key_set();
    for (headers, max_age) in [
        (vec![], None),
        (vec![("cache-control", "public, max-age=600")], Some(600)),
        (vec![("cache-control", "Max-Age=\"60\", must-revalidate")], Some(60)),
        (vec![("cache-control", "max-age=600"), ("age", "590")], Some(10)),
        (vec![("cache-control", "max-age=600"), ("age", "900")], Some(0)),
        (vec![("cache-control", "no-store")], Some(0)),
        (vec![("cache-control", "max-age=soon")], None),
    ] {
        let mut answer = ResponseTemplate::new(200).set_body_json(&set);
        for (name, value) in &headers {
            answer = answer.insert_header(*name, *value);
        }
        let server = server(answer).await;
        let fetched = keys(&server).fetch().await.unwrap();
        assert_eq!(fetched.keys.len(), 2);
        assert_eq!(fetched.max_age, max_age.map(Duration::from_secs), "{headers:?}");
        let sent = &server.received_requests().await.unwrap()[0];
        assert!(!sent.headers.contains_key("authorization") && !sent.headers.contains_key("apikey"));
    }
}

#[tokio::test]
async fn answers_that_are_no_key_set_are_refused_by_name() {
    assert_eq!(failure(ResponseTemplate::new(500)).await, FetchError::Status(500));
    assert_eq!(failure(ResponseTemplate::new(404)).await, FetchError::Status(404));
    assert_eq!(failure(ResponseTemplate::new(204)).await, FetchError::Status(204));
    assert_eq!(failure(ResponseTemplate::new(200).set_body_string("<html>")).await, FetchError::NotKeys);
    let large = json!({ "keys": [], "more": "x".repeat(MAX_BYTES) });
    assert_eq!(failure(ResponseTemplate::new(200).set_body_json(large)).await, FetchError::TooLarge);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = server(ResponseTemplate::new(200).set_body_json(json!({ "keys": [] }))).await;
    let to = format!("{}{PATH}", elsewhere.uri());
    let answer = ResponseTemplate::new(302).insert_header("location", to.as_str());
    assert_eq!(failure(answer).await, FetchError::Status(302));
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_project_that_hangs_or_is_not_there_is_given_up_on() {
    let server = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let impatient = HttpKeys::with_timeout(&format!("{}/auth/v1", server.uri()), Duration::from_millis(50)).unwrap();
    assert_eq!(impatient.fetch().await.err().unwrap(), FetchError::TimedOut);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = HttpKeys::new(&format!("http://127.0.0.1:{port}/auth/v1")).unwrap();
    assert_eq!(nobody.fetch().await.err().unwrap(), FetchError::Unreachable);
}

#[test]
fn only_http_and_https_are_spoken() {
    for issuer in ["ftp://x/auth/v1", "file:///auth/v1", "auth/v1", ""] {
        assert!(matches!(HttpKeys::new(issuer), Err(SetupError::Url)), "{issuer}");
    }
    assert!(HttpKeys::new("https://project.supabase.co/auth/v1").is_ok());
}
