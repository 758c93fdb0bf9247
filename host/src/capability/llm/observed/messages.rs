//! Prompts and answers in the form of the GenAI conventions: JSON text, as attributes have no objects. Only for operators
//! who asked for it.

use serde_json::{Value, json};

use crate::capability::llm::{Completion, CompletionRequest, Content, Message, Role};

/// The system prompt.
pub(super) fn system(request: &CompletionRequest) -> String {
    json!([{ "type": "text", "content": request.system }]).to_string()
}

/// The conversation.
pub(super) fn input(request: &CompletionRequest) -> String {
    Value::from_iter(request.messages.iter().map(message)).to_string()
}

/// The answer.
pub(super) fn output(completion: &Completion) -> String {
    let parts: Vec<Value> = completion.content.iter().map(part).collect();
    let reason = super::finish_reason(&completion.stop_reason);
    json!([{ "role": "assistant", "parts": parts, "finish_reason": reason }]).to_string()
}

fn message(message: &Message) -> Value {
    let answers_tools = message.content.iter().any(|block| matches!(block, Content::ToolResult(_)));
    let role = match message.role {
        Role::User if answers_tools => "tool",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "parts": message.content.iter().map(part).collect::<Vec<_>>() })
}

fn part(block: &Content) -> Value {
    match block {
        Content::Text(text) => json!({ "type": "text", "content": text }),
        Content::ToolUse(tool) => {
            json!({ "type": "tool_call", "id": tool.id, "name": tool.name, "arguments": tool.input })
        }
        Content::ToolResult(result) => {
            json!({ "type": "tool_call_response", "id": result.tool_use_id, "response": result.content })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::llm::{StopReason, TokenUsage, ToolResult, ToolUse};

    #[test]
    fn tools_and_their_results_have_parts_of_their_own() {
        let tool = ToolUse { id: "1".into(), name: "list".into(), input: json!({ "limit": 3 }) };
        let result = ToolResult { tool_use_id: "1".into(), content: json!([7]), is_error: false };
        let messages = vec![
            Message::text(Role::User, "Hi"),
            Message { role: Role::Assistant, content: vec![Content::ToolUse(tool)] },
            Message { role: Role::User, content: vec![Content::ToolResult(result)] },
        ];
        let shown = input(&CompletionRequest { messages, ..CompletionRequest::default() });
        assert_eq!(
            serde_json::from_str::<Value>(&shown).unwrap(),
            json!([
                { "role": "user", "parts": [{ "type": "text", "content": "Hi" }] },
                {
                    "role": "assistant",
                    "parts": [{ "type": "tool_call", "id": "1", "name": "list", "arguments": { "limit": 3 } }],
                },
                { "role": "tool", "parts": [{ "type": "tool_call_response", "id": "1", "response": [7] }] },
            ])
        );
        let content = vec![Content::Text("Hello".into())];
        let stop_reason = StopReason::MaxTokens;
        let completion = Completion { content, stop_reason, usage: TokenUsage::default(), model: None };
        let shown: Value = serde_json::from_str(&output(&completion)).unwrap();
        let part = json!({ "type": "text", "content": "Hello" });
        assert_eq!(shown, json!([{ "role": "assistant", "parts": [part], "finish_reason": "length" }]));
    }
}
