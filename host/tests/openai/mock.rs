//! The provider against a mock of the API that others wrote, its faults included.

use std::time::{Duration, Instant};

use canvalo::capability::llm::openai::OpenAi;
use canvalo::capability::llm::{Completion, Content, LlmError, Message, Role, StopReason, ToolResult, ToolUse};
use serde_json::json;

use crate::aimock::Mock;
use crate::support::{ask, asks, kind, model, options, question, retrying};

/// The mock with the answers of these tests.
async fn mock(options: &[&str]) -> Mock {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openai/aimock/fixtures.json");
    Mock::start(fixtures.as_ref(), options).await
}

fn uses(completion: &Completion) -> Vec<&ToolUse> {
    let blocks = completion.content.iter();
    blocks.filter_map(|block| if let Content::ToolUse(tool) = block { Some(tool) } else { None }).collect()
}

/// Asks for invoices, gives what the tools say, and gets the answer.
async fn converse(model: &OpenAi) -> (String, Result<Completion, LlmError>) {
    let mut request = question();
    let (said, end) = ask(model, request.clone()).await;
    let completion = end.unwrap();
    assert_eq!((said.as_str(), &completion.stop_reason), ("One moment.", &StopReason::ToolUse));
    let uses = uses(&completion);
    assert_eq!(uses.iter().map(|tool| tool.id.as_str()).collect::<Vec<_>>(), ["call_1", "call_2"]);
    assert_eq!(
        [&uses[0].input, &uses[1].input],
        [&json!({"status": "overdue", "above": 12.5}), &json!({"status": "sent"})]
    );
    let result = |tool: &&ToolUse| {
        let content = json!({"rows": [{"number": "INV-7"}]});
        Content::ToolResult(ToolResult { tool_use_id: tool.id.clone(), content, is_error: false })
    };
    let results = uses.iter().map(result).collect();
    request.messages.push(Message { role: Role::Assistant, content: completion.content.clone() });
    request.messages.push(Message { role: Role::User, content: results });
    ask(model, request).await
}

#[tokio::test]
async fn a_conversation_with_tools_goes_through() {
    for chunk_size in ["1", "7", "1000"] {
        let mock = mock(&["--chunk-size", chunk_size]).await;
        let (said, end) = converse(&model(&mock.url)).await;
        let completion = end.unwrap();
        assert_eq!((said.as_str(), completion.stop_reason), ("INV-7 is overdue.", StopReason::EndTurn));
        assert_eq!((completion.usage.input_tokens, completion.usage.output_tokens), (200, 6));
        assert_eq!(mock.calls().await, 2, "one request a completion");
    }
}

/// What one question becomes, by the error's kind or the reason of the end, and the tools that would run.
async fn outcome(mock: &Mock, question: &str) -> (String, String, usize) {
    let (said, end) = ask(&model(&mock.url), asks(question)).await;
    match end {
        Ok(completion) => (said, format!("{:?}", completion.stop_reason), uses(&completion).len()),
        Err(error) => (said, kind(&error).to_owned(), 0),
    }
}

#[tokio::test]
async fn odd_answers_are_an_answer_or_a_typed_error_and_run_no_tool() {
    let mock = mock(&[]).await;
    for (question, said, end) in [
        ("reason about it", "Yes.", "EndTurn"),
        ("malformed", "", "Other(\"malformed_tool_use\")"),
        ("too much", "You have", "MaxTokens"),
        ("withheld", "", "ContentFiltered"),
        ("it breaks off", "One moment.", "unavailable"),
        ("it stops without a word", "", "unavailable"),
        ("overloaded", "", "unavailable"),
        ("no such model", "", "unauthorized"),
        ("nothing that it knows", "", "unavailable"),
    ] {
        assert_eq!(outcome(&mock, question).await, (said.to_owned(), end.to_owned(), 0), "{question}");
    }
}

#[tokio::test]
async fn every_fault_of_the_mock_is_a_typed_error_and_is_tried_three_times() {
    for (fault, expected) in [
        ("--chaos-drop", "unavailable"),
        ("--chaos-malformed", "unavailable"),
        ("--chaos-disconnect", "unavailable"),
        ("--chaos-ratelimit", "rate limited"),
    ] {
        let mock = mock(&[fault, "1"]).await;
        let (said, end) = ask(&retrying(model(&mock.url)), question()).await;
        let error = end.unwrap_err();
        assert_eq!((said.as_str(), kind(&error)), ("", expected), "{fault}: {error}");
        let wait = (expected == "rate limited").then_some(Duration::from_secs(1));
        assert_eq!(error.retry_after(), wait, "{fault}");
        assert_eq!(mock.calls().await, 3, "{fault}");
    }
}

#[tokio::test]
async fn a_mock_that_fails_at_random_gives_whole_answers_and_typed_errors_alone() {
    let mock = mock(&["--chaos-drop", "0.2", "--chaos-malformed", "0.2", "--chaos-disconnect", "0.2"]).await;
    let model = retrying(model(&mock.url));
    let (mut answered, mut failed) = (0, 0);
    for _ in 0..40 {
        let (said, end) = ask(&model, question()).await;
        match end {
            Ok(completion) => {
                assert_eq!((said.as_str(), uses(&completion).len()), ("One moment.", 2));
                answered += 1;
            }
            Err(error) => {
                assert_eq!((said.as_str(), kind(&error)), ("", "unavailable"));
                failed += 1;
            }
        }
    }
    // Half of all calls fail; an answer takes three failures in a row to be lost.
    assert!(answered > failed, "{answered} answered, {failed} failed");
}

#[tokio::test]
async fn latency_is_borne_up_to_the_wait_for_the_first_event() {
    let mock = mock(&["--chaos-latency", "1500", "--latency", "50"]).await;
    let began = Instant::now();
    assert!(ask(&model(&mock.url), question()).await.1.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(1500));
    let mut impatient = options(&mock.url);
    impatient.timeouts.first_event = Duration::from_millis(500);
    let error = ask(&OpenAi::new(impatient).unwrap(), question()).await.1.unwrap_err();
    assert!(kind(&error) == "unavailable" && error.to_string().contains("nothing arrived"), "{error}");
}
