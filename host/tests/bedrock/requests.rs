//! What is sent.

use std::sync::Arc;

use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions, Guardrail};
use canvalo::capability::llm::{CompletionRequest, Content, Message, Role, ToolResult, ToolUse};
use serde_json::{Value, json};

use crate::server::{Answer, BedrockServer, Request};
use crate::support::{CLAUDE, NOVA, ask, config, options, question};

/// A question with a turn of two tools before it.
pub(crate) fn conversation() -> CompletionRequest {
    let mut request = question();
    let used = ToolUse { id: "use_1".into(), name: "list_invoices".into(), input: json!({"limit": 5}) };
    let result =
        |id: &str, content, is_error| Content::ToolResult(ToolResult { tool_use_id: id.into(), content, is_error });
    let other = ToolUse { id: "use_2".into(), ..used.clone() };
    request.messages.push(Message {
        role: Role::Assistant,
        content: vec![Content::Text(" ".into()), Content::ToolUse(used), Content::ToolUse(other)],
    });
    request.messages.push(Message {
        role: Role::User,
        content: vec![
            result("use_1", json!({"rows": [{"total": 12.5}]}), false),
            result("use_2", json!({"error": "no"}), true),
        ],
    });
    request
}

/// The request that reaches the service.
pub(crate) async fn sent(model_id: &str, guardrail: Option<Guardrail>, request: CompletionRequest) -> Request {
    let server = BedrockServer::start(vec![Answer::text("ok")]).await;
    let options = BedrockOptions { model_id: model_id.into(), guardrail, ..options(&server) };
    ask(&Bedrock::with_config(&config(), options), request).await.1.unwrap();
    server.requests().remove(0)
}

fn cache_point() -> Value {
    json!({"cachePoint": {"type": "default"}})
}

#[tokio::test]
async fn the_request_is_in_the_services_shape() {
    let sent = sent(NOVA, None, conversation()).await;
    assert!(sent.head.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse-stream "), "{}", sent.head);
    assert_eq!(
        sent.body,
        json!({
            "system": [{"text": "You keep invoices."}, cache_point()],
            "messages": [
                {"role": "user", "content": [{"text": "Show me all overdue invoices"}]},
                {"role": "assistant", "content": [
                    {"toolUse": {"toolUseId": "use_1", "name": "list_invoices", "input": {"limit": 5}}},
                    {"toolUse": {"toolUseId": "use_2", "name": "list_invoices", "input": {"limit": 5}}},
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "use_1", "status": "success", "content": [{"json": {"rows": [{"total": 12.5}]}}]}},
                    {"toolResult": {"toolUseId": "use_2", "status": "error", "content": [{"json": {"error": "no"}}]}},
                ]},
            ],
            "inferenceConfig": {"maxTokens": 500, "temperature": 0.0},
            "toolConfig": {"tools": [{"toolSpec": {
                "name": "list_invoices",
                "description": "Lists invoices.",
                "inputSchema": {"json": {"type": "object", "properties": {"limit": {"type": "integer", "maximum": 50}}}},
            }}]},
        })
    );
}

#[tokio::test]
async fn claude_gets_a_cache_point_behind_the_tools_as_well() {
    let body = sent(CLAUDE, None, question()).await.body;
    assert_eq!(body["system"][1], cache_point());
    assert_eq!(body["toolConfig"]["tools"][1], cache_point());
    let body = sent("meta.llama3-3-70b-instruct-v1:0", None, question()).await.body;
    assert!(!body.to_string().contains("cachePoint"));
}

#[tokio::test]
async fn nova_gets_schemas_without_references_and_others_get_them_as_they_are() {
    let mut request = question();
    Arc::make_mut(&mut request.tools)[0].parameters = json!({
        "type": "object",
        "properties": {"status": {"$ref": "#/$defs/Status"}},
        "additionalProperties": false,
        "$defs": {"Status": {"type": "string"}},
    });
    let schema = |request: Request| request.body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"].clone();
    let plain = json!({"type": "object", "properties": {"status": {"type": "string"}}});
    assert_eq!(schema(sent(NOVA, None, request.clone()).await), plain);
    assert_eq!(schema(sent(CLAUDE, None, request.clone()).await), request.tools[0].parameters);
}

#[tokio::test]
async fn a_guardrail_reads_the_answer_before_the_user_does() {
    let guardrail = Guardrail { id: "gr1abc".into(), version: "3".into() };
    let body = sent(NOVA, Some(guardrail), question()).await.body;
    let config = &body["guardrailConfig"];
    assert_eq!((&config["guardrailIdentifier"], &config["guardrailVersion"]), (&json!("gr1abc"), &json!("3")));
    assert_eq!(config["streamProcessingMode"], "sync");
    assert!(sent(NOVA, None, question()).await.body.get("guardrailConfig").is_none());
}
