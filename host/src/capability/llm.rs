//! Language models: one trait, a provider per file, and what goes around any of them.
//!
//! - [`bedrock`], [`openai`], [`offline`], [`scripted`]: the providers.
//! - [`retry`], [`fallback`], [`bounded`]: a call that fails is tried again, then asked of another model, and all of it
//!   ends in time. They are put around a provider in this order, from the inside out.
//! - [`metered`]: around all of that, calls are counted in the [`usage`] of a turn, at their [`prices`], and refused when
//!   they would be more than a [`budget`] has left.
//! - [`observed`]: what the operator sees of a call.

pub mod bedrock;
pub mod bounded;
pub mod budget;
pub mod estimate;
pub mod fallback;
mod history;
pub mod metered;
pub mod observed;
pub mod offline;
pub mod openai;
pub mod prices;
pub mod retry;
mod schema;
pub mod scripted;
mod thinking;
pub mod usage;
mod wording;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use estimate::Scale;

/// A model that completes a conversation.
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// The model's name, as health checks and logs show it: `amazon.nova-lite-v1:0`.
    fn id(&self) -> &str;

    /// How many characters of its input make a token, as far as that is known.
    fn scale(&self) -> Scale {
        Scale::default()
    }

    /// Asks the model once. The stream yields text as it arrives and ends with exactly one
    /// [`CompletionEvent::Finished`] or one error. Dropping it, or this future, cancels the call.
    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError>;
}

/// What a provider sends while it answers.
pub type CompletionStream = BoxStream<'static, Result<CompletionEvent, LlmError>>;

/// One call of a model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompletionRequest {
    /// The system prompt.
    pub system: String,
    /// The conversation: starts and ends with the user, roles alternate, every tool use is answered in the next message.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Arc<[Tool]>,
    /// At most this many tokens of answer.
    pub max_output_tokens: Option<u32>,
    /// 0.0 to 1.0.
    pub temperature: Option<f32>,
}

/// A tool the model may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// 1 to 64 characters of `[a-zA-Z0-9_]`.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON Schema of its arguments, an object.
    pub parameters: Value,
}

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The user, and tool results.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// Its blocks, at least one.
    pub content: Vec<Content>,
}

impl Message {
    /// A message of one text block.
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, content: vec![Content::Text(text.into())] }
    }
}

/// One block of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Text or Markdown.
    Text(String),
    /// The model asks for a tool.
    ToolUse(ToolUse),
    /// A tool's answer.
    ToolResult(ToolResult),
}

/// A model's request to run a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolUse {
    /// Names this use within the conversation.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, a JSON object.
    pub input: Value,
}

/// What running a tool gave.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The tool use this answers.
    pub tool_use_id: String,
    /// What the model reads.
    pub content: Value,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// What a provider sends while it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum CompletionEvent {
    /// More text.
    TextDelta(String),
    /// The whole answer, its text included. The last event.
    Finished(Completion),
}

/// A model's whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Text and tool-use blocks in order. A tool use that was cut is left out.
    pub content: Vec<Content>,
    /// Why the model stopped.
    pub stop_reason: StopReason,
    /// What it cost.
    pub usage: TokenUsage,
    /// The model that answered, where that is another one than the one that was asked.
    pub model: Option<Arc<str>>,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It wants tools run.
    ToolUse,
    /// The answer hit its length limit.
    MaxTokens,
    /// It produced a stop sequence.
    StopSequence,
    /// The provider withheld the answer.
    ContentFiltered,
    /// A reason in the provider's own word.
    Other(String),
}

/// Tokens that a call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TokenUsage {
    /// Tokens read, cached ones included.
    pub input_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
    /// Tokens read from the provider's cache.
    pub cached_input_tokens: u32,
    /// Whether the provider did not say, and these are reckoned from the text.
    #[serde(skip)]
    pub is_estimate: bool,
}

/// Why a model gave no answer. The texts are for operators: a provider's own words name accounts, roles and addresses.
/// Everybody else gets [`LlmError::plainly`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlmError {
    /// Sending the request again unchanged is useless.
    #[error("the model refused the request: {0}")]
    Invalid(String),
    /// The conversation is longer than the model reads.
    #[error("the conversation is too long for the model: {0}")]
    ContextTooLong(String),
    /// A budget has too little left for the call. Nothing was sent.
    #[error("the budget is spent: {0}")]
    BudgetSpent(String),
    /// The provider is over its rate limit.
    #[error("the model provider limits the rate of calls: {0}")]
    RateLimited(NotNow),
    /// The provider won't work for this host: credentials are missing or refused, or it has no such model for them.
    #[error("the model provider refused the host's credentials or choice of model: {0}")]
    Unauthorized(String),
    /// The provider failed or can't be reached.
    #[error("the model provider is unavailable: {0}")]
    Unavailable(NotNow),
    /// Anything else.
    #[error("the model call failed: {0}")]
    Other(String),
}

impl LlmError {
    /// What failed, without a provider's words.
    pub fn plainly(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "the model refused the request",
            Self::ContextTooLong(_) => "the conversation is too long for the model",
            Self::BudgetSpent(_) => "the tokens for this question are spent",
            Self::RateLimited(_) => "the model provider limits the rate of calls",
            Self::Unauthorized(_) | Self::Unavailable(_) => "the model provider is not available",
            Self::Other(_) => "the model call failed",
        }
    }

    /// Whether the same request may succeed a little later, or with another model now.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unavailable(_))
    }

    /// One word for it, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::ContextTooLong(_) => "context_too_long",
            Self::BudgetSpent(_) => "budget_spent",
            Self::RateLimited(_) => "rate_limited",
            Self::Unauthorized(_) => "unauthorized",
            Self::Unavailable(_) => "unavailable",
            Self::Other(_) => "other",
        }
    }

    /// How long the provider wants to be left alone, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(cause) | Self::Unavailable(cause) => cause.retry_after,
            _ => None,
        }
    }

    /// With the time that the provider named, where it makes sense to wait.
    fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        match self {
            Self::RateLimited(cause) => Self::RateLimited(NotNow { retry_after, ..cause }),
            Self::Unavailable(cause) => Self::Unavailable(NotNow { retry_after, ..cause }),
            other => other,
        }
    }
}

/// Why a provider can't answer at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNow {
    /// The cause.
    pub message: String,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for NotNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<String> for NotNow {
    fn from(message: String) -> Self {
        Self { message, retry_after: None }
    }
}

impl From<&str> for NotNow {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}
