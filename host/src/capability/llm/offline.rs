//! A model for trying the product without a model provider.
//!
//! It follows rules and gives the same answer to the same request. It knows no agent and no tool: it picks a tool by
//! comparing words with the names, descriptions and examples on offer, fills the arguments from what the message
//! mentions and what the JSON Schema asks for, and shows a tool's result as Markdown.

mod arguments;
mod choose;
mod dates;
mod help;
mod mentions;
mod render;

use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use futures::stream;
use serde_json::Value;

use super::{Completion, CompletionEvent, CompletionRequest, CompletionStream, Content, LanguageModel, LlmError};
use super::{Message, Role, StopReason, ToolResult, ToolUse, estimate};
use choose::Choice;

/// The offline model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offline;

#[async_trait]
impl LanguageModel for Offline {
    fn id(&self) -> &str {
        "offline"
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let answer = answer(&request);
        let stop_reason = if answer.tools.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
        let (text, cut) = limit(answer.text, request.max_output_tokens);
        let stop_reason = if cut { StopReason::MaxTokens } else { stop_reason };
        let mut events: Vec<_> = deltas(&text).map(|delta| Ok(CompletionEvent::TextDelta(delta))).collect();
        let mut content = Vec::new();
        if !text.is_empty() {
            content.push(Content::Text(text));
        }
        content.extend(answer.tools.into_iter().map(Content::ToolUse));
        let usage = estimate::usage(estimate::input_tokens(&request), &content);
        events.push(Ok(CompletionEvent::Finished(Completion { content, stop_reason, usage, model: None })));
        Ok(Box::pin(stream::iter(events)))
    }
}

#[derive(Debug, Default, PartialEq)]
struct Answer {
    text: String,
    tools: Vec<ToolUse>,
}

impl Answer {
    fn text(text: String) -> Self {
        Self { text, tools: Vec::new() }
    }
}

fn answer(request: &CompletionRequest) -> Answer {
    let results = newest_results(&request.messages);
    if !results.is_empty() {
        // Nothing is called after a result, so a conversation with this model always ends.
        return Answer::text(render::results(&results));
    }
    let question = newest_text(&request.messages);
    let today = today(&request.system);
    if let Some(reply) = help::small_talk(&question, request) {
        return Answer::text(reply);
    }
    // The user answers a question of ours: what was asked before and the answer make one request.
    let whole = asked_about(&request.messages)
        .filter(|_| !choose::begins_a_request(&question))
        .map(|earlier| choose::choose(&format!("{earlier}. {question}"), &request.tools, today))
        .filter(|whole| *whole != Choice::Nothing);
    let choice = whole.unwrap_or_else(|| choose::choose(&question, &request.tools, today));
    match choice {
        Choice::Nothing => Answer::text(help::unknown(request)),
        Choice::Incomplete { missing } => Answer::text(help::ask(&missing)),
        Choice::Call(calls) => Answer {
            text: String::new(),
            tools: calls
                .into_iter()
                .enumerate()
                .map(|(index, (name, input))| ToolUse { id: id(&request.system, &question, &name, index), name, input })
                .collect(),
        },
    }
}

/// An id that is the same for the same request and different for another agent's: the system prompt is part of it.
fn id(system: &str, question: &str, tool: &str, index: usize) -> String {
    let mut hasher = DefaultHasher::new();
    (system, question, tool, index).hash(&mut hasher);
    format!("offline_{:016x}", hasher.finish())
}

/// The results in the newest message, each with the name of its tool.
fn newest_results(messages: &[Message]) -> Vec<(String, &ToolResult)> {
    let Some(newest) = messages.last().filter(|message| message.role == Role::User) else { return Vec::new() };
    let name = |id: &str| {
        messages.iter().rev().flat_map(|message| &message.content).find_map(|block| match block {
            Content::ToolUse(tool) if tool.id == id => Some(tool.name.clone()),
            _ => None,
        })
    };
    newest
        .content
        .iter()
        .filter_map(|block| match block {
            Content::ToolResult(result) => Some((name(&result.tool_use_id).unwrap_or_default(), result)),
            _ => None,
        })
        .collect()
}

fn newest_text(messages: &[Message]) -> String {
    messages.iter().rev().find(|message| message.role == Role::User).map(text).unwrap_or_default()
}

fn text(message: &Message) -> String {
    let texts: Vec<&str> = message
        .content
        .iter()
        .filter_map(|block| if let Content::Text(text) = block { Some(text.as_str()) } else { None })
        .collect();
    texts.join("\n")
}

/// What the user wanted when this model last asked something back, if that was the last thing said.
fn asked_about(messages: &[Message]) -> Option<String> {
    let mut said = messages.iter().rev().skip(1);
    let reply = said.next().filter(|m| m.role == Role::Assistant).map(text)?;
    let wish = said.find(|m| m.role == Role::User).map(text)?;
    reply.starts_with(help::ASKING).then_some(wish)
}

/// The user's date, from the line `Current time: 2026-03-09T16:20:00-05:00 (America/Chicago)` of the system prompt.
fn today(system: &str) -> NaiveDate {
    system
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Current time:"))
        .filter_map(|rest| rest.split_whitespace().next())
        .find_map(|time| DateTime::parse_from_rfc3339(time).ok())
        .map_or_else(|| Utc::now().date_naive(), |time| time.date_naive())
}

/// Cuts a text to a number of tokens.
fn limit(text: String, tokens: Option<u32>) -> (String, bool) {
    let Some(most) = tokens.map(estimate::characters).filter(|most| *most < text.len()) else { return (text, false) };
    (text[..text.floor_char_boundary(most)].to_owned(), true)
}

/// A text in pieces of a few words.
fn deltas(text: &str) -> impl Iterator<Item = String> {
    const WORDS: usize = 8;
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    words.chunks(WORDS).map(<[&str]>::concat).collect::<Vec<_>>().into_iter()
}

/// A name of a tool, column or property in plain words: `client_name` → `Client name`.
fn humanise(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Whether a member identifies a row, which is nothing for people to read.
fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id") || name.ends_with("_ids")
}

/// A scalar as text; nothing for null, empty text and containers.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(if *value { "Yes" } else { "No" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
