//! Choosing plugins: by the model, which sees them as tools, or by the words of the message.

use std::sync::Arc;

use serde_json::json;

use super::{OUTPUT_TOKENS, Question};
use crate::capability::llm::{
    Completion, CompletionRequest, Content, LlmError, Message, Role, StopReason, Tool, ToolUse,
};
use crate::lexical;
use crate::plugin::{Plugin, Registry};

const PROMPT: &str = include_str!("prompt.md");
pub(super) const MERGE_PROMPT: &str = include_str!("merge.md");

/// Plugins in one turn. More than the model can sensibly need.
const MAX_AGENTS: usize = 4;

/// Who answers.
pub(super) enum Choice {
    /// The supervisor did, and the user has read it.
    Answered,
    /// This plugin, alone.
    One(Arc<Plugin>),
    /// These, at the same time; each with the tool use that asked for it.
    Several(Vec<(Arc<Plugin>, ToolUse)>),
}

/// The supervisor's request: the conversation, and the plugins as tools.
pub(super) fn request(registry: &Registry, question: &Question) -> CompletionRequest {
    let mut messages = question.history.to_vec();
    messages.push(Message::text(Role::User, question.message.as_ref()));
    CompletionRequest {
        system: PROMPT.into(),
        messages,
        tools: registry.plugins().iter().map(|plugin| tool(plugin)).collect(),
        max_output_tokens: Some(OUTPUT_TOKENS),
        temperature: Some(0.0),
    }
}

fn tool(plugin: &Plugin) -> Tool {
    let manifest = &plugin.manifest;
    let mut description = manifest.description.trim().to_owned();
    if !manifest.examples.is_empty() {
        description.push_str("\nExamples:");
        for example in &manifest.examples {
            description.push_str(&format!(" {example:?}"));
        }
    }
    Tool {
        name: tool_name(&manifest.name),
        description,
        parameters: json!({
            "type": "object",
            "properties": {
                "task": {
                    "type": "string",
                    "description": "Only when several agents are called: the part of the message that is this one's.",
                },
            },
        }),
    }
}

/// Some models refuse a dash in a tool's name.
fn tool_name(plugin: &str) -> String {
    plugin.replace('-', "_")
}

/// What the model chose.
pub(super) fn choice(registry: &Registry, completion: Completion) -> Result<Choice, LlmError> {
    let mut chosen: Vec<(Arc<Plugin>, ToolUse)> = Vec::new();
    let mut said_something = false;
    for block in completion.content {
        match block {
            Content::Text(text) => said_something |= !text.trim().is_empty(),
            Content::ToolUse(tool) => {
                let plugin = registry.plugins().iter().find(|plugin| tool_name(&plugin.manifest.name) == tool.name);
                let is_new = |plugin: &Arc<Plugin>| !chosen.iter().any(|(other, _)| Arc::ptr_eq(other, plugin));
                if let Some(plugin) = plugin.filter(|plugin| is_new(plugin)) {
                    chosen.push((plugin.clone(), tool));
                }
            }
            Content::ToolResult(_) => {}
        }
    }
    chosen.truncate(MAX_AGENTS);
    match chosen.len() {
        0 if said_something => Ok(Choice::Answered),
        0 if completion.stop_reason == StopReason::ContentFiltered => {
            Err(LlmError::Invalid("the provider withheld the answer".into()))
        }
        0 => Err(LlmError::Other("the model chose no agent that exists and said nothing".into())),
        1 => Ok(Choice::One(chosen.swap_remove(0).0)),
        _ => Ok(Choice::Several(chosen)),
    }
}

/// The part of the message that the supervisor wants from one of several.
pub(super) fn task(tool: &ToolUse) -> Option<String> {
    tool.input.get("task")?.as_str().filter(|task| !task.trim().is_empty()).map(str::to_owned)
}

/// The plugin whose description and examples share most with the message, if one clearly does.
pub(super) fn lexical(registry: &Registry, message: &str) -> Option<Arc<Plugin>> {
    let candidates: Vec<lexical::Candidate> = registry
        .plugins()
        .iter()
        .map(|plugin| lexical::Candidate {
            name: plugin.manifest.name.clone(),
            description: plugin.manifest.description.clone(),
            examples: plugin.manifest.examples.clone(),
        })
        .collect();
    let best = lexical::rank(message, &candidates).best()?;
    registry.plugins().get(best).cloned()
}
