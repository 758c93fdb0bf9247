//! What is kept of what a turn used.

use futures::StreamExt;

use super::*;
use crate::capability::llm::CompletionRequest;

/// A model call of an agent, as far as a test lets it come.
async fn call(account: &Arc<Account>, agent: &str, events: usize) {
    let script = r#"[{ "reply": { "text": "four", "deltas": ["fo", "ur"] } }]"#;
    let model: Arc<dyn LanguageModel> = Arc::new(Scripted::from_json(script).unwrap());
    let messages = vec![Message::text(Role::User, "four")];
    let request = CompletionRequest { messages, ..CompletionRequest::default() };
    let stream = account.meter(&model, agent).stream(request).await.unwrap();
    stream.take(events).collect::<Vec<_>>().await;
}

/// The usage in each message's metadata: who said it, calls and tokens.
fn kept(world: &World) -> Vec<(String, u64, u64)> {
    let rows = world.data.rows("agent_messages");
    let usage = rows.iter().filter(|row| row["metadata"].get("usage").is_some()).map(|row| {
        let usage = &row["metadata"]["usage"];
        let speaker = row["agent_type"].as_str().unwrap_or("user").to_owned();
        let tokens = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
        (speaker, usage["calls"].as_u64().unwrap(), tokens)
    });
    usage.collect()
}

#[tokio::test]
async fn the_last_message_of_a_turn_has_what_all_of_it_used_and_no_other_has() {
    let world = World::new();
    let opening = world.open(None, "How is June?").await.unwrap();
    let account = opening.account();
    let (_, mut record) = begin(opening);
    call(&account, "supervisor", 3).await;
    call(&account, "invoices", 3).await;
    record.hear(&said("invoices", "Money came in."));
    record.hear(&said("tasks", "All done."));
    record.end(true);
    drop(record);
    world.written().await;
    assert_eq!(kept(&world), [("tasks".to_owned(), 2, 4)]);
    let usage = world.data.rows("agent_messages")[2]["metadata"]["usage"].clone();
    let agents: Vec<&Value> = usage["by_agent"].as_array().unwrap().iter().map(|share| &share["agent_type"]).collect();
    assert_eq!(agents, ["supervisor", "invoices"]);
}

#[tokio::test]
async fn a_turn_that_said_nothing_leaves_its_usage_with_the_question() {
    let world = World::new();
    let opening = world.open(None, "How is June?").await.unwrap();
    let account = opening.account();
    let (_, record) = begin(opening);
    call(&account, "supervisor", 1).await;
    drop(record);
    world.written().await;
    assert_eq!(kept(&world), [("user".to_owned(), 1, 2)]);
    assert_eq!(world.data.rows("agent_messages")[0]["metadata"]["usage"]["estimated"], true);
}

#[tokio::test]
async fn a_call_that_ends_a_moment_after_its_reader_went_is_counted_too() {
    let world = World::new();
    let opening = world.open(None, "How is June?").await.unwrap();
    let account = opening.account();
    let (_, mut record) = begin(opening);
    let running = account.ledger().running();
    record.hear(&said("invoices", "Mo"));
    drop(record);
    tokio::time::sleep(Duration::from_millis(20)).await;
    call(&account, "invoices", 1).await;
    drop(running);
    world.written().await;
    assert_eq!(kept(&world), [("invoices".to_owned(), 1, 2)]);
}

#[tokio::test]
async fn a_summary_is_part_of_what_the_turn_before_it_used() {
    let world = World::new();
    let long = |name: &str| format!("{name} {}", "x".repeat(900));
    let mut id = None;
    for turn in 1..=4 {
        let opening = world.open(id, &long(&format!("q{turn}"))).await.unwrap();
        let account = opening.account();
        let (conversation, mut record) = begin(opening);
        id = Some(conversation);
        call(&account, "invoices", 3).await;
        record.hear(&said("invoices", &long(&format!("a{turn}"))));
        record.end(true);
        drop(record);
        world.written().await;
    }
    assert_eq!(world.model.calls(), 1, "a summary was written");
    let kept = kept(&world);
    assert_eq!(kept.iter().map(|(_, calls, _)| *calls).collect::<Vec<_>>(), [1, 1, 1, 2]);
    assert!(kept[3].2 > 1_000, "{kept:?}");
    let last = world.data.rows("agent_messages").pop().unwrap();
    assert_eq!(last["metadata"]["usage"]["by_agent"][1]["agent_type"], "conversation");
}
