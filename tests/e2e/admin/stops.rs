//! Stopping: a turn, a plugin, all writes.

use canvalo::telemetry;
use canvalo_tests::{Answer, Server, chunks, new_user, until};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Operator, server};
use crate::scripts::{script, slow};

/// Sends a message and waits until its agent speaks. What was read so far comes with it.
async fn speaking(server: &Server, user: uuid::Uuid) -> reqwest::Response {
    let mut response = server.send(user, &json!({ "message": "a long story" })).await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("word0"), "{first:?}");
    response
}

#[tokio::test]
async fn a_turn_that_is_stopped_ends_with_one_error_that_says_so_in_plain_words() {
    let model = slow();
    let server = server(model.clone(), &[]).await;
    let operator = Operator(&server);
    let (anna, ben) = (new_user(), new_user());
    let of_anna = speaking(&server, anna).await;
    let of_ben = speaking(&server, ben).await;

    let turns = operator.get("turns").await["turns"].as_array().unwrap().clone();
    assert_eq!(turns.len(), 2);
    let turn = &turns[0];
    assert_eq!(turn["user"], *telemetry::user_tag(anna), "the oldest first");
    assert_eq!(turn["agents"], json!(["invoices"]));
    assert_eq!(turn["request_id"], of_anna.headers()["x-request-id"].to_str().unwrap());
    let usage = &turn["usage"];
    assert!(usage["input_tokens"].as_u64() > Some(0) && usage["calls"] == 1, "the supervisor has chosen: {turn}");
    assert_eq!(usage["by_agent"][0]["agent_type"], "supervisor");
    assert!(turn["age_ms"].is_u64() && turn["started_at"].is_string() && turn["conversation_id"].is_string());
    assert!(!format!("{turns:?}").contains(&anna.to_string()));

    let path = format!("turns/{}", turn["id"].as_str().unwrap());
    let (status, stopped) = operator.call(Method::DELETE, &path).await;
    assert_eq!((status, &stopped["id"]), (200, &turn["id"]));
    let answer = Answer(chunks(&of_anna.text().await.unwrap()));
    assert_eq!(answer.error_code(), "TURN_STOPPED");
    let error = &answer.end()["error"];
    assert_eq!(error["userMessage"], "An administrator stopped this answer.");
    assert_eq!(error["retryable"], false);
    assert!(answer.end()["conversation_id"].is_string());
    until("stopping one model call", || model.in_flight() == 1).await;
    until("freeing one slot", || server.app.supervisor.runtime().free_slots() == 63).await;
    assert_eq!(operator.call(Method::DELETE, &path).await.0, 404, "it doesn't run any more");
    assert_eq!(operator.get("turns").await["turns"].as_array().unwrap().len(), 1);

    drop(of_ben);
    until("the turn of a client that left to end", || server.app.supervisor.turns().all().is_empty()).await;
    assert_eq!(operator.get("turns").await, json!({ "turns": [] }));
}

#[tokio::test]
async fn a_plugin_that_is_disabled_lets_what_runs_go_on_and_one_that_is_killed_stops_it() {
    let model = slow();
    let server = server(model.clone(), &[]).await;
    let operator = Operator(&server);
    let running = speaking(&server, new_user()).await;
    let disabled = operator.post("plugins/invoices/disable").await;
    assert_eq!((&disabled["health"]["state"], &disabled["health"]["running"]), (&"disabled".into(), &1.into()));
    assert_eq!(model.in_flight(), 1);

    let killed = operator.post("plugins/invoices/kill").await;
    assert_eq!(killed["health"]["state"], "disabled");
    let answer = Answer(chunks(&running.text().await.unwrap()));
    assert_eq!(answer.error_code(), "AGENT_DISABLED");
    assert_eq!(answer.end()["error"]["userMessage"], "The invoices assistant is switched off for now.");
    assert_eq!(answer.end()["agent_type"], "invoices");
    until("stopping the model", || model.in_flight() == 0).await;
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 64).await;

    operator.post("plugins/invoices/enable").await;
    let again = speaking(&server, new_user()).await;
    assert_eq!(operator.get("plugins/invoices").await["health"]["running"], 1);
    drop(again);
}

#[tokio::test]
async fn killing_one_of_two_agents_leaves_the_other_ones_answer() {
    let agent = |offered: &str, text: &str, delay_ms: u64| json!({ "when": { "tool_offered": offered, "after_tool": null }, "reply": { "text": text, "deltas": 2, "delay_ms": delay_ms } });
    let both = json!([{ "name": "invoices", "input": {} }, { "name": "contacts", "input": {} }]);
    let server = server(
        script(json!([
            agent("list_contacts", "Two people.", 0),
            agent("list_invoices", "Three invoices.", 60_000),
            { "when": { "tool_offered": "invoices", "after_tool": null }, "reply": { "tool_uses": both } },
            { "when": { "tool_offered": "invoices" }, "reply": { "text": "That is all." } },
        ])),
        &[],
    )
    .await;
    let mut response = server.send(new_user(), &json!({ "message": "both" })).await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("Two"), "{first:?}");
    let operator = Operator(&server);
    let agents = operator.get("turns").await["turns"][0]["agents"].clone();
    assert_eq!(agents, json!(["invoices", "contacts"]));
    operator.post("plugins/invoices/kill").await;
    let answer = Answer(chunks(&format!("{}{}", String::from_utf8_lossy(&first), response.text().await.unwrap())));
    assert_eq!(answer.text_of("contacts").trim(), "Two people.");
    assert_eq!(answer.text_of("supervisor").trim(), "That is all.");
    assert_eq!(answer.end()["type"], "complete");
}

#[tokio::test]
async fn when_writes_are_stopped_an_agent_changes_nothing_and_says_so_and_conversations_are_kept() {
    let tool = |name: &str, input: Value| json!({ "tool_uses": [{ "name": name, "input": input }] });
    let model = script(json!([
        { "when": { "after_tool": "create_contacts" }, "reply": { "text": "Looked at it." } },
        { "when": { "after_tool": "delete_contacts" }, "reply": { "text": "Looked at it." } },
        { "when": { "tool_offered": "create_contacts", "last_user_contains": "delete" }, "reply": tool("delete_contacts", json!({ "contacts": ["Dana Reed"] })) },
        { "when": { "tool_offered": "create_contacts" }, "reply": tool("create_contacts", json!({ "contacts": [{ "name": "Dana Reed", "contact_type": "lead" }] })) },
        { "when": { "tool_offered": "contacts" }, "reply": tool("contacts", json!({})) },
    ]));
    let server = server(model.clone(), &[]).await;
    let operator = Operator(&server);
    let anna = new_user();
    let rows = || server.world.select(anna, "contacts", "select=name");
    let read_by_model = || {
        let requests = model.requests();
        format!("{:?}", requests.last().unwrap().messages.last().unwrap())
    };

    let stopped = operator.post("writes/stop").await;
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(operator.post("writes/stop").await, stopped, "once is enough");
    let answer = server.chat(anna, "add Dana Reed").await;
    assert_eq!(answer.tools().last().unwrap(), &("create_contacts".to_owned(), "failed".to_owned()));
    assert!(read_by_model().contains("An operator has stopped all changes for now; nothing was changed."));
    assert_eq!(rows().await, Vec::<Value>::new());
    assert_eq!(server.world.select(anna, "agent_messages", "select=id").await.len(), 2, "what was said is kept");
    let tag = telemetry::user_tag(anna);
    let denials = operator.events(&format!("kind=denial&user={tag}")).await;
    assert_eq!(denials.len(), 1, "{denials:?}");
    let told = |name: &str| denials[0][name].as_str().unwrap_or("none").to_owned();
    assert_eq!(
        [told("event"), told("plugin"), told("verb"), told("table")],
        ["writes.stopped", "contacts", "insert", "contacts"]
    );

    assert_eq!(operator.post("writes/allow").await["state"], "allowed");
    server.chat(anna, "add Dana Reed").await;
    assert_eq!(rows().await, [json!({ "name": "Dana Reed" })]);
    let writes = operator.events(&format!("kind=write&plugin=contacts&user={tag}")).await;
    assert_eq!((writes.len(), &writes[0]["outcome"], &writes[0]["rows"]), (1, &"written".into(), &1.into()));
    assert!(!format!("{writes:?}{denials:?}").contains("Dana"));

    // A delete isn't even asked about.
    operator.post("writes/stop").await;
    server.chat(anna, "delete her").await;
    assert!(read_by_model().contains("An operator has stopped all changes"), "{}", read_by_model());
    assert_eq!(rows().await.len(), 1);
    let since = denials[0]["at"].as_str().unwrap();
    assert_eq!(operator.events(&format!("kind=denial&user={tag}&since={since}")).await.len(), 2);
    assert_eq!(operator.events(&format!("kind=denial&user={tag}&limit=1")).await[0]["verb"], "delete");
}
