//! What an answer used, where that is told, and what happens when it is too much.

use std::time::Duration;

use canvalo_tests::{Answer, Server, World, new_user};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::scripts::{overdue, script, slow};

/// The scripted model at a dollar per million tokens read and ten per million written.
struct Prices(TempDir);

impl Prices {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("prices.toml"), r#"scripted = { input = "1", output = "10" }"#).unwrap();
        Self(folder)
    }

    fn file(&self) -> String {
        self.0.path().join("prices.toml").display().to_string()
    }
}

/// The rows of the usage view, as a user sees them.
async fn rows(world: &World, user: Uuid) -> Vec<Value> {
    world.select(user, "agent_usage", "order=created_at,agent_type,tokens").await
}

fn sum(rows: &[Value], column: &str) -> f64 {
    rows.iter().filter_map(|row| row[column].as_f64()).sum()
}

fn parts(usage: &Value) -> Vec<(&str, u64)> {
    let shares = usage["by_agent"].as_array().expect("shares").iter();
    shares
        .map(|share| (share["agent_type"].as_str().expect("a name"), share["calls"].as_u64().expect("a count")))
        .collect()
}

#[tokio::test]
async fn the_end_of_a_stream_tells_what_each_agent_used_and_the_message_keeps_it() {
    let (anna, prices) = (new_user(), Prices::new());
    let server = Server::with(script(overdue()), &[("LLM_PRICES", &prices.file())]).await;
    let answer = server.chat(anna, "Show me all overdue invoices").await;
    let end = answer.end();
    assert_eq!((&end["type"], &end["agent_type"]), (&json!("complete"), &json!("invoices")));
    let usage = &end["usage"];
    assert_eq!(parts(usage), [("supervisor", 1), ("invoices", 2)]);
    let (input, output) = (usage["input_tokens"].as_f64().unwrap(), usage["output_tokens"].as_f64().unwrap());
    assert!(input > 1_000.0 && output > 5.0, "{usage}");
    let cost = usage["cost_usd"].as_f64().unwrap();
    assert!((cost - (input + 10.0 * output) / 1e6).abs() < 1e-12, "{usage}");

    let query = format!("conversation_id=eq.{}&order=created_at&select=role,metadata", answer.conversation());
    let messages = server.world.select(anna, "agent_messages", &query).await;
    assert_eq!(messages[0]["metadata"], json!({}));
    assert_eq!(&messages[1]["metadata"], &json!({ "usage": usage }));

    let kept = rows(server.world, anna).await;
    assert_eq!(kept.len(), 2);
    assert_eq!((sum(&kept, "calls"), sum(&kept, "tokens")), (3.0, input + output));
    assert!((sum(&kept, "cost_usd") - cost).abs() < 1e-12, "{kept:?}");
    assert_eq!(rows(server.world, new_user()).await, Vec::<Value>::new(), "nobody else sees it");
}

#[tokio::test]
async fn a_conversations_sum_counts_every_turn_once() {
    let anna = new_user();
    let server = Server::with_model(script(overdue())).await;
    let first = server.chat(anna, "Show me all overdue invoices").await;
    let conversation = first.conversation().to_owned();
    let second = server.chat_in(anna, &conversation, "Which are overdue?").await;
    assert_eq!(second.end()["usage"]["cost_usd"], json!(null), "nobody knows what a script costs");

    let query = json!({ "query": {
        "table": "agent_usage", "group_by": [{ "column": "conversation_id" }], "limit": 10,
        "measures": [
            { "function": "sum", "column": "tokens", "name": "tokens" },
            { "function": "sum", "column": "calls", "name": "calls" },
        ],
    } });
    let sums = server.world.insert(anna, "rpc/aggregate", query).await;
    let tokens = |answer: &Answer| {
        let usage = &answer.end()["usage"];
        usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap()
    };
    let expected = json!([{ "conversation_id": conversation, "tokens": tokens(&first) + tokens(&second), "calls": 6 }]);
    assert_eq!(json!(sums), expected);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_what_was_used_until_then() {
    let anna = new_user();
    let server = Server::with_model(slow()).await;
    let response = server.send(anna, &json!({ "message": "a long story" })).await;
    let mut stream = response.bytes_stream();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let mut kept = Vec::new();
    for _ in 0..200 {
        kept = rows(server.world, anna).await;
        if !kept.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let agents: Vec<&str> = kept.iter().filter_map(|row| row["agent_type"].as_str()).collect();
    assert_eq!(agents, ["invoices", "supervisor"], "{kept:?}");
    assert!(kept.iter().all(|row| row["calls"] == 1 && row["input_tokens"].as_f64() > Some(500.0)), "{kept:?}");
}

#[tokio::test]
async fn a_failed_turn_tells_its_usage_as_well() {
    let model = script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "error": "unavailable" } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let server = Server::with_model(model).await;
    let answer = server.chat(new_user(), "overdue?").await;
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    assert_eq!(parts(&answer.end()["usage"]), [("supervisor", 1), ("invoices", 1)]);
}

#[tokio::test]
async fn a_spent_day_ends_a_turn_with_words_and_a_complete_and_a_restart_gives_no_new_one() {
    let (anna, bert) = (new_user(), new_user());
    let limits = [("LLM_DAILY_TOKENS", "50000")];
    let server = Server::with(script(overdue()), &limits).await;
    let mut turns = 0;
    let spent = loop {
        let answer = server.chat(anna, "Show me all overdue invoices").await;
        turns += 1;
        assert!(turns < 50, "it never ends");
        if !answer.end()["limit"].is_null() {
            break answer;
        }
        assert_eq!(answer.text(), "Two are late.");
    };
    assert!(turns > 2, "{turns}");
    let end = spent.end();
    assert_eq!((&end["type"], &end["limit"]), (&json!("complete"), &json!("day_tokens")));
    assert!(spent.text().contains("You've used up today's share of the assistant."), "{}", spent.text());
    assert!(end["usage"]["input_tokens"].is_u64());
    assert_eq!(server.chat(bert, "Show me all overdue invoices").await.text(), "Two are late.");

    // What was used is read from the database, junk among it or not.
    let conversation = spent.conversation();
    for usage in
        [json!("x"), json!({ "by_agent": 7 }), json!({ "by_agent": [1, { "input_tokens": -1e9, "calls": "x" }] })]
    {
        let row =
            json!({ "conversation_id": conversation, "role": "user", "content": "x", "metadata": { "usage": usage } });
        server.world.insert(anna, "agent_messages", row).await;
    }
    let model = script(overdue());
    let restarted = Server::with(model.clone(), &limits).await;
    let answer = restarted.chat(anna, "Show me all overdue invoices").await;
    let again = if answer.end()["limit"].is_null() { restarted.chat(anna, "overdue again?").await } else { answer };
    assert_eq!(again.end()["limit"], "day_tokens");
    assert!(sum(&rows(server.world, anna).await, "tokens") <= 50_000.0);
}

#[tokio::test]
async fn a_spent_days_cost_asks_the_model_nothing_more() {
    let (anna, prices, model) = (new_user(), Prices::new(), script(overdue()));
    // A call of the supervisor may need 1,024 tokens of answer at ten dollars per million.
    let limits = [("LLM_DAILY_COST_USD", "0.01"), ("LLM_PRICES", &prices.file())];
    let server = Server::with(model.clone(), &limits).await;
    let response =
        server.send(anna, &json!({ "message": "Show me all overdue invoices", "time_zone": "America/Chicago" })).await;
    assert_eq!(response.status(), StatusCode::OK);
    let answer = Answer(canvalo_tests::chunks(&response.text().await.unwrap()));
    assert_eq!(answer.end()["limit"], "day_cost");
    assert!(answer.text().starts_with("You've used up"), "{}", answer.text());
    assert!(answer.text().contains(" PM for you."), "{}", answer.text());
    assert_eq!(model.calls(), 0);
}

#[tokio::test]
async fn a_turn_that_needs_too_much_says_so_after_what_it_found() {
    // An agent that looks the same thing up with ever other words, in a conversation as long as it gets.
    let long = "x".repeat(20_000);
    let model = script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "text": long, "tool_uses": [{ "name": "overdue_invoices", "input": {} }] } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let server = Server::with(model, &[("LLM_TURN_TOKENS", "20000")]).await;
    let answer = server.chat(new_user(), "Show me all overdue invoices").await;
    let end = answer.end();
    assert_eq!((&end["type"], &end["limit"]), (&json!("complete"), &json!("turn_tokens")), "{end}");
    assert!(answer.text().contains("I stopped here: this answer has used up"), "{}", answer.text());
    assert!(!answer.text().contains("I have to stop here"), "it is said once");
}
