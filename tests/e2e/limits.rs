//! How much one may ask for.

use std::sync::Arc;

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Server, new_user, until};
use reqwest::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::admin::{self, Operator};
use crate::scripts::slow;

async fn list(server: &Server, user: Uuid, forwarded: Option<&str>) -> Response {
    let request = server.client.get(format!("{}/api/conversations", server.url)).bearer_auth(server.world.token(user));
    let request = match forwarded {
        Some(address) => request.header("X-Forwarded-For", address),
        None => request,
    };
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("none")
}

async fn is_limited(response: Response) {
    assert_eq!(response.status(), 429);
    let wait: u32 = header(&response, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let body: Value = response.json().await.unwrap();
    let error = &body["error"];
    assert_eq!((&error["code"], &error["retryable"]), (&"RATE_LIMITED".into(), &true.into()));
    assert!(error["userMessage"].is_string() && error["requestId"].is_string(), "{body}");
}

#[tokio::test]
async fn a_user_has_so_many_requests_a_minute_and_every_answer_says_how_many_are_left() {
    let server = admin::server(Arc::new(Offline), &[("RATE_LIMIT_USER_PER_MINUTE", "2")]).await;
    let (anna, ben) = (new_user(), new_user());
    let first = list(&server, anna, None).await;
    assert_eq!(first.status(), 200);
    assert_eq!(header(&first, "ratelimit-policy"), r#""address";q=60000;w=60, "user";q=2;w=60"#);
    assert_eq!(header(&first, "ratelimit"), r#""address";r=59999;t=1, "user";r=1;t=30"#);
    assert_eq!(list(&server, anna, None).await.status(), 200);
    let refused = list(&server, anna, None).await;
    assert!(header(&refused, "ratelimit").ends_with(r#""user";r=0;t=60"#), "{refused:?}");
    is_limited(refused).await;
    is_limited(server.send(anna, &json!({ "message": "hi" })).await).await;
    assert_eq!(list(&server, ben, None).await.status(), 200, "another user has their own");

    let limits = Operator(&server).events("kind=limit").await;
    assert_eq!(limits.len(), 2);
    assert_eq!(limits[0]["user"], *canvalo::telemetry::user_tag(anna));
    assert!(!format!("{limits:?}").contains(&anna.to_string()));
}

#[tokio::test]
async fn a_forged_or_missing_token_costs_its_user_nothing() {
    let server = Server::with(Arc::new(Offline), &[("RATE_LIMIT_USER_PER_MINUTE", "1")]).await;
    let anna = new_user();
    for _ in 0..3 {
        let request = server.client.get(format!("{}/api/conversations?user_id={anna}", server.url));
        let refused = request.bearer_auth("a.b.c").send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert!(!header(&refused, "ratelimit").contains("user"));
    }
    assert_eq!(list(&server, anna, None).await.status(), 200);
}

#[tokio::test]
async fn an_address_has_so_many_requests_a_minute_whoever_asks_and_is_the_peers_by_default() {
    let server = Server::with(Arc::new(Offline), &[("RATE_LIMIT_ADDRESS_PER_MINUTE", "2")]).await;
    assert_eq!(list(&server, new_user(), Some("198.51.100.1")).await.status(), 200);
    assert_eq!(list(&server, new_user(), Some("198.51.100.2")).await.status(), 200);
    is_limited(list(&server, new_user(), Some("198.51.100.3")).await).await;
    let nobody = server.client.get(format!("{}/api/conversations", server.url)).bearer_auth("a.b.c").send();
    is_limited(nobody.await.unwrap()).await;
    for path in ["/health", "/"] {
        let looked = server.client.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!((looked.status().as_u16(), header(&looked, "ratelimit")), (200, "none"), "{path}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_whom_the_proxy_names() {
    let variables = [("RATE_LIMIT_ADDRESS_PER_MINUTE", "1"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
    let server = Server::with(Arc::new(Offline), &variables).await;
    assert_eq!(list(&server, new_user(), Some("198.51.100.1")).await.status(), 200);
    is_limited(list(&server, new_user(), Some("198.51.100.1")).await).await;
    is_limited(list(&server, new_user(), Some("6.6.6.6, 198.51.100.1")).await).await;
    assert_eq!(list(&server, new_user(), Some("198.51.100.1, 198.51.100.2")).await.status(), 200);
    assert_eq!(list(&server, new_user(), Some("2001:db8:1:2::3")).await.status(), 200);
    is_limited(list(&server, new_user(), Some("2001:db8:1:2:ffff::1")).await).await;
}

#[tokio::test]
async fn a_user_has_so_many_turns_at_the_same_time() {
    let server = admin::server(slow(), &[("CANVALO_MAX_TURNS_PER_USER", "1")]).await;
    let (anna, ben) = (new_user(), new_user());
    let body = json!({ "message": "a long story" });
    let running = server.send(anna, &body).await;
    let refused = server.send(anna, &body).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "2"));
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "TOO_MANY_TURNS");
    let of_ben = server.send(ben, &body).await;
    assert_eq!(of_ben.status(), 200, "another user isn't held up");
    let limits = Operator(&server).events("kind=limit").await;
    assert_eq!((&limits[0]["limit"], limits.len()), (&"turns".into(), 1));

    drop(running);
    until("ending the turn", || server.app.supervisor.turns().all().len() == 1).await;
    let again = server.send(anna, &body).await;
    assert_eq!(again.status(), 200);
}
