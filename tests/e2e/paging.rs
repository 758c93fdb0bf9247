//! Pages of conversations and messages, and what a client may not ask of them.

use canvalo_tests::{Server, World, new_user};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bad_input::code;
use crate::conversation::{api, get, greets};

/// This many conversations of a user's, made by the database.
async fn conversations(server: &Server, user: Uuid, count: usize) -> Vec<String> {
    let rows: Vec<Value> = (0..count).map(|number| json!({ "title": format!("Number {number}") })).collect();
    let rows = server.world.insert(user, "agent_conversations", Value::Array(rows)).await;
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn page(server: &Server, user: Uuid, query: &str) -> (Vec<String>, Value) {
    let mut page = get(server, user, query).await;
    let listed = page["conversations"].take();
    let ids = listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    (ids, page)
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap_and_the_total_is_exact_on_each() {
    let (anna, ben) = (new_user(), new_user());
    let server = Server::with_model(greets()).await;
    let mut made = conversations(&server, anna, 123).await;
    conversations(&server, ben, 3).await;

    let about = |limit: u32, offset: u32, has_more: bool| json!({ "conversations": null, "total": 123, "limit": limit, "offset": offset, "has_more": has_more });
    let (first, said) = page(&server, anna, "").await;
    assert_eq!((first.len(), said), (50, about(50, 0, true)));
    let (second, said) = page(&server, anna, "?offset=50").await;
    assert_eq!((second.len(), said), (50, about(50, 50, true)));
    let (third, said) = page(&server, anna, "?offset=100").await;
    assert_eq!((third.len(), said), (23, about(50, 100, false)));
    let (largest, said) = page(&server, anna, "?limit=100").await;
    assert_eq!((largest.len(), said), (100, about(100, 0, true)));
    let (last, said) = page(&server, anna, "?limit=23&offset=100").await;
    assert_eq!((last.len(), said), (23, about(23, 100, false)), "the last page that is full has nothing after it");
    for offset in [123, 124, 2_147_483_647] {
        let (beyond, said) = page(&server, anna, &format!("?offset={offset}")).await;
        assert_eq!((beyond.len(), said), (0, about(50, offset, false)));
    }

    let mut seen = [first, second, third].concat();
    seen.sort();
    made.sort();
    assert_eq!(seen, made);
}

#[tokio::test]
async fn a_conversation_shows_a_hundred_messages_and_five_hundred_at_most() {
    let anna = new_user();
    let server = Server::with_model(greets()).await;
    let id = conversations(&server, anna, 1).await.remove(0);
    let rows: Vec<Value> = (0..505)
        .map(|number| {
            let minute = format!("2026-01-01T{:02}:{:02}:00Z", number / 60, number % 60);
            json!({ "conversation_id": id, "role": "user", "content": format!("{number}"), "created_at": minute })
        })
        .collect();
    server.world.insert(anna, "agent_messages", Value::Array(rows)).await;

    let show = async |query: &str| -> Vec<String> {
        let shown = get(&server, anna, &format!("/{id}{query}")).await;
        assert_eq!(shown["message_count"], 505, "however many are shown");
        let messages = shown["messages"].as_array().unwrap().iter();
        messages.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    };
    let numbers = |range: std::ops::Range<u32>| -> Vec<String> { range.map(|number| number.to_string()).collect() };
    assert_eq!(show("").await, numbers(0..100));
    assert_eq!(show("?message_limit=500").await, numbers(0..500));
    assert_eq!(show("?message_limit=500&message_offset=500").await, numbers(500..505));
    assert_eq!(show("?message_offset=505").await, numbers(0..0));
    assert_eq!(show("?message_offset=2147483647").await, numbers(0..0));
    let (status, _) = api(&server, anna, Method::GET, &format!("/{id}?message_limit=501"), None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_body_or_query_that_names_another_user_than_the_token_is_refused_by_every_call() {
    let (anna, ben) = (new_user(), new_user());
    let server = Server::with_model(greets()).await;
    let id = conversations(&server, anna, 1).await.remove(0);
    for (method, path, body) in [
        (Method::GET, format!("?user_id={ben}"), None),
        (Method::POST, String::new(), Some(json!({ "user_id": ben, "title": "Ben's" }))),
        (Method::GET, format!("/{id}?user_id={ben}"), None),
        (Method::DELETE, format!("/{id}?user_id={ben}"), None),
    ] {
        let (status, answer) = api(&server, anna, method.clone(), &path, body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::FORBIDDEN, &json!("USER_MISMATCH")),
            "{method} {path}"
        );
    }
    assert_eq!(get(&server, ben, "").await["total"], 0, "nothing was made for Ben");
    assert_eq!(get(&server, anna, &format!("?user_id={anna}")).await["total"], 1, "and nothing of Anna's is gone");
}

#[tokio::test]
async fn what_a_client_may_not_ask_is_refused_in_the_form_of_every_error() {
    let anna = new_user();
    let server = Server::with_model(greets()).await;
    let send = |method: Method, path: &str, body: &'static [u8], content_type: &str| {
        let request = reqwest::Client::new().request(method, format!("{}/api/conversations{path}", server.url));
        request.bearer_auth(server.world.token(anna)).header("Content-Type", content_type).body(body).send()
    };
    let json = "application/json";
    for body in [&b""[..], b"{", b"[]", b"null", b"\"title\"", b"{\"title\":\"\xff\"}", b"{\"title\":\"\\ud800\"}"] {
        let refused = send(Method::POST, "", body, json).await.unwrap();
        assert_eq!(code(refused, 400).await, "MALFORMED_REQUEST", "{body:?}");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let refused = send(Method::POST, "", b"{}", content_type).await.unwrap();
        assert_eq!(code(refused, 415).await, "UNSUPPORTED_MEDIA_TYPE", "{content_type:?}");
    }
    let nobody = Uuid::new_v4();
    for path in ["/1", "/latest", "/%00", "/%F0%9F%8E%A8", "/..%2F..", &format!("/{nobody}?user_id="), "/null"] {
        for method in [Method::GET, Method::DELETE] {
            let refused = send(method.clone(), path, b"", json).await.unwrap();
            assert_eq!(code(refused, 422).await, "INVALID_REQUEST", "{method} {path}");
        }
    }
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = send(method.clone(), "", b"", json).await.unwrap();
        assert_eq!(refused.headers()["allow"], "GET,HEAD,POST");
        assert_eq!(code(refused, 405).await, "METHOD_NOT_ALLOWED", "{method}");
    }
    for path in ["/", &format!("/{nobody}/"), &format!("/{nobody}/messages")] {
        let refused = send(Method::GET, path, b"", json).await.unwrap();
        assert_eq!(code(refused, 404).await, "NOT_FOUND", "{path}");
    }
}

#[tokio::test]
async fn what_is_gone_is_answered_without_a_body() {
    let anna = new_user();
    let server = Server::with_model(greets()).await;
    let id = conversations(&server, anna, 1).await.remove(0);
    let delete = reqwest::Client::new().delete(format!("{}/api/conversations/{id}?user_id={anna}", server.url));
    let gone = delete.bearer_auth(server.world.token(anna)).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert!(!gone.headers().contains_key("content-type"), "{:?}", gone.headers());
    assert!(gone.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn in_development_the_user_id_says_whose_conversations_they_are() {
    let (anna, ben) = (new_user(), new_user());
    // What the host makes a token with for who sends none.
    let secret = [("SUPABASE_JWT_SECRET", World::get().jwt_secret())];
    let server = Server::with(greets(), &secret).await;
    let client = reqwest::Client::new();
    let url = format!("{}/api/conversations", server.url);
    let body = json!({ "user_id": anna, "title": "Without a token" });
    let made: Value = client.post(&url).json(&body).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["user_id"], json!(anna));
    let id = made["id"].as_str().unwrap();
    for (user, status) in [(ben, 404), (anna, 200)] {
        let shown = client.get(format!("{url}/{id}?user_id={user}")).send().await.unwrap();
        assert_eq!(shown.status(), status);
    }
    let listed: Value = client.get(format!("{url}?user_id={anna}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed["total"], 1);
}
