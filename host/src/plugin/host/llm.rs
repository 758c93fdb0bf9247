//! `canvalo:agent/llm`: a model call on behalf of a guest, its text piped to the user if the guest says so.

use std::sync::Arc;

use futures::StreamExt;

use super::offer::Offer;
use super::parse_json;
use crate::capability::llm::{self, CompletionEvent};
use crate::plugin::bindings::canvalo::agent::llm::{
    Completion, CompletionRequest, Host, LlmError, StopReason, TokenUsage,
};
use crate::plugin::bindings::canvalo::agent::types::{Content, Message, Role, ToolUse};
use crate::plugin::limits;
use crate::plugin::state::{SendError, Spent, State};

impl Host for State {
    async fn complete(&mut self, request: CompletionRequest) -> wasmtime::Result<Result<Completion, LlmError>> {
        self.budget.host_call()?;
        Ok(self.complete_checked(request).await)
    }
}

impl State {
    async fn complete_checked(&mut self, request: CompletionRequest) -> Result<Completion, LlmError> {
        self.capabilities.llm().map_err(|denial| {
            self.audit(&denial);
            LlmError::Denied(denial.to_string())
        })?;
        self.budget.llm_call()?;
        let stream_to_user = request.stream_to_user;
        let request = checked(request, &self.offer).map_err(LlmError::Invalid)?;

        let model = Arc::clone(&self.services.model);
        let started = self.tools.run(model.stream(request)).await;
        let mut stream = started.map_err(|error| self.failed(error))?;
        while let Some(event) = stream.next().await {
            match event.map_err(|error| self.failed(error))? {
                CompletionEvent::TextDelta(text) if stream_to_user => self.show(text).await?,
                CompletionEvent::TextDelta(_) => {}
                CompletionEvent::Finished(completion) => {
                    self.standing.count_tokens(completion.usage);
                    return Ok(completion.into());
                }
            }
        }
        Err(LlmError::Unavailable("the provider's stream ended without an answer".into()))
    }

    /// What the guest gets to know of a call that failed; the operator reads why.
    fn failed(&self, error: llm::LlmError) -> LlmError {
        tracing::warn!(plugin = %self.agent, user = %self.user_tag, error = %error, "the agent's model call failed");
        error.into()
    }
}

/// Turns a guest's request into the host's, or says what is wrong with it.
fn checked(request: CompletionRequest, offer: &Offer) -> Result<llm::CompletionRequest, String> {
    if request.messages.is_empty() {
        return Err("messages: at least one".into());
    }
    if request.temperature.is_some_and(|temperature| !(0.0..=1.0).contains(&temperature)) {
        return Err("temperature: from 0.0 to 1.0".into());
    }
    if request.max_output_tokens == Some(0) {
        return Err("max-output-tokens: from 1".into());
    }
    let messages: Vec<llm::Message> = request.messages.into_iter().map(message).collect::<Result<_, _>>()?;
    let alternate = messages.iter().enumerate().all(|(at, message)| (message.role == llm::Role::User) == (at % 2 == 0));
    if !alternate {
        return Err("messages: the first is the user's, and roles alternate".into());
    }
    Ok(llm::CompletionRequest {
        system: request.system,
        messages,
        tools: offer.read(request.tools)?,
        max_output_tokens: Some(request.max_output_tokens.unwrap_or(limits::OUTPUT_TOKENS).min(limits::OUTPUT_TOKENS)),
        temperature: request.temperature,
    })
}

fn message(message: Message) -> Result<llm::Message, String> {
    if message.content.is_empty() {
        return Err("messages: each has at least one block".into());
    }
    let role = match message.role {
        Role::User => llm::Role::User,
        Role::Assistant => llm::Role::Assistant,
    };
    let content = message.content.into_iter().map(|block| content(block, role)).collect::<Result<_, _>>()?;
    Ok(llm::Message { role, content })
}

fn content(content: Content, role: llm::Role) -> Result<llm::Content, String> {
    match (content, role) {
        (Content::Text(text), _) => Ok(llm::Content::Text(text)),
        (Content::ToolUse(tool), llm::Role::Assistant) => Ok(llm::Content::ToolUse(llm::ToolUse {
            input: parse_json("tool-use.input", &tool.input)?,
            id: tool.id,
            name: tool.name,
        })),
        (Content::ToolResult(result), llm::Role::User) => Ok(llm::Content::ToolResult(llm::ToolResult {
            content: parse_json("tool-result.content", &result.content)?,
            tool_use_id: result.tool_use_id,
            is_error: result.is_error,
        })),
        (Content::ToolUse(_), llm::Role::User) => Err("messages: a tool use is the assistant's".into()),
        (Content::ToolResult(_), llm::Role::Assistant) => Err("messages: a tool result is the user's".into()),
        (Content::Other(_), _) => Err("messages: this host knows no block of kind `other`".into()),
    }
}

impl From<llm::Completion> for Completion {
    fn from(completion: llm::Completion) -> Self {
        let content = completion.content.into_iter().filter_map(|block| match block {
            llm::Content::Text(text) => Some(Content::Text(text)),
            llm::Content::ToolUse(tool) => {
                Some(Content::ToolUse(ToolUse { input: tool.input.to_string(), id: tool.id, name: tool.name }))
            }
            // Never in an answer.
            llm::Content::ToolResult(_) => None,
        });
        Self {
            content: content.collect(),
            stop_reason: match completion.stop_reason {
                llm::StopReason::EndTurn => StopReason::EndTurn,
                llm::StopReason::ToolUse => StopReason::ToolUse,
                llm::StopReason::MaxTokens => StopReason::MaxTokens,
                llm::StopReason::StopSequence => StopReason::StopSequence,
                llm::StopReason::ContentFiltered => StopReason::ContentFiltered,
                llm::StopReason::Other(reason) => StopReason::Other(reason),
            },
            usage: TokenUsage {
                input_tokens: completion.usage.input_tokens,
                output_tokens: completion.usage.output_tokens,
                cached_input_tokens: completion.usage.cached_input_tokens,
            },
            extra: String::new(),
        }
    }
}

/// In place of a provider's words.
const IN_THE_LOG: &str = "the provider's own words are in the host's log";

impl From<llm::LlmError> for LlmError {
    fn from(error: llm::LlmError) -> Self {
        // The guest need not know what the operator does, and tells others what it knows.
        let text = error.plainly().to_owned();
        match error {
            llm::LlmError::Invalid(_) => Self::Invalid(IN_THE_LOG.to_owned()),
            llm::LlmError::ContextTooLong(_) => Self::ContextTooLong(IN_THE_LOG.to_owned()),
            llm::LlmError::BudgetSpent(_) => Self::LimitExceeded(text),
            llm::LlmError::RateLimited(_) => Self::RateLimited(text),
            // The guest can do nothing about the host's credentials.
            llm::LlmError::Unauthorized(_) | llm::LlmError::Unavailable(_) => Self::Unavailable(text),
            llm::LlmError::Other(_) => Self::Other(text),
        }
    }
}

impl From<Spent> for LlmError {
    fn from(Spent(what): Spent) -> Self {
        Self::LimitExceeded(what.into())
    }
}

impl From<SendError> for LlmError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closed => Self::Other("the user is gone".into()),
            SendError::Spent(spent) => spent.into(),
        }
    }
}
