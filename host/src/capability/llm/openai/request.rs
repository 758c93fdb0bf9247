//! A request in the API's shape, as far as all servers take it.

use serde_json::{Map, Value, json};

use super::super::{CompletionRequest, Content, LlmError, Message, Role, Tool, ToolResult, ToolUse, history, schema};
use super::dialect::Dialect;

/// The whole request, ready to send.
pub(super) fn render(model: &str, dialect: Dialect, request: &CompletionRequest) -> Result<Value, LlmError> {
    history::check(&request.messages).map_err(|wrong| LlmError::Invalid(format!("messages: {wrong}")))?;
    let mut messages = Vec::new();
    if !request.system.trim().is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for said in &request.messages {
        messages.extend(message(said)?);
    }
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages.into());
    body.insert("stream".into(), true.into());
    if dialect.usage {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    if let Some(limit) = request.max_output_tokens {
        body.insert(dialect.limit.into(), limit.into());
    }
    // Arguments are to be found, not invented.
    let temperature = request.temperature.or((!request.tools.is_empty()).then_some(0.0));
    if let Some(temperature) = temperature.filter(|_| dialect.temperature) {
        body.insert("temperature".into(), temperature.into());
    }
    // An empty list is refused.
    if !request.tools.is_empty() {
        body.insert("tools".into(), request.tools.iter().map(tool).collect::<Result<Vec<_>, _>>()?.into());
        body.insert("tool_choice".into(), "auto".into());
    }
    Ok(body.into())
}

/// A message of ours, which may be several there: every tool result is one, and they stand before the user's text.
fn message(message: &Message) -> Result<Vec<Value>, LlmError> {
    let text = text(&message.content);
    let mut rendered = Vec::new();
    match message.role {
        Role::User => {
            let results = message.content.iter().filter_map(|block| match block {
                Content::ToolResult(result) => Some(tool_result(result)),
                _ => None,
            });
            rendered.extend(results);
            rendered.extend(text.map(|text| json!({ "role": "user", "content": text })));
        }
        Role::Assistant => {
            let uses = message.content.iter().filter_map(|block| match block {
                Content::ToolUse(tool) => Some(tool_use(tool)),
                _ => None,
            });
            let uses: Vec<Value> = uses.collect();
            if !uses.is_empty() {
                rendered.push(json!({ "role": "assistant", "content": text, "tool_calls": uses }));
            } else if let Some(text) = text {
                rendered.push(json!({ "role": "assistant", "content": text }));
            }
        }
    }
    if rendered.is_empty() {
        return Err(LlmError::Invalid("a message has no content".into()));
    }
    Ok(rendered)
}

/// The text blocks, without blank ones.
fn text(content: &[Content]) -> Option<String> {
    let texts = content.iter().filter_map(|block| match block {
        Content::Text(text) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
        _ => None,
    });
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn tool_use(tool: &ToolUse) -> Value {
    json!({
        "id": history::id(&tool.id),
        "type": "function",
        "function": { "name": history::name(&tool.name), "arguments": tool.input.to_string() },
    })
}

/// A result is text there, and nothing else says that a tool failed.
fn tool_result(result: &ToolResult) -> Value {
    let content = match &result.content {
        content if result.is_error && content.get("error").is_none() => json!({ "error": content }).to_string(),
        Value::String(text) => text.clone(),
        content => content.to_string(),
    };
    json!({ "role": "tool", "tool_call_id": history::id(&result.tool_use_id), "content": content })
}

fn tool(tool: &Tool) -> Result<Value, LlmError> {
    if !history::is_name(&tool.name) {
        return Err(LlmError::Invalid(format!("tool {:?}: a name is letters, digits and underscores", tool.name)));
    }
    let parameters = schema::plain(&tool.parameters)
        .map_err(|wrong| LlmError::Invalid(format!("tool {}: the schema: {wrong}", tool.name)))?;
    let mut function = json!({ "name": tool.name });
    if !tool.description.is_empty() {
        function["description"] = tool.description.as_str().into();
    }
    function["parameters"] = parameters;
    Ok(json!({ "type": "function", "function": function }))
}
