//! A question and its answer.

use canvalo_tests::{Server, new_user};
use serde_json::json;

use crate::scripts::{overdue, script, some_invoices};

#[tokio::test]
async fn the_overdue_question_shows_the_users_own_invoices_with_their_total_and_nobody_elses() {
    let server = Server::start().await;
    let (anna, ben) = (new_user(), new_user());
    some_invoices(server.world, anna, "Anna").await;
    some_invoices(server.world, ben, "Ben").await;

    let answer = server.chat(anna, "Show me all overdue invoices").await;

    let conversation = answer.conversation();
    let usage = &answer.end()["usage"];
    let end = json!({
        "type": "complete", "agent_type": "invoices", "conversation_id": conversation, "usage": usage,
    });
    assert_eq!(answer.end(), &end);
    let text = answer.text_of("invoices");
    for shown in ["Anna-1", "$1,250.50", "Anna-2", "$99.99", "$1,350.49"] {
        assert!(text.contains(shown), "{shown} is missing in:\n{text}");
    }
    for hidden in ["Ben", "Anna-3", "Anna-4"] {
        assert!(!text.contains(hidden), "{hidden} must not be in:\n{text}");
    }
    let started = ("overdue_invoices".to_owned(), "started".to_owned());
    let completed = ("overdue_invoices".to_owned(), "completed".to_owned());
    assert_eq!(answer.tools(), [started, completed]);
}

#[tokio::test]
async fn the_stream_has_the_frontends_exact_format() {
    let server = Server::with_model(script(overdue())).await;
    let response = server.send(new_user(), &json!({ "message": "overdue?" })).await;
    let headers = response.headers().clone();
    let stream = response.text().await.unwrap();

    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache, no-transform");
    assert_eq!(headers["x-accel-buffering"], "no");
    let id = canvalo_tests::chunks(&stream)[0]["tool_call"]["id"].as_str().unwrap().to_owned();
    let chunks = canvalo_tests::chunks(&stream);
    let conversation = chunks.last().and_then(|end| end["conversation_id"].as_str()).unwrap();
    let usage = &chunks.last().unwrap()["usage"];
    let expected = [
        format!(
            r#"{{"type":"tool_call","tool_call":{{"id":"{id}","name":"overdue_invoices","status":"started"}},"agent_type":"invoices"}}"#
        ),
        format!(
            r#"{{"type":"tool_call","tool_call":{{"id":"{id}","name":"overdue_invoices","status":"completed"}},"agent_type":"invoices"}}"#
        ),
        r#"{"type":"token","content":"Two are","agent_type":"invoices"}"#.to_owned(),
        r#"{"type":"token","content":" late.","agent_type":"invoices"}"#.to_owned(),
        format!(r#"{{"type":"complete","agent_type":"invoices","conversation_id":"{conversation}","usage":{usage}}}"#),
    ];
    let lines: Vec<&str> = stream.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(lines.len(), expected.len(), "{stream}");
    assert_eq!(lines[0], expected[0]);
    assert_eq!(lines[1], expected[1]);
    assert_eq!(lines.last(), expected.last().map(String::as_str).as_ref());
    let text: String = canvalo_tests::chunks(&stream).iter().filter_map(|chunk| chunk["content"].as_str()).collect();
    assert_eq!(text, "Two are late.");
}

#[tokio::test]
async fn one_agent_costs_the_supervisor_one_completion_and_gets_the_message_word_for_word() {
    let model = script(overdue());
    let server = Server::with_model(model.clone()).await;
    let message = "  What's OVERDUE (overdue), \"exactly\"?\n\tPlease ✓  ";
    let answer = server.chat(new_user(), message).await;

    assert_eq!(answer.text(), "Two are late.");
    assert_eq!(model.calls(), 3, "one for the supervisor, two for the agent's tool loop");
    let asked: Vec<String> = model.requests().iter().map(|request| format!("{:?}", request.messages[0])).collect();
    let expected = format!("{message:?}");
    assert!(asked.iter().all(|asked| asked.contains(&expected)), "{asked:?}");
}

#[tokio::test]
async fn when_no_agent_fits_the_supervisor_answers_itself() {
    let server = Server::with_model(script(json!([{ "when": {}, "reply": { "text": "Hello! Ask away." } }]))).await;
    let answer = server.chat(new_user(), "hi").await;
    assert_eq!(answer.text_of("supervisor"), "Hello! Ask away.");
    assert_eq!(answer.end()["type"], "complete");
    assert_eq!(answer.end()["agent_type"], "supervisor");
}

#[tokio::test]
async fn when_the_supervisors_model_fails_the_words_choose_the_agent() {
    let mut rules = overdue();
    rules[2] = json!({ "when": { "tool_offered": "invoices" }, "reply": { "error": "unavailable" } });
    let server = Server::with_model(script(rules)).await;

    let answer = server.chat(new_user(), "Show me all overdue invoices").await;
    assert_eq!(answer.text_of("invoices"), "Two are late.");
    assert_eq!(answer.end()["type"], "complete");

    let answer = server.chat(new_user(), "What is the weather like?").await;
    assert_eq!(answer.error_code(), "MODEL_UNAVAILABLE", "not silence, and no agent that has nothing to do with it");
    assert_eq!(answer.end()["error"]["retryable"], true);
}

#[tokio::test]
async fn a_delete_shows_what_it_would_do_and_does_nothing() {
    let anna = new_user();
    let model = script(json!([
        {
            "when": { "tool_offered": "delete_invoices", "after_tool": null },
            "reply": { "tool_uses": [{ "name": "delete_invoices", "input": { "invoices": ["Anna-2"] } }] },
        },
        { "when": { "after_tool": "delete_invoices" }, "reply": { "text": "I deleted it!" } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let server = Server::with_model(model).await;
    some_invoices(server.world, anna, "Anna").await;

    let answer = server.chat(anna, "Delete Anna-2").await;
    assert_eq!(answer.end()["type"], "complete");
    let text = answer.text();
    assert!(text.contains("approval") && text.contains("Anna-2"), "{text}");
    assert!(!text.contains("I deleted it!"), "{text}");
    assert_eq!(server.world.select(anna, "invoices", "select=id").await.len(), 4);
}

#[tokio::test]
async fn a_payment_is_recorded_to_the_cent_and_only_on_the_users_own_invoice() {
    let (anna, ben) = (new_user(), new_user());
    let pay = |amount: &str| {
        script(json!([
            {
                "when": { "tool_offered": "record_payment", "after_tool": null },
                "reply": { "tool_uses": [{ "name": "record_payment", "input": {
                    "invoice": "Anna-2", "amount": amount,
                } }] },
            },
            { "when": { "after_tool": "record_payment" }, "reply": { "text": "Done." } },
            { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
        ]))
    };
    let server = Server::with_model(pay("0.10")).await;
    some_invoices(server.world, anna, "Anna").await;
    some_invoices(server.world, ben, "Ben").await;

    server.chat(ben, "Anna-2 was paid 0.10").await.end();
    let row =
        || server.world.select(anna, "invoices", "invoice_number=eq.Anna-2&select=amount_paid,balance_due,status");
    assert_eq!(row().await[0]["status"], "sent", "Ben can't pay on Anna's invoice");

    server.chat(anna, "Anna-2 was paid 0.10").await.end();
    let paid = &row().await[0];
    assert_eq!(paid["status"], "partial");
    assert_eq!(paid["amount_paid"].to_string(), "0.10");
    assert_eq!(paid["balance_due"].to_string(), "99.89");
}
