//! A model that goes on for ever, and what ends that.

use std::sync::Arc;
use std::time::Duration;

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Answer, Server, chunks, new_user, until};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::scripts::{script, skip};

/// Asks, lets time pass while words of the model's last call come, and gives the answer.
async fn asked(model: &Arc<Scripted>, calls: usize, skips: &[(&str, u64)]) -> Answer {
    let server = Server::with_model(model.clone()).await;
    let response = server.send(new_user(), &json!({ "message": "overdue" })).await;
    until("asking the model", || model.calls() == calls && model.in_flight() == 1).await;
    let mut stream = response.bytes_stream();
    let mut text = Vec::new();
    for (word, seconds) in skips {
        while !String::from_utf8_lossy(&text).contains(word) {
            text.extend_from_slice(&stream.next().await.expect("more of it").unwrap());
        }
        // The word is out before the wait for the next one begins.
        tokio::time::sleep(Duration::from_millis(50)).await;
        skip(Duration::from_secs(*seconds)).await;
    }
    while let Some(bytes) = stream.next().await {
        text.extend_from_slice(&bytes.unwrap());
    }
    until("stopping the model", || model.in_flight() == 0).await;
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 64).await;
    let turns: Vec<_> = (0..64).map_while(|_| server.app.admit()).collect();
    assert_eq!(turns.len(), 64, "the turn's room is free again");
    Answer(chunks(&String::from_utf8(text).unwrap()))
}

/// A word after each of so many seconds.
fn words(seconds: u64) -> Value {
    json!({ "text": "one two three ", "deltas": ["one ", "two ", "three "], "delay_ms": seconds * 1000 })
}

#[tokio::test]
async fn a_turn_ends_after_two_minutes_with_what_was_said_until_then() {
    let model = script(json!([{ "reply": words(50) }]));
    let answer = asked(&model, 1, &[("", 50), ("one ", 50), ("two ", 21)]).await;
    assert_eq!((answer.text().as_str(), answer.error_code()), ("one two ", "TURN_TIMEOUT"));
    assert_eq!(answer.end()["error"]["retryable"], true);
}

#[tokio::test]
async fn an_agent_ends_before_that_so_that_others_can_still_be_told() {
    let model = script(json!([
        { "when": { "tool_offered": "overdue_invoices" }, "reply": words(60) },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let answer = asked(&model, 2, &[("", 60), ("one ", 41)]).await;
    assert_eq!((answer.text_of("invoices").as_str(), answer.error_code()), ("one ", "AGENT_TIMEOUT"));
}
