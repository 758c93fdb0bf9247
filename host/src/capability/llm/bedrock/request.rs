//! A request in the service's shapes.

use std::borrow::Cow;

use aws_sdk_bedrockruntime::operation::converse_stream::builders::ConverseStreamInputBuilder;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ConversationRole, GuardrailStreamConfiguration,
    GuardrailStreamProcessingMode, InferenceConfiguration, SystemContentBlock, Tool, ToolConfiguration,
    ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus, ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::error::operation::BuildError;
use serde_json::Value;

use super::super::{CompletionRequest, Content, LlmError, Message, Role, history, schema};
use super::dialect::Dialect;
use super::document::{document, exact};
use super::{BedrockOptions, Guardrail};

/// The whole request, ready to send.
pub(super) fn render(
    options: &BedrockOptions,
    dialect: Dialect,
    request: CompletionRequest,
) -> Result<ConverseStreamInputBuilder, LlmError> {
    let offers_tools = !request.tools.is_empty();
    if !offers_tools && request.messages.iter().flat_map(|m| &m.content).any(|c| !matches!(c, Content::Text(_))) {
        return Err(LlmError::Invalid("the messages hold tool blocks but no tools are on offer".into()));
    }
    history::check(&request.messages).map_err(|wrong| LlmError::Invalid(format!("messages: {wrong}")))?;

    let mut inference = InferenceConfiguration::builder();
    if let Some(limit) = request.max_output_tokens {
        inference = inference.max_tokens(i32::try_from(limit).unwrap_or(i32::MAX));
    }
    // Arguments are to be found, not invented.
    let temperature = request.temperature.or(offers_tools.then_some(0.0)).filter(|_| dialect.temperature);
    if let Some(temperature) = temperature {
        inference = inference.temperature(temperature);
    }
    let mut input =
        ConverseStreamInputBuilder::default().model_id(&options.model_id).inference_config(inference.build());
    for block in system(&request.system, dialect)? {
        input = input.system(block);
    }
    for said in request.messages {
        input = input.messages(message(said)?);
    }
    if offers_tools {
        let mut config = ToolConfiguration::builder();
        for offered in &*request.tools {
            config = config.tools(tool(offered, dialect)?);
        }
        if dialect.caches_tools {
            config = config.tools(Tool::CachePoint(cache_point()?));
        }
        input = input.tool_config(config.build().map_err(invalid)?);
    }
    if let Some(guardrail) = &options.guardrail {
        input = input.guardrail_config(guardrail_config(guardrail));
    }
    Ok(input)
}

/// The system prompt. What tells the time is another text in every call, so the cache ends before it.
fn system(prompt: &str, dialect: Dialect) -> Result<Vec<SystemContentBlock>, LlmError> {
    let (lasting, fleeting) = prompt.split_at(if dialect.caches_system { clock(prompt) } else { prompt.len() });
    let mut blocks = Vec::new();
    for text in [lasting, fleeting] {
        if text.trim().is_empty() {
            continue;
        }
        blocks.push(SystemContentBlock::Text(text.to_owned()));
        if dialect.caches_system && blocks.len() == 1 && !lasting.trim().is_empty() {
            blocks.push(SystemContentBlock::CachePoint(cache_point()?));
        }
    }
    Ok(blocks)
}

/// Where the paragraph begins that holds the line `Current time: …`, which every agent's prompt has.
fn clock(prompt: &str) -> usize {
    let Some(line) = prompt.rfind("\nCurrent time:") else { return prompt.len() };
    prompt[..line].rfind("\n\n").unwrap_or(line)
}

fn cache_point() -> Result<CachePointBlock, LlmError> {
    CachePointBlock::builder().r#type(CachePointType::Default).build().map_err(invalid)
}

/// A guardrail that reads the answer before the user does.
fn guardrail_config(guardrail: &Guardrail) -> GuardrailStreamConfiguration {
    GuardrailStreamConfiguration::builder()
        .guardrail_identifier(&guardrail.id)
        .guardrail_version(&guardrail.version)
        .stream_processing_mode(GuardrailStreamProcessingMode::Sync)
        .build()
}

fn message(message: Message) -> Result<aws_sdk_bedrockruntime::types::Message, LlmError> {
    let role = match message.role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    };
    let mut builder = aws_sdk_bedrockruntime::types::Message::builder().role(role);
    let mut empty = true;
    let mut content = message.content;
    // Results come first: what stands before them would stand between the tool use and its result.
    content.sort_by_key(|block| message.role == Role::User && !matches!(block, Content::ToolResult(_)));
    for block in content {
        let block = match block {
            // The service refuses a blank block.
            Content::Text(text) if text.trim().is_empty() => continue,
            Content::Text(text) => ContentBlock::Text(text),
            Content::ToolUse(tool) => {
                let block = ToolUseBlock::builder()
                    .tool_use_id(history::id(&tool.id))
                    .name(history::name(&tool.name))
                    .input(document(&tool.input));
                ContentBlock::ToolUse(block.build().map_err(invalid)?)
            }
            Content::ToolResult(result) => {
                let status = if result.is_error { ToolResultStatus::Error } else { ToolResultStatus::Success };
                let block = ToolResultBlock::builder()
                    .tool_use_id(history::id(&result.tool_use_id))
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

fn tool(tool: &super::super::Tool, dialect: Dialect) -> Result<Tool, LlmError> {
    if !history::is_name(&tool.name) {
        return Err(LlmError::Invalid(format!("tool {:?}: a name is letters, digits and underscores", tool.name)));
    }
    let schema = if dialect.plain_schemas {
        let plain = schema::plain(&tool.parameters);
        Cow::Owned(plain.map_err(|wrong| LlmError::Invalid(format!("tool {}: the schema: {wrong}", tool.name)))?)
    } else {
        Cow::Borrowed(&tool.parameters)
    };
    let mut builder =
        ToolSpecification::builder().name(&tool.name).input_schema(ToolInputSchema::Json(document(&schema)));
    if !tool.description.is_empty() {
        builder = builder.description(&tool.description);
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

fn invalid(error: BuildError) -> LlmError {
    LlmError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOVA: &str = "amazon.nova-lite-v1:0";
    const CLAUDE: &str = "anthropic.claude-sonnet-4-20250514-v1:0";
    const OTHER: &str = "meta.llama3-3-70b-instruct-v1:0";

    fn asks(system: &str) -> CompletionRequest {
        let messages = vec![Message::text(Role::User, "hi")];
        CompletionRequest { system: system.into(), messages, tools: [offered("t")].into(), ..Default::default() }
    }

    fn offered(name: &str) -> super::super::super::Tool {
        super::super::super::Tool { name: name.into(), description: String::new(), parameters: json!({}) }
    }

    fn rendered(model: &str, request: CompletionRequest) -> Result<ConverseStreamInputBuilder, LlmError> {
        render(&BedrockOptions::new(model), Dialect::of(model), request)
    }

    /// The system prompt's blocks, a cache point as `|`.
    fn prompt(model: &str, system: &str) -> Vec<String> {
        let input = rendered(model, asks(system)).unwrap();
        let blocks = input.get_system().clone().unwrap_or_default();
        let shown = |block: &SystemContentBlock| block.as_text().map_or_else(|_| "|".to_owned(), Clone::clone);
        blocks.iter().map(shown).collect()
    }

    #[test]
    fn the_cache_ends_before_what_tells_the_time() {
        let system = "You keep invoices.\n\nToday is Monday.\nCurrent time: 2026-03-09T16:20:00Z (UTC)";
        let time = "\n\nToday is Monday.\nCurrent time: 2026-03-09T16:20:00Z (UTC)";
        assert_eq!(prompt(NOVA, system), ["You keep invoices.", "|", time]);
        assert_eq!(prompt(NOVA, "You choose."), ["You choose.", "|"]);
        assert_eq!(prompt(NOVA, time), [time]);
        assert_eq!(prompt(NOVA, " "), [""; 0]);
        assert_eq!(prompt(OTHER, system), [system]);
    }

    #[test]
    fn only_claude_gets_a_cache_point_among_the_tools() {
        for (model, expected) in [(NOVA, false), (CLAUDE, true), (OTHER, false)] {
            let input = rendered(model, asks("")).unwrap();
            let tools = input.get_tool_config().clone().unwrap().tools;
            assert_eq!(tools.iter().any(Tool::is_cache_point), expected, "{model}");
            assert!(tools[0].is_tool_spec());
        }
    }

    #[test]
    fn a_result_that_is_no_object_or_not_exact_goes_as_text() {
        assert!(matches!(tool_result(&json!({"rows": [1, 2.5]})), ToolResultContentBlock::Json(_)));
        assert_eq!(tool_result(&json!([1])), ToolResultContentBlock::Text("[1]".into()));
        assert_eq!(tool_result(&json!("done")), ToolResultContentBlock::Text("done".into()));
        let exact = r#"{"total":12345678901234567.89}"#;
        assert_eq!(tool_result(&serde_json::from_str(exact).unwrap()), ToolResultContentBlock::Text(exact.into()));
    }

    #[test]
    fn what_the_service_would_refuse_never_reaches_the_network() {
        let refused = |request| match rendered(NOVA, request) {
            Err(LlmError::Invalid(wrong)) => wrong,
            other => panic!("{other:?}"),
        };
        let mut request = asks("");
        request.messages.push(Message::text(Role::User, "and?"));
        assert!(refused(request).contains("roles alternate"));
        assert!(
            refused(CompletionRequest { tools: [offered("list-invoices")].into(), ..asks("") }).contains("underscores")
        );
        assert!(
            refused(CompletionRequest { messages: vec![Message::text(Role::User, " ")], ..asks("") })
                .contains("content")
        );
        let used =
            Content::ToolUse(super::super::super::ToolUse { id: "1".into(), name: "t".into(), input: json!({}) });
        let mut request = CompletionRequest { tools: [].into(), ..asks("") };
        request.messages.push(Message { role: Role::Assistant, content: vec![used] });
        assert!(refused(request).contains("no tools are on offer"));
    }

    #[test]
    fn results_stand_before_text_under_ids_and_names_that_the_service_takes() {
        let used = super::super::super::ToolUse { id: "call 1".into(), name: "list-invoices".into(), input: json!({}) };
        let result =
            super::super::super::ToolResult { tool_use_id: "call 1".into(), content: json!({}), is_error: false };
        let mut request = asks("");
        request.messages.push(Message { role: Role::Assistant, content: vec![Content::ToolUse(used)] });
        let content = vec![Content::Text("and?".into()), Content::ToolResult(result)];
        request.messages.push(Message { role: Role::User, content });
        let messages = rendered(NOVA, request).unwrap().get_messages().clone().unwrap();
        let used = messages[1].content[0].as_tool_use().unwrap();
        let result = messages[2].content[0].as_tool_result().unwrap();
        assert_eq!((used.name.as_str(), used.tool_use_id.as_str()), ("list_invoices", result.tool_use_id.as_str()));
        assert!(result.tool_use_id.starts_with("id_"));
        assert!(messages[2].content[1].is_text());
    }

    #[test]
    fn the_temperature_is_zero_only_when_tools_are_on_offer_and_absent_where_there_is_none() {
        let temperature = |tools: Vec<_>, asked, dialect| {
            let request = CompletionRequest { tools: tools.into(), temperature: asked, ..asks("") };
            let input = render(&BedrockOptions::new(NOVA), dialect, request).unwrap();
            input.get_inference_config().clone().and_then(|config| config.temperature)
        };
        let nova = Dialect::of(NOVA);
        assert_eq!(temperature(vec![], None, nova), None);
        assert_eq!(temperature(vec![offered("t")], None, nova), Some(0.0));
        assert_eq!(temperature(vec![offered("t")], Some(0.5), nova), Some(0.5));
        assert_eq!(temperature(vec![offered("t")], Some(0.5), Dialect { temperature: false, ..nova }), None);
    }
}
