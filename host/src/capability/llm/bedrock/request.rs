//! A request in the service's shapes.

use std::collections::HashMap;

use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamInputBuilder;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, SystemContentBlock, Tool, ToolConfiguration,
    ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::error::operation::BuildError;
use aws_smithy_types::{Document, Number};
use serde_json::Value;

use super::super::{CompletionRequest, Content, LlmError, Message, Role};

/// The whole request, ready to send.
pub(super) fn render(model_id: &str, request: CompletionRequest) -> Result<ConverseStreamInputBuilder, LlmError> {
    let offers_tools = !request.tools.is_empty();
    if !offers_tools && request.messages.iter().flat_map(|m| &m.content).any(|c| !matches!(c, Content::Text(_))) {
        return Err(LlmError::Invalid("the messages hold tool blocks but no tools are on offer".into()));
    }
    let mut inference = InferenceConfiguration::builder();
    if let Some(limit) = request.max_output_tokens {
        inference = inference.max_tokens(i32::try_from(limit).unwrap_or(i32::MAX));
    }
    // Arguments are to be found, not invented.
    if let Some(temperature) = request.temperature.or(offers_tools.then_some(0.0)) {
        inference = inference.temperature(temperature);
    }
    let mut input = ConverseStreamInputBuilder::default().model_id(model_id).inference_config(inference.build());
    if !request.system.trim().is_empty() {
        input = input.system(SystemContentBlock::Text(request.system));
    }
    for said in request.messages {
        input = input.messages(message(said)?);
    }
    if offers_tools {
        let mut config = ToolConfiguration::builder();
        for offered in request.tools {
            config = config.tools(tool(offered)?);
        }
        input = input.tool_config(config.build().map_err(invalid)?);
    }
    Ok(input)
}

fn message(message: Message) -> Result<aws_sdk_bedrockruntime::types::Message, LlmError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let mut builder = aws_sdk_bedrockruntime::types::Message::builder().role(role);
    let mut empty = true;
    for block in message.content {
        let block = match block {
            // The service refuses a blank block.
            Content::Text(text) if text.trim().is_empty() => continue,
            Content::Text(text) => ContentBlock::Text(text),
            Content::ToolUse(tool) => {
                let block = ToolUseBlock::builder().tool_use_id(tool.id).name(tool.name).input(document(&tool.input));
                ContentBlock::ToolUse(block.build().map_err(invalid)?)
            }
            Content::ToolResult(result) => {
                let status = if result.is_error { ToolResultStatus::Error } else { ToolResultStatus::Success };
                let block = ToolResultBlock::builder()
                    .tool_use_id(result.tool_use_id)
                    .content(tool_result(&result.content))
                    .status(status);
                ContentBlock::ToolResult(block.build().map_err(invalid)?)
            }
        };
        builder = builder.content(block);
        empty = false;
    }
    if empty {
        return Err(LlmError::Invalid("a message has no content".into()));
    }
    builder.build().map_err(invalid)
}

fn tool(tool: super::super::Tool) -> Result<Tool, LlmError> {
    let mut builder =
        ToolSpecification::builder().name(tool.name).input_schema(ToolInputSchema::Json(document(&tool.parameters)));
    if !tool.description.is_empty() {
        builder = builder.description(tool.description);
    }
    Ok(Tool::ToolSpec(builder.build().map_err(invalid)?))
}

/// A tool's answer goes as JSON, which has to be an object, or as JSON text where the SDK's numbers would change it.
fn tool_result(content: &Value) -> ToolResultContentBlock {
    if content.is_object() && exact(content) {
        ToolResultContentBlock::Json(document(content))
    } else {
        ToolResultContentBlock::Text(content.as_str().map_or_else(|| content.to_string(), str::to_owned))
    }
}

/// JSON in the SDK's type. A number that its types can't hold exactly becomes text with the same digits.
fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => {
            exact_number(number).map_or_else(|| Document::String(number.to_string()), Document::Number)
        }
        Value::String(text) => Document::String(text.clone()),
        Value::Array(members) => Document::Array(members.iter().map(document).collect()),
        Value::Object(members) => Document::Object(
            members.iter().map(|(key, value)| (key.clone(), document(value))).collect::<HashMap<_, _>>(),
        ),
    }
}

fn exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => exact_number(number).is_some(),
        Value::Array(members) => members.iter().all(exact),
        Value::Object(members) => members.values().all(exact),
        _ => true,
    }
}

fn exact_number(number: &serde_json::Number) -> Option<Number> {
    if let Some(natural) = number.as_u64() {
        return Some(Number::PosInt(natural));
    }
    if let Some(integer) = number.as_i64() {
        return Some(Number::NegInt(integer));
    }
    let float = number.as_f64().filter(|float| float.is_finite())?;
    let text = number.to_string();
    // `Display` of a float writes the shortest digits that mean it, and never an exponent.
    let same = text.contains(['e', 'E']) || plain(&text) == plain(&float.to_string());
    same.then_some(Number::Float(float))
}

/// Decimal digits without the zeros that don't count.
fn plain(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

fn invalid(error: BuildError) -> LlmError {
    LlmError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(document(&parse("18446744073709551615")), Document::Number(Number::PosInt(u64::MAX)));
        assert_eq!(document(&parse("-3")), Document::Number(Number::NegInt(-3)));
        assert_eq!(document(&parse("1234.50")), Document::Number(Number::Float(1234.5)));
        assert_eq!(document(&parse("12345678901234567.89")), Document::String("12345678901234567.89".into()));
        assert_eq!(document(&parse("99999999999999999999999")), Document::String("99999999999999999999999".into()));
    }

    #[test]
    fn a_result_that_is_no_object_or_not_exact_goes_as_text() {
        assert!(matches!(tool_result(&json!({"rows": [1, 2.5]})), ToolResultContentBlock::Json(_)));
        assert_eq!(tool_result(&json!([1])), ToolResultContentBlock::Text("[1]".into()));
        assert_eq!(tool_result(&json!("done")), ToolResultContentBlock::Text("done".into()));
        let exact = r#"{"total":12345678901234567.89}"#;
        assert_eq!(tool_result(&parse(exact)), ToolResultContentBlock::Text(exact.into()));
    }

    #[test]
    fn tool_blocks_without_tools_on_offer_are_refused_before_the_network() {
        let history = Content::ToolResult(super::super::super::ToolResult {
            tool_use_id: "1".into(),
            content: json!({}),
            is_error: false,
        });
        let messages = vec![Message { role: Role::User, content: vec![history] }];
        let request = CompletionRequest { messages, ..Default::default() };
        assert!(matches!(render("m", request), Err(LlmError::Invalid(_))));
    }

    #[test]
    fn the_temperature_is_zero_only_when_tools_are_on_offer() {
        let tool = super::super::super::Tool { name: "t".into(), description: String::new(), parameters: json!({}) };
        let messages = vec![Message::text(Role::User, "hi")];
        let temperature = |tools: Vec<_>, asked| {
            let request =
                CompletionRequest { messages: messages.clone(), tools, temperature: asked, ..Default::default() };
            render("m", request).unwrap().get_inference_config().clone().and_then(|config| config.temperature)
        };
        assert_eq!(temperature(vec![], None), None);
        assert_eq!(temperature(vec![tool.clone()], None), Some(0.0));
        assert_eq!(temperature(vec![tool], Some(0.5)), Some(0.5));
    }
}
