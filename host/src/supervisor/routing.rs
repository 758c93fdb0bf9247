//! Choosing plugins: by the model, which sees them as tools, or by the words of the message.

use std::sync::Arc;

use serde_json::json;

use super::{OUTPUT_TOKENS, Question};
use crate::capability::llm::{
    Completion, CompletionRequest, Content, LlmError, Message, Role, StopReason, Tool, ToolUse,
};
use crate::lexical;
use crate::plugin::manifest::Manifest;
use crate::plugin::{Plugin, Registry};

const PROMPT: &str = include_str!("prompt.md");
pub(super) const MERGE_PROMPT: &str = include_str!("merge.md");

/// Plugins that work at the same time. More than one message sensibly needs.
const AGENTS_AT_ONCE: usize = 4;

/// What the supervisor's model wants next.
pub(super) enum Choice {
    /// Nothing more: the user has read its answer.
    Answered,
    /// These plugins at the same time, at least one.
    Ask(Vec<Assignment>),
}

/// A plugin's part of the answer.
pub(super) struct Assignment {
    /// Who does it.
    pub(super) plugin: Arc<Plugin>,
    /// The tool use that asked for it.
    pub(super) tool_use: ToolUse,
}

impl Assignment {
    /// The part of the message that the supervisor wants from it.
    pub(super) fn task(&self) -> Option<String> {
        self.tool_use.input.get("task")?.as_str().filter(|task| !task.trim().is_empty()).map(str::to_owned)
    }

    /// Whether the supervisor needs the result before it can go on.
    pub(super) fn goes_on(&self) -> bool {
        self.tool_use.input.get("then_continue").is_some_and(|flag| flag == true || flag == "true")
    }
}

/// The supervisor's request: the conversation, and the plugins as tools.
pub(super) fn request(registry: &Registry, question: &Question) -> CompletionRequest {
    let mut messages = question.history.to_vec();
    messages.push(Message::text(Role::User, question.message.as_ref()));
    CompletionRequest {
        system: PROMPT.into(),
        messages,
        tools: registry.as_tools(tool),
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
                    "description": "Only when several agents are called: the part of the message that is this one's, and what it needs to know from the others' answers.",
                },
                "then_continue": {
                    "type": "boolean",
                    "description": "True only when another agent can't start without this one's answer. You are asked again then.",
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
    let mut chosen: Vec<Assignment> = Vec::new();
    let mut said_something = false;
    for block in completion.content {
        match block {
            Content::Text(text) => said_something |= !text.trim().is_empty(),
            Content::ToolUse(tool_use) => {
                let plugin = registry.plugins().iter().find(|plugin| tool_name(&plugin.manifest.name) == tool_use.name);
                let is_new = |plugin: &Arc<Plugin>| !chosen.iter().any(|other| Arc::ptr_eq(&other.plugin, plugin));
                if let Some(plugin) = plugin.filter(|plugin| is_new(plugin)) {
                    chosen.push(Assignment { plugin: plugin.clone(), tool_use });
                }
            }
            Content::ToolResult(_) => {}
        }
    }
    chosen.truncate(AGENTS_AT_ONCE);
    match chosen.len() {
        0 if said_something => Ok(Choice::Answered),
        0 if completion.stop_reason == StopReason::ContentFiltered => {
            Err(LlmError::Invalid("the provider withheld the answer".into()))
        }
        0 => Err(LlmError::Other("the model chose no agent that exists and said nothing".into())),
        _ => Ok(Choice::Ask(chosen)),
    }
}

/// The plugins that the words of a message choose.
pub(super) fn by_words(registry: &Registry, message: &str) -> Vec<Assignment> {
    let plugins = registry.plugins();
    let chosen = choose_by_words(plugins.iter().map(|plugin| &plugin.manifest), message).into_iter();
    chosen.filter_map(|index| plugins.get(index)).map(|plugin| assignment(plugin.clone())).collect()
}

/// The positions of the agents whose descriptions and examples share most with the message; none when it is about
/// something else.
pub fn choose_by_words<'a>(manifests: impl Iterator<Item = &'a Manifest>, message: &str) -> Vec<usize> {
    let candidate = |manifest: &Manifest| lexical::Candidate {
        name: manifest.name.clone(),
        description: manifest.description.clone(),
        examples: manifest.examples.clone(),
    };
    let candidates: Vec<lexical::Candidate> = manifests.map(candidate).collect();
    lexical::choose(message, &candidates, AGENTS_AT_ONCE)
}

/// As the model would have asked.
fn assignment(plugin: Arc<Plugin>) -> Assignment {
    let name = tool_name(&plugin.manifest.name);
    Assignment { plugin, tool_use: ToolUse { id: format!("words_{name}"), name, input: json!({}) } }
}
