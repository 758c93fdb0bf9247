//! What every request has: an id, an answer even when its handler panics, bounds for what it may send, and origins.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use canvalo::capability::data::{
    Aggregate, DataError, DataStore, Delete, Insert, Page, Row, Select, Update, UserToken,
};
use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Log, Server, new_user};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::scripts::{script, skip};

fn id(response: &Response) -> String {
    let mut ids = response.headers().get_all("x-request-id").iter();
    let (Some(id), None) = (ids.next(), ids.next()) else { panic!("one id: {response:?}") };
    id.to_str().unwrap().to_owned()
}

async fn get(server: &Server, path: &str, given: Option<&str>) -> Response {
    let request = server.client.get(format!("{}{path}", server.url));
    let request = match given {
        Some(given) => request.header("X-Request-Id", given),
        None => request,
    };
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_request_keeps_the_id_it_came_with_or_gets_one() {
    let server = Server::start().await;
    assert_eq!(id(&get(&server, "/health", Some("abc-1.2:3_4")).await), "abc-1.2:3_4");
    let (one, another) = (id(&get(&server, "/", None).await), id(&get(&server, "/", None).await));
    assert_ne!(one, another);
    for id in [one, another] {
        assert!(Uuid::try_parse(&id).is_ok(), "{id}");
    }
    for unusable in ["", "two words", "{\"a\":1}", "a,b", &"a".repeat(129)] {
        let given = id(&get(&server, "/", Some(unusable)).await);
        assert!(Uuid::try_parse(&given).is_ok(), "{given}");
    }
}

#[tokio::test]
async fn the_id_is_in_every_error_and_in_the_log_of_its_turn() {
    let log = Log::get();
    let server = Server::with_model(script(json!([]))).await;
    let missing = get(&server, "/nothing", Some("missing-1")).await;
    assert_eq!(id(&missing), "missing-1");
    assert_eq!(missing.json::<Value>().await.unwrap()["error"]["requestId"], "missing-1");

    let given = format!("turn-{}", Uuid::new_v4());
    let request = server.client.post(format!("{}/api/chat/stream", server.url)).header("X-Request-Id", &given);
    let request = request.bearer_auth(server.world.token(new_user())).json(&json!({ "message": "overdue invoices" }));
    let response = request.send().await.unwrap();
    assert_eq!(id(&response), given);
    response.text().await.unwrap();
    let lines = log.json();
    let of_turn = lines.iter().filter(|line| line["request_id"] == *given);
    assert!(of_turn.count() > 0, "the script has no rule, and the log says so with the id");
}

/// A data store in which a read is the host's own fault.
struct Panics;

#[async_trait]
impl DataStore for Panics {
    async fn select(&self, _: &UserToken, _: &Select) -> Result<Page, DataError> {
        panic!("on purpose")
    }
    async fn insert(&self, _: &UserToken, _: &Insert) -> Result<Vec<Row>, DataError> {
        Ok(Vec::new())
    }
    async fn update(&self, _: &UserToken, _: &Update) -> Result<Vec<Row>, DataError> {
        Ok(Vec::new())
    }
    async fn delete(&self, _: &UserToken, _: &Delete) -> Result<Vec<Row>, DataError> {
        Ok(Vec::new())
    }
    async fn aggregate(&self, _: &UserToken, _: &Aggregate) -> Result<Vec<Row>, DataError> {
        Ok(Vec::new())
    }
    async fn ready(&self) -> Result<(), DataError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_panic_is_a_500_with_the_id_and_the_server_goes_on() {
    let server = Server::with_data(Arc::new(Offline), |_| Panics).await;
    for _ in 0..3 {
        let request = server.client.get(format!("{}/api/conversations", server.url)).header("X-Request-Id", "panic-1");
        let response = request.bearer_auth(server.world.token(new_user())).send().await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(id(&response), "panic-1");
        assert!(response.headers().contains_key("access-control-allow-origin"), "a browser may read it");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "INTERNAL_ERROR");
        assert_eq!(body["error"]["requestId"], "panic-1");
        assert!(!body.to_string().contains("on purpose"), "{body}");
    }
    assert_eq!(get(&server, "/health", None).await.status(), 200);
}

/// Writes bytes to a server and reads what comes until it closes the connection.
async fn raw(server: &Server, bytes: &[u8], later: impl Future<Output = ()>) -> String {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    later.await;
    let mut answer = Vec::new();
    // A reset after the answer is the answer's end too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn headers_are_bounded_in_number_and_in_size() {
    let server = Server::start().await;
    let with = |headers: String| format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    let fits = raw(&server, with(format!("X-Long: {}\r\n", "a".repeat(20_000))).as_bytes(), async {}).await;
    assert!(fits.starts_with("HTTP/1.1 200 "), "{fits}");
    let long = raw(&server, with(format!("X-Long: {}\r\n", "a".repeat(40_000))).as_bytes(), async {}).await;
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
    let many: String = (0..120).map(|number| format!("X-{number}: a\r\n")).collect();
    let many = raw(&server, with(many).as_bytes(), async {}).await;
    assert!(many.starts_with("HTTP/1.1 431 "), "{many}");
}

#[tokio::test]
async fn headers_that_do_not_come_to_an_end_close_the_connection() {
    let server = Server::start().await;
    let skip = async {
        skip(Duration::from_secs(66)).await;
    };
    let answer = raw(&server, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ", skip).await;
    assert!(!answer.contains(" 200 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_to_an_end_is_a_408() {
    let server = Server::start().await;
    let head = "POST /api/chat/stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let answer = raw(&server, head.as_bytes(), skip(Duration::from_secs(31))).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

async fn preflight(server: &Server, origin: &str) -> Response {
    let request = server.client.request(Method::OPTIONS, format!("{}/api/chat/stream", server.url));
    let request = request.header("Origin", origin).header("Access-Control-Request-Method", "POST");
    request.header("Access-Control-Request-Headers", "authorization,content-type,x-request-id").send().await.unwrap()
}

fn allowed(response: &Response) -> Option<&str> {
    response.headers().get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

const APP: &str = "https://app.example.com";

#[tokio::test]
async fn in_development_every_page_may_call_and_read_the_headers_that_it_needs() {
    let server = Server::start().await;
    let asked = preflight(&server, "http://localhost:3000").await;
    assert_eq!((asked.status().as_u16(), allowed(&asked)), (200, Some("*")));
    let told = |name: &str| asked.headers()[name].to_str().unwrap().to_lowercase();
    for header in ["authorization", "content-type", "x-request-id"] {
        assert!(told("access-control-allow-headers").contains(header), "{header}");
    }
    for method in ["get", "post", "delete"] {
        assert!(told("access-control-allow-methods").contains(method), "{method}");
    }
    let answer = server.client.get(format!("{}/health", server.url)).header("Origin", APP).send().await.unwrap();
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    for header in ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"] {
        assert!(exposed.split(',').any(|name| name.trim() == header), "{header} in {exposed}");
    }
}

#[tokio::test]
async fn elsewhere_only_pages_of_the_named_origins_may_call() {
    let deployed = [("ENVIRONMENT", "beta"), ("ADMIN_API_KEY", "0123456789abcdef0123456789abcdef")];
    let nobody = Server::with(Arc::new(Offline), &deployed).await;
    assert_eq!(allowed(&preflight(&nobody, APP).await), None);
    let named = [&deployed[..], &[("CORS_ORIGINS", "https://app.example.com, https://www.example.com")]].concat();
    let server = Server::with(Arc::new(Offline), &named).await;
    assert_eq!(allowed(&preflight(&server, APP).await), Some(APP));
    for other in ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.org", "null"] {
        assert_eq!(allowed(&preflight(&server, other).await), None, "{other}");
    }
    let request = server.client.get(format!("{}/api/conversations", server.url)).header("Origin", APP);
    let refused = request.send().await.unwrap();
    assert_eq!((refused.status().as_u16(), allowed(&refused)), (401, Some(APP)), "errors are readable too");
}
