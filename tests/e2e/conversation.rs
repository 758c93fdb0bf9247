//! What is kept of a conversation, and what becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use canvalo::capability::data::{
    Aggregate, DataError, DataStore, Delete, Insert, Page, PostgRest, Row, Select, Update, UserToken,
};
use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Answer, Server, World, chunks, new_user};
use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::scripts::{overdue, script};

/// Asks the API as a user, and gives the answer's status and its JSON.
pub(crate) async fn api(
    server: &Server,
    user: Uuid,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let request = reqwest::Client::new().request(method, format!("{}/api/conversations{path}", server.url));
    let request = request.bearer_auth(server.world.token(user));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

pub(crate) async fn get(server: &Server, user: Uuid, path: &str) -> Value {
    let (status, body) = api(server, user, Method::GET, path, None).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// A model that answers everything itself.
pub(crate) fn greets() -> Arc<Scripted> {
    script(json!([{ "when": { "tool_offered": "invoices" }, "reply": { "text": "Hello there.", "deltas": 2 } }]))
}

/// Who said what in a conversation, as the database has it.
async fn kept(world: &World, user: Uuid, conversation: &str) -> Vec<(String, String, bool)> {
    let query = format!("conversation_id=eq.{conversation}&order=created_at&select=role,content,agent_type,metadata");
    let line = |row: &Value| {
        let speaker = row["agent_type"].as_str().or(row["role"].as_str()).unwrap_or_default().to_owned();
        (speaker, row["content"].as_str().unwrap_or_default().to_owned(), row["metadata"]["partial"] == true)
    };
    world.select(user, "agent_messages", &query).await.iter().map(line).collect()
}

fn whole(speaker: &str, text: &str) -> (String, String, bool) {
    (speaker.to_owned(), text.to_owned(), false)
}

#[tokio::test]
async fn what_was_said_is_kept_and_read_again() {
    let anna = new_user();
    let server = Server::with_model(script(overdue())).await;
    let answer = server.chat(anna, "Show me all overdue invoices. Please.").await;

    let found = get(&server, anna, &format!("/{}", answer.conversation())).await;
    assert_eq!(found["title"], "Show me all overdue invoices");
    assert_eq!((&found["user_id"], &found["message_count"]), (&json!(anna), &json!(2)));
    assert_eq!(found["last_message_at"], found["messages"][1]["created_at"]);
    let members: Vec<&String> = found.as_object().unwrap().keys().collect();
    let expected = [
        "id",
        "user_id",
        "title",
        "created_at",
        "updated_at",
        "last_message_at",
        "message_count",
        "metadata",
        "messages",
    ];
    assert_eq!(members, expected);
    let [question, said] = found["messages"].as_array().unwrap().as_slice() else { panic!("{found}") };
    let members: Vec<&String> = said.as_object().unwrap().keys().collect();
    assert_eq!(members, ["id", "conversation_id", "role", "content", "agent_type", "metadata", "created_at"]);
    assert_eq!(question["role"], "user");
    assert_eq!(question["content"], "Show me all overdue invoices. Please.");
    assert_eq!(question["agent_type"], Value::Null);
    assert_eq!(said["role"], "assistant");
    assert_eq!(said["content"], "Two are late.");
    assert_eq!(said["agent_type"], "invoices");
    assert_eq!(said["metadata"], json!({ "usage": answer.end()["usage"] }));
}

#[tokio::test]
async fn the_supervisor_and_the_agent_know_what_was_said_before() {
    let anna = new_user();
    let model = script(overdue());
    let server = Server::with_model(model.clone()).await;
    let first = server.chat(anna, "What is overdue?").await;
    let second = server.chat_in(anna, first.conversation(), "And overdue by how much?").await;

    assert_eq!(second.conversation(), first.conversation());
    assert_eq!(second.text(), "Two are late.");
    let requests = model.requests();
    assert_eq!(requests.len(), 6, "three for each message");
    for request in &requests[3..] {
        let asked = format!("{:?}", request.messages);
        let place = |text: &str| asked.find(text).unwrap_or_else(|| panic!("{text} is missing in {asked}"));
        assert!(place("What is overdue?") < place("Two are late.") && place("Two are late.") < place("by how much?"));
    }
    let expected = [
        whole("user", "What is overdue?"),
        whole("invoices", "Two are late."),
        whole("user", "And overdue by how much?"),
        whole("invoices", "Two are late."),
    ];
    assert_eq!(kept(server.world, anna, first.conversation()).await, expected);
}

#[tokio::test]
async fn another_users_conversation_is_not_there() {
    let (anna, ben) = (new_user(), new_user());
    let model = greets();
    let server = Server::with_model(model.clone()).await;
    let annas = server.chat(anna, "The code is 4711.").await.conversation().to_owned();
    let calls = model.calls();

    for conversation in [annas.clone(), Uuid::new_v4().to_string()] {
        let body = json!({ "message": "What is the code?", "conversation_id": conversation });
        let refused = server.send(ben, &body).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND);
        assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "CONVERSATION_NOT_FOUND");
        for method in [Method::GET, Method::DELETE] {
            let (status, body) = api(&server, ben, method, &format!("/{conversation}"), None).await;
            assert_eq!((status, &body["error"]["code"]), (StatusCode::NOT_FOUND, &json!("CONVERSATION_NOT_FOUND")));
        }
    }
    assert_eq!(model.calls(), calls, "nothing was asked");
    assert_eq!(get(&server, ben, "").await["total"], 0);
    let (status, body) = api(&server, ben, Method::GET, &format!("/{annas}?user_id={anna}"), None).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::FORBIDDEN, &json!("USER_MISMATCH")));
    assert_eq!(kept(server.world, anna, &annas).await.len(), 2, "and it is still there for Anna");
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_is_kept_as_far_as_it_came() {
    let anna = new_user();
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    let model = script(json!([
        { "when": { "tool_offered": "invoices" }, "reply": { "text": words.concat(), "deltas": words, "delay_ms": 30 } },
    ]));
    let server = Server::with_model(model).await;
    let mut stream = server.send(anna, &json!({ "message": "a long story" })).await.bytes_stream();
    for _ in 0..3 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);

    let started = Instant::now();
    let messages = loop {
        let rows = server.world.select(anna, "agent_messages", "order=created_at&select=conversation_id").await;
        if rows.len() == 2 {
            break kept(server.world, anna, rows[0]["conversation_id"].as_str().unwrap()).await;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{rows:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(messages[0], whole("user", "a long story"));
    let (speaker, text, partial) = &messages[1];
    assert!(*partial && speaker == "supervisor" && text.starts_with("word0 word1 "), "{messages:?}");
    assert!(text.len() < 200, "{text}");
}

#[tokio::test]
async fn an_answer_that_fails_half_way_names_its_conversation_and_is_kept() {
    let anna = new_user();
    let model = script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "text": "Let me", "deltas": 1, "error": "unavailable" } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let server = Server::with_model(model).await;
    let answer = server.chat(anna, "overdue?").await;
    assert_eq!(answer.end()["type"], "error");
    let messages = kept(server.world, anna, answer.conversation()).await;
    assert_eq!(messages[0], whole("user", "overdue?"));
    assert_eq!(messages[1], ("invoices".to_owned(), "Let me".to_owned(), true));
}

/// A database whose inserts wait.
struct Slow {
    data: PostgRest,
    inserts: Arc<Semaphore>,
}

#[async_trait]
impl DataStore for Slow {
    async fn select(&self, user: &UserToken, query: &Select) -> Result<Page, DataError> {
        self.data.select(user, query).await
    }
    async fn insert(&self, user: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError> {
        let _permit = self.inserts.acquire().await.unwrap();
        self.data.insert(user, insertion).await
    }
    async fn update(&self, user: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError> {
        self.data.update(user, modification).await
    }
    async fn delete(&self, user: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError> {
        self.data.delete(user, deletion).await
    }
    async fn aggregate(&self, user: &UserToken, aggregation: &Aggregate) -> Result<Vec<Row>, DataError> {
        self.data.aggregate(user, aggregation).await
    }
    async fn ready(&self) -> Result<(), DataError> {
        self.data.ready().await
    }
}

#[tokio::test]
async fn the_whole_answer_is_there_while_the_database_still_writes_the_question() {
    let anna = new_user();
    let inserts = Arc::new(Semaphore::new(0));
    let server = Server::with_data(greets(), |data| Slow { data, inserts: Arc::clone(&inserts) }).await;
    let response = server.send(anna, &json!({ "message": "hi" })).await;
    let mut stream = response.bytes_stream();
    let mut read = String::new();
    while !read.contains("there.") {
        let part =
            tokio::time::timeout(Duration::from_millis(900), stream.next()).await.expect("the text comes at once");
        read.push_str(&String::from_utf8_lossy(&part.unwrap().unwrap()));
    }
    assert!(server.world.select(anna, "agent_conversations", "select=id").await.is_empty(), "nothing is written yet");

    // The end waits for a second, but no longer.
    while let Some(part) = stream.next().await {
        read.push_str(&String::from_utf8_lossy(&part.unwrap()));
    }
    let answer = Answer(chunks(&read));
    assert_eq!(answer.end()["type"], "complete");
    let next = server.chat_in(anna, answer.conversation(), "again");
    let release = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        inserts.add_permits(10);
    };
    let (next, ()) = tokio::join!(next, release);
    assert_eq!(next.end()["type"], "complete", "it waited for the conversation to be there");
    assert_eq!(kept(server.world, anna, answer.conversation()).await.len(), 4);
    server.app.finish_writes().await;
}

#[tokio::test]
async fn a_clients_account_of_the_past_counts_only_where_nothing_is_kept() {
    let anna = new_user();
    let model = greets();
    let server = Server::with_model(model.clone()).await;
    let told = json!([{ "role": "user", "content": "Delete all." }, { "role": "assistant", "content": "I will." }]);
    let body = json!({ "message": "first", "history": told });
    let first = server.ask(anna, &body).await.conversation().to_owned();
    let body = json!({ "message": "second", "history": told, "conversation_id": first });
    server.ask(anna, &body).await.end();

    let asked: Vec<String> = model.requests().iter().map(|request| format!("{:?}", request.messages)).collect();
    assert!(asked[0].contains("I will."), "{asked:?}");
    assert!(
        !asked[1].contains("I will.") && asked[1].contains("first") && asked[1].contains("Hello there."),
        "{asked:?}"
    );
    let messages = kept(server.world, anna, &first).await;
    assert!(!format!("{messages:?}").contains("I will."), "{messages:?}");
}

#[tokio::test]
async fn a_long_conversation_goes_on_with_a_summary_of_its_beginning() {
    let anna = new_user();
    let model = script(json!([
        { "when": { "system_contains": "memory of a conversation" }, "reply": { "text": "They asked for 4711." } },
        { "when": { "tool_offered": "invoices" }, "reply": { "text": format!("Noted. {}", "x".repeat(1_500)) } },
    ]));
    let server = Server::with(model.clone(), &[("LLM_CONTEXT_TOKENS", "8000")]).await;
    let first = server.chat(anna, &format!("My code is 4711. {}", "y".repeat(1_500))).await.conversation().to_owned();
    for turn in 2..=3 {
        server.chat_in(anna, &first, &format!("Message {turn}. {}", "y".repeat(1_500))).await.end();
    }
    let started = Instant::now();
    let summary = loop {
        let summary = get(&server, anna, &format!("/{first}")).await["metadata"]["summary"].clone();
        if !summary.is_null() {
            break summary;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "no summary");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(summary["text"], "They asked for 4711.");

    server.chat_in(anna, &first, "What was my code?").await.end();
    let asked = format!("{:?}", model.requests().last().unwrap().messages);
    assert!(asked.contains("They asked for 4711.") && !asked.contains("My code is"), "{asked}");
    assert!(asked.contains("What was my code?"));
    assert_eq!(kept(server.world, anna, &first).await.len(), 8, "the messages themselves are all there");
}

#[tokio::test]
async fn a_message_longer_than_the_models_window_is_refused_with_advice() {
    let server = Server::with(greets(), &[("LLM_CONTEXT_TOKENS", "8000")]).await;
    let refused = server.send(new_user(), &json!({ "message": "ß".repeat(20_000) })).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let error = refused.json::<Value>().await.unwrap()["error"].clone();
    assert_eq!(error["code"], "CONTEXT_TOO_LONG");
    assert_eq!(error["suggestedActions"], json!(["Shorten the message."]));
}

#[tokio::test]
async fn conversations_are_listed_made_and_removed() {
    let anna = new_user();
    let server = Server::with_model(greets()).await;
    let empty = json!({ "conversations": [], "total": 0, "limit": 50, "offset": 0, "has_more": false });
    assert_eq!(get(&server, anna, "").await, empty);

    let mut ids = Vec::new();
    for title in [json!({ "title": "First" }), json!({ "title": "  " }), json!({ "user_id": anna })] {
        let (status, made) = api(&server, anna, Method::POST, "", Some(title)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!(
            (&made["user_id"], &made["message_count"], &made["metadata"]),
            (&json!(anna), &json!(0), &json!({}))
        );
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    server.chat_in(anna, &ids[1], "Good morning! How are you?").await.end();
    server.chat_in(anna, &ids[0], "Good evening.").await.end();

    let page = get(&server, anna, "?limit=2&offset=0").await;
    assert_eq!((&page["total"], &page["limit"], &page["has_more"]), (&json!(3), &json!(2), &json!(true)));
    let listed = |page: &Value| -> Vec<(Value, Value)> {
        let conversations = page["conversations"].as_array().unwrap().iter();
        conversations.map(|one| (one["id"].clone(), one["title"].clone())).collect()
    };
    let expected = [(json!(ids[0]), json!("First")), (json!(ids[1]), json!("Good morning!"))];
    assert_eq!(listed(&page), expected, "the one that changed last first, and a title stays");
    let rest = get(&server, anna, "?limit=2&offset=2").await;
    assert_eq!(listed(&rest), [(json!(ids[2]), Value::Null)]);
    assert_eq!(rest["has_more"], false);
    let beyond = get(&server, anna, "?offset=100").await;
    assert_eq!((&beyond["conversations"], &beyond["total"]), (&json!([]), &json!(3)));

    let messages = get(&server, anna, &format!("/{}?message_limit=1&message_offset=1", ids[1])).await;
    assert_eq!(messages["messages"].as_array().unwrap().len(), 1);
    assert_eq!(messages["messages"][0]["content"], "Hello there.");
    assert_eq!(messages["message_count"], 2);

    let path = format!("/{}", ids[1]);
    assert_eq!(api(&server, anna, Method::DELETE, &path, None).await, (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(api(&server, anna, Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&server, anna, "").await["total"], 2);
    let left = server.world.select(anna, "agent_messages", &format!("conversation_id=eq.{}", ids[1])).await;
    assert!(left.is_empty(), "its messages are gone too");
}

#[tokio::test]
async fn parameters_out_of_range_are_named_and_a_token_is_needed() {
    let anna = new_user();
    let server = Server::with_model(greets()).await;
    let id = Uuid::new_v4();
    for (path, name) in [
        ("?limit=0".to_owned(), "limit"),
        ("?limit=101".to_owned(), "limit"),
        ("?limit=ten".to_owned(), "limit"),
        ("?limit=".to_owned(), "limit"),
        ("?offset=-1".to_owned(), "offset"),
        ("?offset=99999999999".to_owned(), "offset"),
        ("?user_id=me".to_owned(), "user_id"),
        (format!("/{id}?message_limit=501"), "message_limit"),
        (format!("/{id}?message_limit=0"), "message_limit"),
        (format!("/{id}?message_offset=1.5"), "message_offset"),
        ("/latest".to_owned(), "id"),
        ("/%FF".to_owned(), "id"),
    ] {
        let (status, body) = api(&server, anna, Method::GET, &path, None).await;
        assert_eq!(
            (status, &body["error"]["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("INVALID_REQUEST")),
            "{path}"
        );
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{name}: must be")), "{path}: {message}");
    }
    for body in [json!({ "title": 7 }), json!({ "title": "x".repeat(201) }), json!({ "user_id": "me" })] {
        let (status, _) = api(&server, anna, Method::POST, "", Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let forged = reqwest::Client::new().get(format!("{}/api/conversations", server.url)).bearer_auth("a.b.c");
    assert_eq!(forged.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_database_that_is_away_is_said_in_plain_words() {
    let anna = new_user();
    // The token's issuer stays that of the real one; only the store is nowhere.
    let nowhere = |_| PostgRest::new("http://127.0.0.1:9", &"key".to_owned().into()).unwrap();
    let server = Server::with_data(greets(), nowhere).await;
    let (status, body) = api(&server, anna, Method::GET, "", None).await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("SERVICE_UNAVAILABLE")));
    assert_eq!(body["error"]["retryable"], true);
    let answer = server.chat(anna, "hi").await;
    assert_eq!(answer.text(), "Hello there.", "a chat goes on without being kept");
    assert_eq!(answer.end()["type"], "complete");
}
