//! What a script says.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::{CompletionRequest, Content, LlmError, Role, StopReason};

/// When to answer, and what.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Every condition must hold; none always does.
    #[serde(default)]
    pub when: When,
    /// The answer.
    pub reply: Reply,
}

/// Conditions on a request. Texts are compared without regard to upper and lower case.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// Text that the system prompt holds.
    pub system_contains: Option<String>,
    /// Text that the user's newest text holds, even when tool results came after it.
    pub last_user_contains: Option<String>,
    /// Which tool's result the newest message holds. In JSON: a name, null for none, absent for no condition.
    pub after_tool: AfterTool,
    /// A tool on offer.
    pub tool_offered: Option<String>,
}

/// A condition on the newest message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AfterTool {
    /// No condition.
    #[default]
    Any,
    /// It holds no tool result.
    NoTool,
    /// It holds a result of this tool.
    Tool(String),
}

impl<'de> Deserialize<'de> for AfterTool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map_or(Self::NoTool, Self::Tool))
    }
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    /// Its text.
    pub text: Option<String>,
    /// The tools it asks for.
    pub tool_uses: Vec<ScriptedToolUse>,
    /// How the text is cut. One piece without it.
    pub deltas: Option<Deltas>,
    /// Milliseconds before each piece and before the end.
    pub delay_ms: u64,
    /// A failure in place of the end; before the stream begins if there is no text.
    pub error: Option<ErrorKind>,
    /// The stop reason, in Bedrock's words (`max_tokens`), if not the natural one.
    pub stop_reason: Option<String>,
}

/// A tool use of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedToolUse {
    /// The tool.
    pub name: String,
    /// Its arguments.
    #[serde(default = "empty_object")]
    pub input: Value,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

/// How a text is cut.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Deltas {
    /// Into so many pieces of about the same length.
    Count(usize),
    /// Into these, which stand in place of the text.
    Chunks(Vec<String>),
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// [`LlmError::Invalid`].
    Invalid,
    /// [`LlmError::ContextTooLong`].
    ContextTooLong,
    /// [`LlmError::RateLimited`].
    RateLimited,
    /// [`LlmError::Unauthorized`].
    Unauthorized,
    /// [`LlmError::Unavailable`].
    Unavailable,
    /// [`LlmError::Other`].
    Other,
}

impl ErrorKind {
    pub(super) fn error(self) -> LlmError {
        let text = "as the script says".to_owned();
        match self {
            Self::Invalid => LlmError::Invalid(text),
            Self::ContextTooLong => LlmError::ContextTooLong(text),
            Self::RateLimited => LlmError::RateLimited(text.into()),
            Self::Unauthorized => LlmError::Unauthorized(text),
            Self::Unavailable => LlmError::Unavailable(text.into()),
            Self::Other => LlmError::Other(text),
        }
    }
}

impl When {
    pub(super) fn matches(&self, request: &CompletionRequest) -> bool {
        let holds = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(&wanted.to_lowercase()))
        };
        let after = tools_answered(request);
        holds(&self.system_contains, &request.system)
            && holds(&self.last_user_contains, &last_user_text(request))
            && self.tool_offered.as_ref().is_none_or(|name| request.tools.iter().any(|tool| tool.name == *name))
            && match &self.after_tool {
                AfterTool::Any => true,
                AfterTool::NoTool => after.is_empty(),
                AfterTool::Tool(name) => after.contains(&name.as_str()),
            }
    }
}

impl Reply {
    /// An answer of text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// An answer that asks for one tool.
    pub fn tool_use(name: impl Into<String>, input: Value) -> Self {
        Self { tool_uses: vec![ScriptedToolUse { name: name.into(), input }], ..Self::default() }
    }

    pub(super) fn chunks(&self) -> Vec<String> {
        let text = self.text.as_deref().unwrap_or_default();
        match &self.deltas {
            Some(Deltas::Chunks(chunks)) => chunks.clone(),
            Some(Deltas::Count(count)) => {
                let characters: Vec<char> = text.chars().collect();
                let length = characters.len().div_ceil((*count).max(1)).max(1);
                characters.chunks(length).map(|chunk| chunk.iter().collect()).collect()
            }
            None if text.is_empty() => Vec::new(),
            None => vec![text.to_owned()],
        }
    }
}

pub(super) fn stop_reason(word: &str) -> StopReason {
    match word {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "content_filtered" => StopReason::ContentFiltered,
        other => StopReason::Other(other.to_owned()),
    }
}

/// What a request asks, for an error about it.
pub(super) fn asked(request: &CompletionRequest) -> String {
    let tools: Vec<&str> = request.tools.iter().map(|tool| tool.name.as_str()).collect();
    let after = tools_answered(request);
    format!("{:?}, with results of {after:?} and tools {tools:?}", last_user_text(request))
}

fn last_user_text(request: &CompletionRequest) -> String {
    let texts = |message: &super::super::Message| -> String {
        let texts: Vec<&str> = message
            .content
            .iter()
            .filter_map(|block| if let Content::Text(text) = block { Some(text.as_str()) } else { None })
            .collect();
        texts.join("\n")
    };
    request
        .messages
        .iter()
        .rev()
        .filter(|m| m.role == Role::User)
        .map(texts)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// The names of the tools whose results the newest message holds.
fn tools_answered(request: &CompletionRequest) -> Vec<&str> {
    let Some(newest) = request.messages.last() else { return Vec::new() };
    let name = |id: &str| {
        request.messages.iter().rev().flat_map(|message| &message.content).find_map(|block| match block {
            Content::ToolUse(tool) if tool.id == id => Some(tool.name.as_str()),
            _ => None,
        })
    };
    newest
        .content
        .iter()
        .filter_map(|block| match block {
            Content::ToolResult(result) => Some(name(&result.tool_use_id).unwrap_or("unknown")),
            _ => None,
        })
        .collect()
}
