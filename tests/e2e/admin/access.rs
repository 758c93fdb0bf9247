//! Who gets in, and what is recorded of it.

use std::sync::Arc;

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Log, Server, new_user};
use reqwest::{Method, Response};
use serde_json::Value;

use super::{KEY, Operator, server};

/// Every call there is.
const CALLS: [(Method, &str); 12] = [
    (Method::GET, "plugins"),
    (Method::GET, "plugins/invoices"),
    (Method::POST, "plugins/invoices/enable"),
    (Method::POST, "plugins/invoices/disable"),
    (Method::POST, "plugins/invoices/kill"),
    (Method::POST, "plugins/invoices/reload"),
    (Method::GET, "turns"),
    (Method::DELETE, "turns/6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11"),
    (Method::GET, "writes"),
    (Method::POST, "writes/stop"),
    (Method::POST, "writes/allow"),
    (Method::GET, "audit"),
];

async fn call(server: &Server, method: Method, path: &str, authorization: Option<&str>) -> Response {
    let request = server.client.request(method, format!("{}/api/admin/{path}", server.url));
    let request = match authorization {
        Some(authorization) => request.header("Authorization", authorization),
        None => request,
    };
    request.send().await.unwrap()
}

async fn code(response: Response, status: u16) -> String {
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    assert!(body["error"]["userMessage"].is_string() && body["error"]["suggestedActions"].is_array(), "{body}");
    assert!(body["error"]["requestId"].is_string(), "{body}");
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_told_and_nothing_happens_without_the_key() {
    for (method, path) in CALLS {
        let server = server(Arc::new(Offline), &[]).await;
        let user = format!("Bearer {}", server.world.token(new_user()));
        let shorter = format!("Bearer {}", &KEY[..KEY.len() - 1]);
        assert_eq!(code(call(&server, method.clone(), path, None).await, 401).await, "MISSING_ADMIN_KEY", "{path}");
        for wrong in [user.as_str(), &shorter, "Bearer ", "Basic eDp5", KEY] {
            let refused = call(&server, method.clone(), path, Some(wrong)).await;
            assert_eq!(refused.headers()["www-authenticate"], "Bearer");
            assert_eq!(code(refused, 401).await, "INVALID_ADMIN_KEY", "{path} {wrong}");
        }
        assert!(!server.app.write_switch().is_stopped(), "{path}");
        assert!(server.app.supervisor.registry().get("invoices").is_some(), "{path}");
    }
}

#[tokio::test]
async fn nobody_gets_in_where_no_key_is_set() {
    let server = Server::start().await;
    for (method, path) in CALLS {
        for authorization in [None, Some("Bearer "), Some("Bearer none")] {
            let refused = call(&server, method.clone(), path, authorization).await;
            assert_eq!(code(refused, 503).await, "CONFIGURATION_ERROR", "{path}");
        }
    }
}

#[tokio::test]
async fn wrong_keys_are_limited_and_do_not_lock_the_operator_out() {
    let server = server(Arc::new(Offline), &[]).await;
    let guess = || call(&server, Method::POST, "writes/stop", Some("Bearer guess"));
    for _ in 0..10 {
        assert_eq!(code(guess().await, 401).await, "INVALID_ADMIN_KEY");
    }
    let limited = guess().await;
    let wait: u32 = limited.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(limited.headers()["ratelimit-policy"], r#""admin-failures";q=10;w=60"#);
    assert_eq!(code(limited, 429).await, "RATE_LIMITED");
    assert!(!server.app.write_switch().is_stopped());

    let operator = Operator(&server);
    assert_eq!(operator.get("writes").await["state"], "allowed");
    let failed = operator.events("kind=admin&limit=1000").await;
    let failed: Vec<_> = failed.iter().filter(|event| event["status"] == 401).collect();
    assert_eq!(failed.len(), 10, "those that were limited are no events");
    assert!(failed.iter().all(|event| event.get("key").is_none() && event["address"] == "127.0.0.1"), "{failed:?}");
    let limits = operator.events("kind=limit").await;
    assert_eq!((limits.len(), &limits[0]["limit"]), (1, &"admin-failures".into()));
}

#[tokio::test]
async fn operators_have_a_limit_of_their_own() {
    let variables = [("RATE_LIMIT_ADDRESS_PER_MINUTE", "1"), ("RATE_LIMIT_USER_PER_MINUTE", "1")];
    let server = server(Arc::new(Offline), &variables).await;
    let operator = Operator(&server);
    for _ in 0..120 {
        operator.get("writes").await;
    }
    let response = call(&server, Method::GET, "writes", Some(&format!("Bearer {KEY}"))).await;
    assert_eq!(response.headers()["ratelimit-policy"], r#""admin";q=120;w=60"#);
    // A slow machine gets some back while it asks.
    let mut left = 1_000;
    while call(&server, Method::GET, "writes", Some(&format!("Bearer {KEY}"))).await.status() != 429 {
        left -= 1;
        assert!(left > 0, "there is a limit");
    }
}

#[tokio::test]
async fn every_call_is_recorded_with_who_and_what_and_no_secret() {
    let log = Log::get();
    let server = server(Arc::new(Offline), &[]).await;
    let operator = Operator(&server);
    operator.post("plugins/tasks/disable").await;
    let (status, _) = operator.call(Method::POST, "plugins/nobody/disable").await;
    assert_eq!(status, 404);
    call(&server, Method::GET, "plugins/sneaky%0Aname", None).await;

    let events = operator.events("kind=admin").await;
    let told = |event: &Value| format!("{} {}", event["call"].as_str().unwrap(), event["status"]);
    let told: Vec<String> = events.iter().map(told).collect();
    let expected = [
        "GET /api/admin/plugins/{name} 401",
        "POST /api/admin/plugins/nobody/disable 404",
        "POST /api/admin/plugins/tasks/disable 200",
    ];
    assert_eq!(told, expected);
    assert!(events[1]["key"].as_str().is_some_and(|key| key.len() == 12), "{events:?}");
    assert!(events[1]["request_id"].is_string() && events[1]["at"].is_string(), "{events:?}");
    assert!(!format!("{events:?}").contains(KEY));

    let id = events[2]["request_id"].as_str().unwrap();
    let lines = log.json();
    let line = lines.iter().find(|line| line["fields"]["request"] == id).expect("a line of the log");
    assert_eq!((&line["target"], &line["fields"]["event"]), (&"audit".into(), &"admin.call".into()));
    assert!(!log.text().concat().contains(KEY));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_answer_as_everywhere() {
    let server = server(Arc::new(Offline), &[]).await;
    let key = format!("Bearer {KEY}");
    for path in ["", "nothing", "plugins/invoices/destroy", "turns/"] {
        assert_eq!(code(call(&server, Method::GET, path, Some(&key)).await, 404).await, "NOT_FOUND", "{path}");
    }
    assert_eq!(code(call(&server, Method::PUT, "writes", Some(&key)).await, 405).await, "METHOD_NOT_ALLOWED");
    let odd = call(&server, Method::DELETE, "turns/odd", Some(&key)).await;
    assert_eq!(code(odd, 422).await, "INVALID_REQUEST");
    for (query, named) in
        [("kind=x", "kind:"), ("since=yesterday", "since:"), ("limit=0", "limit:"), ("limit=1001", "limit:")]
    {
        let body: Value = call(&server, Method::GET, &format!("audit?{query}"), Some(&key)).await.json().await.unwrap();
        assert!(body["error"]["message"].as_str().unwrap().starts_with(named), "{body}");
    }
}
