//! A client that goes away, and a server that is full or about to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Answer, Server, new_user};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::scripts::script;

/// An agent whose model says a word every 50 ms, for ten seconds.
fn slow() -> Arc<Scripted> {
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "text": words.concat(), "deltas": words, "delay_ms": 50 } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]))
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(5), "{what} takes too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_mid_answer_stops_the_model_and_frees_the_slot() {
    let model = slow();
    let server = Server::with_model(model.clone()).await;
    let response = server.send(new_user(), &json!({ "message": "a long story" })).await;
    let mut stream = response.bytes_stream();
    let first = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("word0"), "{first:?}");
    assert_eq!(model.in_flight(), 1);
    assert_eq!(server.app.supervisor.runtime().free_slots(), 63);

    drop(stream);
    until("stopping the model", || model.in_flight() == 0).await;
    assert_eq!(model.cancelled(), 1);
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 64).await;
}

#[tokio::test]
async fn a_full_server_refuses_the_next_turn_with_503_and_takes_it_when_there_is_room() {
    let model = slow();
    let plugins = canvalo_tests::guest_plugins();
    let folder = plugins.path().display().to_string();
    let server = Server::with(model, &[("CANVALO_MAX_TURNS", "2"), ("CANVALO_PLUGIN_DIR", &folder)]).await;
    let body = json!({ "message": "a long story" });
    let first = server.send(new_user(), &body).await;
    let _second = server.send(new_user(), &body).await;

    let third = server.send(new_user(), &body).await;
    assert_eq!(third.status(), 503);
    assert_eq!(third.headers()["retry-after"], "2");
    let error: Value = third.json().await.unwrap();
    assert_eq!(error["error"]["code"], "BUSY");
    assert_eq!(error["error"]["retryable"], true);

    drop(first);
    until("making room", || server.app.supervisor.runtime().free_slots() == 1).await;
    assert_eq!(server.send(new_user(), &body).await.status(), 200);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_refuses_new_turns_and_lets_a_running_one_end() {
    let words = json!([
        { "when": { "tool_offered": "invoices" }, "reply": { "text": "one two three", "deltas": 3, "delay_ms": 100 } },
    ]);
    let server = Server::with_model(script(words)).await;
    let running = server.send(new_user(), &json!({ "message": "hi" })).await;
    server.app.shutdown.cancel();
    assert_eq!(server.send(new_user(), &json!({ "message": "hi" })).await.status(), 503);
    let answer = Answer(canvalo_tests::chunks(&running.text().await.unwrap()));
    assert_eq!(answer.text(), "one two three");
    assert_eq!(answer.end()["type"], "complete");
}
