//! Questions that take more than one agent.

use canvalo_tests::{Answer, Server, new_user};
use chrono::Datelike;
use serde_json::{Value, json};

use crate::scripts::{script, some_invoices};

/// Agents that answer with a word of theirs, asked for by the supervisor as `first` says.
fn team(first: Value, more: &[Value]) -> Value {
    let agent = |offered: &str, text: &str| json!({ "when": { "tool_offered": offered, "after_tool": null }, "reply": { "text": text, "deltas": 3, "delay_ms": 5 } });
    let mut rules = more.to_vec();
    rules.extend([
        agent("list_contacts", "Two people are waiting."),
        agent("list_invoices", "Three invoices are open."),
        json!({ "when": { "tool_offered": "invoices", "after_tool": null }, "reply": { "tool_uses": first } }),
        json!({ "when": { "tool_offered": "invoices" }, "reply": { "text": "Call them today." } }),
    ]);
    Value::Array(rules)
}

fn both() -> Value {
    json!([
        { "name": "invoices", "input": { "task": "the money" } },
        { "name": "contacts", "input": { "task": "the people" } },
    ])
}

/// The agents in the order in which they spoke, a run of chunks counted once.
fn speakers(answer: &Answer) -> Vec<&str> {
    let tokens = answer.0.iter().filter(|chunk| chunk["type"] == "token");
    let mut speakers: Vec<&str> = tokens.filter_map(|chunk| chunk["agent_type"].as_str()).collect();
    speakers.dedup();
    speakers
}

#[tokio::test]
async fn agents_that_work_at_the_same_time_speak_one_after_the_other_and_the_supervisor_closes() {
    let model = script(team(both(), &[]));
    let server = Server::with_model(model.clone()).await;
    let answer = server.chat(new_user(), "Money and people?").await;

    assert_eq!(answer.text_of("invoices").trim(), "Three invoices are open.");
    assert_eq!(answer.text_of("contacts").trim(), "Two people are waiting.");
    assert_eq!(answer.text_of("supervisor"), "\n\nCall them today.");
    let speakers = speakers(&answer);
    assert_eq!((speakers.len(), speakers[2]), (3, "supervisor"), "{speakers:?}");
    assert_eq!(answer.end()["type"], "complete");
    assert_eq!(answer.end()["agent_type"], "supervisor");
    let merge = format!("{:?}", model.requests().last().unwrap().messages);
    assert!(merge.contains("Three invoices are open.") && merge.contains("Two people are waiting."), "{merge}");
}

#[tokio::test]
async fn one_agent_that_fails_leaves_the_others_answer_and_is_named() {
    let fails = json!({ "when": { "tool_offered": "list_contacts" }, "reply": { "error": "unavailable" } });
    let model = script(team(both(), std::slice::from_ref(&fails)));
    let server = Server::with_model(model.clone()).await;
    let answer = server.chat(new_user(), "Money and people?").await;
    assert_eq!(answer.text_of("invoices").trim(), "Three invoices are open.");
    assert_eq!(answer.end()["type"], "complete");
    let merge = format!("{:?}", model.requests().last().unwrap().messages);
    assert!(merge.contains("The contacts assistant couldn't reach a service it needs."), "{merge}");

    let no_merge =
        json!({ "when": { "tool_offered": "invoices", "after_tool": "invoices" }, "reply": { "error": "other" } });
    let no_merge_either =
        json!({ "when": { "tool_offered": "invoices", "after_tool": "contacts" }, "reply": { "error": "other" } });
    let server = Server::with_model(script(team(both(), &[fails, no_merge, no_merge_either]))).await;
    let answer = server.chat(new_user(), "Money and people?").await;
    assert_eq!(answer.text_of("invoices").trim(), "Three invoices are open.");
    let closing = answer.text_of("supervisor");
    assert!(closing.contains("part of the answer is missing. The contacts assistant couldn't reach"), "{closing}");
    assert_eq!(answer.end()["type"], "complete");
}

#[tokio::test]
async fn when_all_of_them_fail_the_turn_fails() {
    let fails = |offered: &str| json!({ "when": { "tool_offered": offered }, "reply": { "error": "unavailable" } });
    let rules = team(both(), &[fails("list_contacts"), fails("list_invoices")]);
    let answer = Server::with_model(script(rules)).await.chat(new_user(), "Money and people?").await;
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
}

#[tokio::test]
async fn an_agent_that_needs_anothers_answer_starts_after_it_and_is_told_what_it_needs() {
    let first = json!([{ "name": "contacts", "input": { "then_continue": true } }]);
    let second = json!({
        "when": { "tool_offered": "invoices", "after_tool": "contacts" },
        "reply": { "tool_uses": [{ "name": "invoices", "input": { "task": "Bill Dana Reed" } }] },
    });
    let model = script(team(first, &[second]));
    let server = Server::with_model(model.clone()).await;
    let message = "Find who's waiting longest, then bill them";
    let answer = server.chat(new_user(), message).await;

    assert_eq!(speakers(&answer), ["contacts", "invoices", "supervisor"]);
    assert_eq!(model.calls(), 5, "supervisor, contacts, supervisor, invoices, supervisor");
    let requests = model.requests();
    let of_invoices = requests.iter().find(|request| request.tools.iter().any(|t| t.name == "list_invoices")).unwrap();
    assert!(of_invoices.system.contains("Bill Dana Reed"), "{}", of_invoices.system);
    assert!(format!("{:?}", of_invoices.messages).contains(message), "the message stays as the user wrote it");
}

#[tokio::test]
async fn a_supervisor_that_never_stops_asking_is_stopped() {
    let again = json!([{ "name": "contacts", "input": { "then_continue": true } }]);
    let forever = json!({
        "when": { "tool_offered": "invoices", "after_tool": "contacts" },
        "reply": { "tool_uses": again },
    });
    let model = script(team(again, &[forever]));
    let server = Server::with_model(model.clone()).await;
    let answer = server.chat(new_user(), "Again and again").await;
    assert_eq!(answer.end()["type"], "complete");
    assert_eq!(model.calls(), 7, "three rounds of supervisor and agent, and the one that was not followed");
}

#[tokio::test]
async fn a_turn_that_has_used_its_tokens_ends_with_plain_words() {
    // Every round reads some 28,000 tokens of history and message, of the 200,000 that a message may cost.
    let history: Vec<Value> = (0..8)
        .map(|at| json!({ "role": if at % 2 == 0 { "user" } else { "assistant" }, "content": "paint ".repeat(4_000) }))
        .collect();
    let lists = |offset: u32| {
        json!({
            "when": { "tool_offered": "list_invoices" },
            "reply": { "tool_uses": [{ "name": "list_invoices", "input": { "offset": offset } }] },
        })
    };
    let mut rules: Vec<Value> = Vec::new();
    rules.push(lists(0));
    rules.extend(team(json!([{ "name": "invoices", "input": {} }]), &[]).as_array().unwrap().clone());
    let model = script(Value::Array(rules));
    let server = Server::with(model.clone(), &[("LLM_CONTEXT_TOKENS", "128000")]).await;
    let user = new_user();
    some_invoices(server.world, user, "Anna").await;
    let response = server.send(user, &json!({ "message": "ß".repeat(32_000), "history": history })).await;
    let answer = Answer(canvalo_tests::chunks(&response.text().await.unwrap()));
    assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
    assert!(answer.text().contains("used up what one question may cost"), "{}", answer.text());
    assert!(model.calls() < 8, "{} calls", model.calls());
}

#[tokio::test]
async fn this_months_revenue_is_what_was_collected_and_how_it_stands_against_the_goal() {
    let server = Server::start().await;
    let user = new_user();
    let today = chrono::Utc::now().date_naive();
    let first = today.with_day(1).unwrap();
    let paid = json!({
        "invoice_number": "INV-77", "client_name": "Maria Lopez", "issue_date": first, "due_date": today, "subtotal": 3100.25,
        "total_amount": 3100.25, "amount_paid": 3100.25, "payment_date": today, "status": "paid",
    });
    let goal = json!({
        "title": "Busy month", "goal_type": "revenue", "target_value": 9000, "unit": "$", "status": "active",
        "start_date": first, "end_date": first + chrono::Months::new(1) - chrono::Days::new(1),
    });
    server.world.insert(user, "invoices", json!([paid])).await;
    server.world.insert(user, "goals", json!([goal])).await;

    let answer = server.chat(user, "What's my revenue this month?").await;
    let (invoices, goals) = (answer.text_of("invoices"), answer.text_of("goals"));
    assert!(invoices.contains("**Collected:** $3,100.25"), "{invoices}");
    assert!(goals.contains("Busy month") && goals.contains("$9,000"), "{goals}");
    assert_eq!(answer.end()["type"], "complete");
    assert_eq!(answer.end()["agent_type"], "supervisor");
}

#[tokio::test]
async fn a_question_that_several_agents_share_reaches_all_of_them_when_the_supervisors_model_fails() {
    let says = |offered: &str, text: &str| json!({ "when": { "tool_offered": offered }, "reply": { "text": text } });
    let server = Server::with_model(script(json!([
        { "when": { "tool_offered": "invoices" }, "reply": { "error": "unavailable" } },
        says("list_invoices", "You collected $3,100.25."),
        says("list_goals", "That is a third of the goal."),
    ])))
    .await;
    let answer = server.chat(new_user(), "What's my revenue this month?").await;
    assert_eq!(answer.text_of("invoices").trim(), "You collected $3,100.25.");
    assert_eq!(answer.text_of("goals").trim(), "That is a third of the goal.");
    assert_eq!(answer.end()["type"], "complete");
}
