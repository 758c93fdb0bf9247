//! The answer, put together from the events of its stream.

use std::collections::BTreeMap;

use aws_sdk_bedrockruntime::types::{self, ContentBlockDelta, ContentBlockStart, ConverseStreamOutput};
use serde_json::Value;

use super::super::thinking::Thinking;
use super::super::{Completion, Content, StopReason, TokenUsage, ToolUse, estimate};

/// The blocks so far. The service numbers them; their order is that of the numbers.
pub(super) struct Assembler {
    blocks: BTreeMap<i32, Block>,
    stop: Option<StopReason>,
    usage: Option<TokenUsage>,
    estimated_input: u32,
}

enum Block {
    Text { shown: String, thinking: Thinking },
    ToolUse { id: String, name: String, json: String },
}

impl Assembler {
    /// An empty answer. The input tokens are used if the service reports none.
    pub(super) fn new(estimated_input: u32) -> Self {
        Self { blocks: BTreeMap::new(), stop: None, usage: None, estimated_input }
    }

    /// Takes an event and gives the text that the user may see now.
    pub(super) fn push(&mut self, event: ConverseStreamOutput) -> String {
        match event {
            ConverseStreamOutput::ContentBlockStart(event) => {
                if let Some(ContentBlockStart::ToolUse(tool)) = event.start {
                    let block = Block::ToolUse { id: tool.tool_use_id, name: tool.name, json: String::new() };
                    self.blocks.insert(event.content_block_index, block);
                }
            }
            ConverseStreamOutput::ContentBlockDelta(event) => match event.delta {
                Some(ContentBlockDelta::Text(text)) => return self.text(event.content_block_index, &text),
                Some(ContentBlockDelta::ToolUse(delta)) => {
                    if let Some(Block::ToolUse { json, .. }) = self.blocks.get_mut(&event.content_block_index) {
                        json.push_str(&delta.input);
                    }
                }
                // Reasoning and media are not for the user.
                _ => {}
            },
            ConverseStreamOutput::ContentBlockStop(event) => {
                return self.blocks.get_mut(&event.content_block_index).map(flush).unwrap_or_default();
            }
            ConverseStreamOutput::MessageStop(event) => {
                self.stop = Some(stop_reason(&event.stop_reason));
                return self.blocks.values_mut().map(flush).collect();
            }
            ConverseStreamOutput::Metadata(event) => self.usage = event.usage.as_ref().map(usage).or(self.usage),
            _ => {}
        }
        String::new()
    }

    /// Whether the model has said why it stopped.
    pub(super) fn stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether nothing more is to come.
    pub(super) fn complete(&self) -> bool {
        self.stop.is_some() && self.usage.is_some()
    }

    /// The whole answer.
    pub(super) fn finish(&mut self) -> Completion {
        let stop = self.stop.take().unwrap_or_else(|| StopReason::Other("unknown".into()));
        let cut = !matches!(stop, StopReason::ToolUse | StopReason::EndTurn);
        let blocks = std::mem::take(&mut self.blocks).into_values();
        let mut content: Vec<Content> = blocks.filter_map(|block| content(block, cut)).collect();
        // What was withheld is not done either.
        content.retain(|block| stop != StopReason::ContentFiltered || matches!(block, Content::Text(_)));
        let asks = content.iter().any(|block| matches!(block, Content::ToolUse(_)));
        let stop_reason = match stop {
            // The model's arguments were not JSON, and a caller that is told of a tool use expects one.
            StopReason::ToolUse if !asks => StopReason::Other("malformed_tool_use".into()),
            stop => stop,
        };
        let usage = self.usage.unwrap_or_else(|| estimate::usage(self.estimated_input, &content));
        Completion { content, stop_reason, usage, model: None }
    }

    fn text(&mut self, index: i32, delta: &str) -> String {
        let block = self
            .blocks
            .entry(index)
            .or_insert_with(|| Block::Text { shown: String::new(), thinking: Thinking::default() });
        let Block::Text { shown, thinking } = block else { return String::new() };
        let text = thinking.push(delta);
        shown.push_str(&text);
        text
    }
}

fn flush(block: &mut Block) -> String {
    let Block::Text { shown, thinking } = block else { return String::new() };
    let text = thinking.finish();
    shown.push_str(&text);
    text
}

/// A block as callers know it. A tool use whose JSON is not a whole object is left out, and so is one without JSON in
/// an answer that was cut.
fn content(block: Block, cut: bool) -> Option<Content> {
    match block {
        Block::Text { shown, .. } => (!shown.trim().is_empty()).then_some(Content::Text(shown)),
        Block::ToolUse { id, name, json } => {
            let json = if json.trim().is_empty() && !cut { "{}" } else { &json };
            let input: Value = serde_json::from_str(json).ok().filter(Value::is_object)?;
            Some(Content::ToolUse(ToolUse { id, name, input }))
        }
    }
}

fn stop_reason(reason: &types::StopReason) -> StopReason {
    match reason {
        types::StopReason::EndTurn => StopReason::EndTurn,
        types::StopReason::ToolUse => StopReason::ToolUse,
        // A full context window cuts an answer just as its own limit does.
        types::StopReason::MaxTokens | types::StopReason::ModelContextWindowExceeded => StopReason::MaxTokens,
        types::StopReason::StopSequence => StopReason::StopSequence,
        types::StopReason::ContentFiltered | types::StopReason::GuardrailIntervened => StopReason::ContentFiltered,
        other => StopReason::Other(other.as_str().to_owned()),
    }
}

/// The service counts tokens from and into its cache beside the input tokens.
fn usage(usage: &types::TokenUsage) -> TokenUsage {
    let count = |tokens: i32| u32::try_from(tokens).unwrap_or(0);
    let read = usage.cache_read_input_tokens.map_or(0, count);
    let written = usage.cache_write_input_tokens.map_or(0, count);
    TokenUsage {
        input_tokens: count(usage.input_tokens).saturating_add(read).saturating_add(written),
        output_tokens: count(usage.output_tokens),
        cached_input_tokens: read,
        is_estimate: false,
    }
}
