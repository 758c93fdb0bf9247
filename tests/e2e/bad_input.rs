//! Requests that can't be served, of every kind, to every endpoint.

use canvalo_tests::{Server, new_user};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::scripts::script;

async fn server() -> Server {
    Server::with_model(script(json!([{ "when": {}, "reply": { "text": "Hello!" } }]))).await
}

/// Checks the form of an error and gives its code.
pub(crate) async fn code(response: reqwest::Response, status: u16) -> String {
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.expect("an error is JSON");
    let error = &body["error"];
    for field in ["code", "message", "userMessage"] {
        assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {body}");
    }
    assert!(error["suggestedActions"].is_array() && error["retryable"].is_boolean(), "{body}");
    let words = error["userMessage"].as_str().unwrap_or_default();
    assert!(!words.contains(['{', '_', '`']) && !words.contains("::"), "plain language: {words}");
    error["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn every_field_that_is_missing_of_the_wrong_type_or_out_of_range_is_named() {
    let server = server().await;
    let long = "x".repeat(32_001);
    let many = vec![json!({ "role": "user", "content": "x" }); 201];
    let cases = [
        (json!({}), "message"),
        (json!({ "message": null }), "message"),
        (json!({ "message": 7 }), "message"),
        (json!({ "message": ["hi"] }), "message"),
        (json!({ "message": "" }), "message"),
        (json!({ "message": " \n\t " }), "message"),
        (json!({ "message": long }), "message"),
        (json!({ "message": "hi", "conversation_id": "1" }), "conversation_id"),
        (json!({ "message": "hi", "conversation_id": 1 }), "conversation_id"),
        (json!({ "message": "hi", "user_id": "../etc" }), "user_id"),
        (json!({ "message": "hi", "user_id": {} }), "user_id"),
        (json!({ "message": "hi", "history": "none" }), "history"),
        (json!({ "message": "hi", "history": many }), "history"),
        (json!({ "message": "hi", "history": [{ "role": "system", "content": "x" }] }), "history[0].role"),
        (json!({ "message": "hi", "history": [{ "role": "user" }] }), "history[0].content"),
        (json!({ "message": "hi", "history": [{ "role": "user", "content": "" }] }), "history[0].content"),
        (json!({ "message": "hi", "time_zone": "Mars/Olympus" }), "time_zone"),
    ];
    for (body, field) in cases {
        let response = server.send(new_user(), &body).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], "INVALID_REQUEST");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{field}:")), "{message} should name {field}");
    }
}

#[tokio::test]
async fn the_longest_message_is_taken_counted_in_characters() {
    let server = server().await;
    let answer = server.chat(new_user(), &"ß".repeat(32_000)).await;
    assert_eq!(answer.text(), "Hello!");
}

#[tokio::test]
async fn fields_that_are_null_or_unknown_are_as_good_as_absent() {
    let server = server().await;
    let body = json!({ "message": "hi", "conversation_id": null, "user_id": null, "history": null, "theme": "dark" });
    assert_eq!(server.send(new_user(), &body).await.status(), 200);
}

#[tokio::test]
async fn bodies_that_are_not_a_json_object_are_refused() {
    let server = server().await;
    let post = |body: Vec<u8>, content_type: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/chat/stream", server.url)).body(body);
        request.header("Content-Type", content_type).send()
    };
    let json = "application/json";
    for body in ["", "{", "[]", "\"hi\"", "null", "{\"message\":\"hi\"} trailing", "{\"message\": NaN}"] {
        assert_eq!(code(post(body.into(), json).await.unwrap(), 400).await, "MALFORMED_REQUEST", "{body:?}");
    }
    assert_eq!(code(post(b"{\"message\":\"\xff\"}".to_vec(), json).await.unwrap(), 400).await, "MALFORMED_REQUEST");
    let deep = format!("{{\"message\":{}", "[".repeat(100_000));
    assert_eq!(code(post(deep.into_bytes(), json).await.unwrap(), 400).await, "MALFORMED_REQUEST");
    let huge = format!("{{\"message\":\"{}\"}}", "x".repeat(1024 * 1024));
    assert_eq!(code(post(huge.into_bytes(), json).await.unwrap(), 413).await, "REQUEST_TOO_LARGE");
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let refused = post(b"{\"message\":\"hi\"}".to_vec(), content_type).await.unwrap();
        assert_eq!(code(refused, 415).await, "UNSUPPORTED_MEDIA_TYPE", "{content_type}");
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_answer_in_the_same_form() {
    let server = server().await;
    let send =
        |method: Method, path: &str| reqwest::Client::new().request(method, format!("{}{path}", server.url)).send();
    for path in ["/nothing", "/api", "/api/chat", "/api/chat/stream/", "/.env", "/%00"] {
        assert_eq!(code(send(Method::GET, path).await.unwrap(), 404).await, "NOT_FOUND", "{path}");
    }
    for (method, path) in
        [(Method::POST, "/"), (Method::DELETE, "/health"), (Method::GET, "/api/chat/stream"), (Method::PUT, "/health")]
    {
        assert_eq!(code(send(method, path).await.unwrap(), 405).await, "METHOD_NOT_ALLOWED", "{path}");
    }
}

#[tokio::test]
async fn a_token_must_be_one_good_bearer_token_and_a_user_id_grants_nothing() {
    let server = server().await;
    let (anna, ben) = (new_user(), new_user());
    let ask = |headers: Vec<String>, body: Value| {
        let mut request = reqwest::Client::new().post(format!("{}/api/chat/stream", server.url)).json(&body);
        for header in headers {
            request = request.header("Authorization", header);
        }
        request.send()
    };
    let hi = || json!({ "message": "hi" });
    let good = format!("Bearer {}", server.world.token(anna));
    assert_eq!(ask(vec![good.clone()], hi()).await.unwrap().status(), 200);

    let refused = ask(vec![good.clone()], json!({ "message": "hi", "user_id": ben })).await.unwrap();
    assert_eq!(code(refused, 403).await, "USER_MISMATCH");
    let twice = ask(vec![good.clone(), good.clone()], hi()).await.unwrap();
    assert_eq!(code(twice, 401).await, "MALFORMED_TOKEN");
    let key = format!("Bearer {}", server.world.publishable_key());
    assert_eq!(code(ask(vec![key], hi()).await.unwrap(), 401).await, "MALFORMED_TOKEN");
    let mut forged = good.clone();
    forged.truncate(good.len() - 4);
    forged.push_str("AAAA");
    let forged = ask(vec![forged], hi()).await.unwrap();
    assert_eq!(forged.headers()["www-authenticate"], "Bearer");
    assert_eq!(code(forged, 401).await, "INVALID_TOKEN");
}

#[tokio::test]
async fn in_production_a_token_is_required() {
    let model = script(json!([{ "when": {}, "reply": { "text": "Hello!" } }]));
    let admin_key = "0123456789abcdef0123456789abcdef";
    let variables = [
        ("ENVIRONMENT", "production"),
        ("ADMIN_API_KEY", admin_key),
        ("LLM_PROVIDER", "bedrock"),
        ("AWS_REGION", "us-east-1"),
    ];
    let server = Server::with(model, &variables).await;
    let body = json!({ "message": "hi", "user_id": new_user() });
    let request = reqwest::Client::new().post(format!("{}/api/chat/stream", server.url)).json(&body);
    assert_eq!(code(request.send().await.unwrap(), 401).await, "MISSING_TOKEN");
    assert_eq!(server.chat(new_user(), "hi").await.text(), "Hello!");
}
