//! What is sent.

use std::sync::Arc;

use canvalo::capability::llm::openai::{OpenAi, OpenAiOptions};
use canvalo::capability::llm::{CompletionRequest, Content, Message, Role, ToolResult, ToolUse};
use serde_json::{Value, json};

use crate::server::{Answer, Server};
use crate::support::{ask, kind, model, options, question};

/// A question with a turn of two tools before it.
pub(crate) fn conversation() -> CompletionRequest {
    let mut request = question();
    let used = ToolUse { id: "call_1".into(), name: "list_invoices".into(), input: json!({"limit": 5}) };
    let other = ToolUse { id: "an id of another provider, with more than 40 letters".into(), ..used.clone() };
    let result =
        |id: &str, content, is_error| Content::ToolResult(ToolResult { tool_use_id: id.into(), content, is_error });
    let results = vec![
        Content::Text("And now?".into()),
        result("call_1", json!({"rows": [{"total": 12.5}]}), false),
        result(&other.id, json!("no rights"), true),
    ];
    request.messages.push(Message {
        role: Role::Assistant,
        content: vec![Content::Text("One moment.".into()), Content::ToolUse(used), Content::ToolUse(other)],
    });
    request.messages.push(Message { role: Role::User, content: results });
    request
}

async fn sent(request: CompletionRequest) -> Value {
    let server = Server::start(vec![Answer::text("ok")]).await;
    ask(&model(&server.url), request).await.1.unwrap();
    server.requests().remove(0).body
}

#[tokio::test]
async fn the_request_has_what_all_servers_take() {
    let server = Server::start(vec![Answer::text("ok")]).await;
    ask(&model(&format!("{}/", server.url)), conversation()).await.1.unwrap();
    let request = server.requests().remove(0);
    let head = request.head.to_lowercase();
    assert!(head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json") && head.contains("accept: text/event-stream"), "{head}");
    assert!(!head.contains("authorization"), "without a key");
    let function = json!({"name": "list_invoices", "arguments": "{\"limit\":5}"});
    let call = |id: &str| json!({"id": id, "type": "function", "function": function});
    let other = request.body["messages"][2]["tool_calls"][1]["id"].as_str().unwrap().to_owned();
    assert!(other.len() <= 40);
    assert_eq!(
        request.body,
        json!({
            "model": "qwen3:8b",
            "messages": [
                {"role": "system", "content": "You keep invoices."},
                {"role": "user", "content": "Show me all overdue invoices"},
                {"role": "assistant", "content": "One moment.", "tool_calls": [call("call_1"), call(&other)]},
                {"role": "tool", "tool_call_id": "call_1", "content": "{\"rows\":[{\"total\":12.5}]}"},
                {"role": "tool", "tool_call_id": other, "content": "{\"error\":\"no rights\"}"},
                {"role": "user", "content": "And now?"},
            ],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 500,
            "temperature": 0.0,
            "tools": [{"type": "function", "function": {
                "name": "list_invoices",
                "description": "Lists invoices.",
                "parameters": {"type": "object", "properties": {"limit": {"type": "integer", "maximum": 50}}},
            }}],
            "tool_choice": "auto",
        })
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_sent() {
    let mut request = conversation();
    request.messages[1].content.remove(0);
    assert_eq!(sent(request).await["messages"][2]["content"], Value::Null);
    let bare = CompletionRequest { messages: question().messages, ..Default::default() };
    let body = sent(bare).await;
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["model", "messages", "stream", "stream_options"]);
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn schemas_go_without_references_and_prices_keep_their_digits() {
    let mut request = question();
    Arc::make_mut(&mut request.tools)[0].parameters =
        json!({"properties": {"status": {"$ref": "#/$defs/S"}}, "$defs": {"S": {"type": "string"}}});
    request.temperature = Some(0.7);
    let body = sent(request).await;
    let schema = &body["tools"][0]["function"]["parameters"];
    assert_eq!(schema, &json!({"type": "object", "properties": {"status": {"type": "string"}}}));
    assert_eq!(body["temperature"].to_string(), "0.7");
}

#[tokio::test]
async fn a_conversation_that_would_be_refused_is_not_sent() {
    let server = Server::start(vec![Answer::text("ok")]).await;
    let mut unanswered = conversation();
    unanswered.messages[2].content.pop();
    let mut blank = question();
    blank.messages[0].content = vec![Content::Text(" ".into())];
    let mut misnamed = question();
    Arc::make_mut(&mut misnamed.tools)[0].name = "list-invoices".into();
    for request in [unanswered, blank, misnamed] {
        assert_eq!(kind(&ask(&model(&server.url), request).await.1.unwrap_err()), "invalid");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_a_server_does_not_take_is_left_out_at_once_and_from_then_on() {
    let renamed =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let fixed = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) is.";
    let answers = vec![
        Answer::error(400, "unsupported_parameter", renamed),
        Answer::error(400, "unsupported_value", fixed),
        Answer::body(422, "application/json", r#"{"detail": "stream_options: Extra inputs are not permitted"}"#),
        Answer::text("ok"),
    ];
    let server = Server::start(answers).await;
    let model = model(&server.url);
    for _ in 0..2 {
        assert_eq!(ask(&model, question()).await.0, "ok");
    }
    let has = |at: usize| {
        let body = &server.requests()[at].body;
        ["max_tokens", "max_completion_tokens", "temperature", "stream_options"].map(|name| body.get(name).is_some())
    };
    assert_eq!(server.requests().len(), 5);
    assert_eq!(has(0), [true, false, true, true]);
    assert_eq!(has(1), [false, true, true, true]);
    assert_eq!(has(2), [false, true, false, true]);
    assert_eq!([has(3), has(4)], [[false, true, false, false]; 2]);
}

#[test]
fn an_address_or_a_key_that_cannot_be_sent_makes_no_model() {
    assert!(OpenAi::new(OpenAiOptions::new("localhost", "m")).is_err());
    let key = OpenAiOptions { api_key: Some("sk\nHIDDEN".into()), ..options("http://127.0.0.1:9/v1") };
    let Err(error) = OpenAi::new(key) else { panic!("made") };
    assert!(!error.to_string().contains("HIDDEN"));
}
