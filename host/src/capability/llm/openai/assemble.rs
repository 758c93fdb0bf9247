//! The answer, put together from the events of its stream.

use serde_json::Value;
use sse_stream::Sse;

use super::super::thinking::Thinking;
use super::super::{Completion, Content, LlmError, StopReason, TokenUsage, estimate};
use super::calls::Calls;
use super::errors;

/// The last event of a stream.
const DONE: &str = "[DONE]";

/// The answer so far. What a server adds is passed over, and so is a member of another type: what is read here counts.
#[derive(Debug)]
pub(super) struct Assembler {
    text: String,
    thinking: Thinking,
    calls: Calls,
    stop: Option<StopReason>,
    usage: Option<TokenUsage>,
    done: bool,
    estimated_input: u32,
}

impl Assembler {
    /// An empty answer. The input tokens are used if the server reports none.
    pub(super) fn new(estimated_input: u32) -> Self {
        Self {
            text: String::new(),
            thinking: Thinking::default(),
            calls: Calls::default(),
            stop: None,
            usage: None,
            done: false,
            estimated_input,
        }
    }

    /// Takes an event and gives the text that the user may see now.
    pub(super) fn push(&mut self, event: &Sse) -> Result<String, LlmError> {
        let data = event.data.as_deref().unwrap_or_default().trim();
        if data.is_empty() {
            return Ok(String::new());
        }
        if data == DONE {
            self.done = true;
            return Ok(String::new());
        }
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            return Err(LlmError::Unavailable("an event of the stream is not JSON".into()));
        };
        if let Some(error) = errors::in_stream(event.event.as_deref(), &chunk) {
            return Err(error);
        }
        self.usage = usage(&chunk["usage"]).or(self.usage);
        Ok(self.choice(&chunk["choices"][0]))
    }

    /// Nothing is added to an answer that has stopped.
    fn choice(&mut self, choice: &Value) -> String {
        if self.stopped() {
            return String::new();
        }
        let delta = &choice["delta"];
        // Reasoning stands in members of its own, which are not read.
        let mut shown = self.thinking.push(&content(&delta["content"]));
        match &delta["tool_calls"] {
            Value::Array(calls) => calls.iter().for_each(|call| self.calls.push(call)),
            // How the first tools were called, of which there was one at a time.
            _ if delta["function_call"].is_object() => {
                self.calls.push(&serde_json::json!({ "index": 0, "function": delta["function_call"] }));
            }
            _ => {}
        }
        if let Some(reason) = choice["finish_reason"].as_str().filter(|reason| !reason.is_empty()) {
            self.stop = Some(stop_reason(reason));
            shown.push_str(&self.thinking.finish());
        }
        self.text.push_str(&shown);
        shown
    }

    /// Whether the model has said why it stopped.
    pub(super) fn stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether the server has said that nothing more is to come.
    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// The whole answer.
    pub(super) fn finish(&mut self) -> Completion {
        let stop = self.stop.take().unwrap_or_else(|| StopReason::Other("unknown".into()));
        let cut = !matches!(stop, StopReason::ToolUse | StopReason::EndTurn);
        let calls = std::mem::take(&mut self.calls);
        let asked = !calls.is_empty() || stop == StopReason::ToolUse;
        // What was withheld is not done either.
        let uses = if stop == StopReason::ContentFiltered { Vec::new() } else { calls.finish(cut) };
        let stop_reason = match stop {
            // A caller that is told of a tool use expects one, and one that gets one expects to be told: some servers
            // say `stop` all the same.
            StopReason::ToolUse | StopReason::EndTurn if asked && uses.is_empty() => {
                StopReason::Other("malformed_tool_use".into())
            }
            StopReason::EndTurn if asked => StopReason::ToolUse,
            stop => stop,
        };
        let text = std::mem::take(&mut self.text);
        let text = (!text.trim().is_empty()).then_some(Content::Text(text));
        let content: Vec<Content> = text.into_iter().chain(uses.into_iter().map(Content::ToolUse)).collect();
        let usage = self.usage.unwrap_or_else(|| estimate::usage(self.estimated_input, &content));
        Completion { content, stop_reason, usage, model: None }
    }
}

/// Text, or the text among parts.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter(|part| part["type"] == "text").filter_map(|part| part["text"].as_str()).collect()
        }
        _ => String::new(),
    }
}

fn stop_reason(reason: &str) -> StopReason {
    match reason {
        "stop" => StopReason::EndTurn,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "length" => StopReason::MaxTokens,
        "content_filter" => StopReason::ContentFiltered,
        other => StopReason::Other(other.chars().take(64).collect()),
    }
}

/// Figures that count. No prompt has no tokens: a server that says so doesn't count them.
fn usage(usage: &Value) -> Option<TokenUsage> {
    let count = |value: &Value| value.as_u64().map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    Some(TokenUsage {
        input_tokens: count(&usage["prompt_tokens"]).filter(|count| *count > 0)?,
        output_tokens: count(&usage["completion_tokens"]).unwrap_or(0),
        cached_input_tokens: count(&usage["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0),
        is_estimate: false,
    })
}
