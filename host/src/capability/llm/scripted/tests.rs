use futures::StreamExt;
use serde_json::json;

use super::super::{Message, Role, Tool, ToolResult};
use super::*;

fn asks(text: &str) -> CompletionRequest {
    CompletionRequest { messages: vec![Message::text(Role::User, text)], ..Default::default() }
}

fn after(tool: &str, id: &str) -> CompletionRequest {
    let mut request = asks("overdue?");
    let used = ToolUse { id: id.into(), name: tool.into(), input: json!({}) };
    let result = ToolResult { tool_use_id: id.into(), content: json!({}), is_error: false };
    request.messages.push(Message { role: Role::Assistant, content: vec![Content::ToolUse(used)] });
    request.messages.push(Message { role: Role::User, content: vec![Content::ToolResult(result)] });
    request
}

async fn events(model: &Scripted, request: CompletionRequest) -> Vec<Result<CompletionEvent, LlmError>> {
    match model.stream(request).await {
        Ok(stream) => stream.collect().await,
        Err(error) => vec![Err(error)],
    }
}

const SCRIPT: &str = r#"[
    {"when": {"after_tool": "list_invoices"}, "reply": {"text": "You have two.", "deltas": 3}},
    {"when": {"after_tool": null, "last_user_contains": "Overdue"},
     "reply": {"tool_uses": [{"name": "list_invoices", "input": {"status": "overdue"}}]}},
    {"when": {"system_contains": "summarise"}, "reply": {"text": "short", "stop_reason": "max_tokens"}},
    {"when": {"tool_offered": "contacts"}, "reply": {"text": "who?"}},
    {"when": {"last_user_contains": "breaks"}, "reply": {"text": "half", "error": "unavailable"}},
    {"when": {"last_user_contains": "slow"}, "reply": {"deltas": ["a", "b"], "delay_ms": 60000}},
    {"when": {"last_user_contains": "busy"}, "reply": {"error": "rate_limited"}}
]"#;

fn finished(events: &[Result<CompletionEvent, LlmError>]) -> &Completion {
    let Some(Ok(CompletionEvent::Finished(completion))) = events.last() else { panic!("{events:?}") };
    completion
}

#[tokio::test]
async fn the_first_rule_that_matches_answers() {
    let model = Scripted::from_json(SCRIPT).unwrap();
    let first = events(&model, asks("what is overdue")).await;
    let Content::ToolUse(tool) = &finished(&first).content[0] else { panic!() };
    assert_eq!((tool.name.as_str(), &tool.input), ("list_invoices", &json!({"status": "overdue"})));
    assert_eq!(finished(&first).stop_reason, StopReason::ToolUse);

    let second = events(&model, after("list_invoices", "x1")).await;
    assert_eq!(second.len(), 4, "three deltas and the end: {second:?}");
    assert_eq!(finished(&second).content, [Content::Text("You have two.".into())]);

    let mut summary = asks("hm");
    summary.system = "Summarise this".into();
    assert_eq!(finished(&events(&model, summary).await).stop_reason, StopReason::MaxTokens);

    let mut offered = asks("hm");
    offered.tools = [Tool { name: "contacts".into(), description: String::new(), parameters: json!({}) }].into();
    assert_eq!(finished(&events(&model, offered).await).content, [Content::Text("who?".into())]);
    assert_eq!(model.calls(), 4);
    assert_eq!(model.requests()[0], asks("what is overdue"));
}

#[tokio::test]
async fn a_request_without_a_rule_is_named_in_the_error() {
    let model = Scripted::from_json(SCRIPT).unwrap();
    let Err(LlmError::Invalid(text)) = model.stream(after("other_tool", "x")).await.map(|_| ()) else { panic!() };
    assert!(text.contains("overdue?") && text.contains("other_tool"), "{text}");
}

#[tokio::test]
async fn errors_come_before_the_stream_or_after_its_text() {
    let model = Scripted::from_json(SCRIPT).unwrap();
    assert!(matches!(model.stream(asks("busy")).await.map(|_| ()), Err(LlmError::RateLimited(_))));
    let broken = events(&model, asks("it breaks")).await;
    assert_eq!(broken[0], Ok(CompletionEvent::TextDelta("half".into())));
    assert!(matches!(broken[1..], [Err(LlmError::Unavailable(_))]));
    assert_eq!((model.in_flight(), model.cancelled()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_counts_as_cancelled() {
    let model = Scripted::from_json(SCRIPT).unwrap();
    let mut stream = model.stream(asks("slow")).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(CompletionEvent::TextDelta("a".into()))));
    assert_eq!(model.in_flight(), 1);
    drop(stream);
    assert_eq!((model.in_flight(), model.cancelled()), (0, 1));

    let whole = events(&model, asks("slow")).await;
    assert_eq!(finished(&whole).content, [Content::Text("ab".into())]);
    assert_eq!((model.in_flight(), model.cancelled(), model.calls()), (0, 1, 2));
}

#[test]
fn a_script_with_an_unknown_member_is_refused() {
    assert!(Scripted::from_json(r#"[{"reply": {"txt": "hi"}}]"#).is_err());
    assert!(Scripted::from_json(r#"[{"whenever": {}, "reply": {}}]"#).is_err());
}
