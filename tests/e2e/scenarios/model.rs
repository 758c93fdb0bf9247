//! The model of one scenario.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use canvalo::capability::llm::offline::Offline;
use canvalo::capability::llm::{
    Completion, CompletionEvent, CompletionRequest, CompletionStream, Content, LanguageModel, LlmError, Message,
    StopReason, TokenUsage, ToolUse,
};
use futures::stream;
use serde_json::{Value, json};

use super::file::{Call, Scenario};
use super::rows::Ids;

/// Makes the calls of a scenario in their order, and notes what it reads.
pub(super) struct Script {
    folder: String,
    picked: Option<String>,
    state: Mutex<State>,
}

struct State {
    calls: VecDeque<Call>,
    made: usize,
    too_many: usize,
    /// The conversation as of the last call.
    messages: Vec<Message>,
}

/// A tool use and what the model read of it.
pub(super) struct Read {
    pub(super) tool: String,
    pub(super) arguments: Value,
    pub(super) result: Value,
    pub(super) is_error: bool,
}

impl Script {
    pub(super) fn new(scenario: &Scenario, ids: &Ids) -> Self {
        let mut calls: VecDeque<Call> = scenario.model.iter().cloned().collect();
        for call in &mut calls {
            if let Call::Says { tools, .. } = call {
                tools.iter_mut().for_each(|(_, arguments)| ids.resolve(arguments));
            }
        }
        let state = State { calls, made: 0, too_many: 0, messages: Vec::new() };
        Self { folder: scenario.folder.clone(), picked: scenario.agent.clone(), state: Mutex::new(state) }
    }

    /// What it was asked too often or not at all.
    pub(super) fn problems(&self) -> Vec<String> {
        let state = self.state();
        let mut problems = Vec::new();
        if !state.calls.is_empty() {
            let all = state.made + state.calls.len();
            problems.push(format!("  the model was called {} times, not {all} times", state.made));
        }
        if state.too_many > 0 {
            problems.push(format!("  the model was called {} times more than the file says", state.too_many));
        }
        problems
    }

    /// The results it read, in order.
    pub(super) fn reads(&self) -> Vec<Read> {
        let state = self.state();
        let blocks = || state.messages.iter().flat_map(|message| &message.content);
        let read = |tool: &ToolUse| {
            let result = blocks().find_map(|block| match block {
                Content::ToolResult(result) if result.tool_use_id == tool.id => Some(result),
                _ => None,
            })?;
            let (result, is_error) = (result.content.clone(), result.is_error);
            Some(Read { tool: tool.name.clone(), arguments: tool.input.clone(), result, is_error })
        };
        let uses = blocks().filter_map(|block| if let Content::ToolUse(tool) = block { Some(tool) } else { None });
        uses.filter_map(read).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call, with its number.
    fn next(&self, request: &CompletionRequest) -> Option<(usize, Call)> {
        let mut state = self.state();
        state.messages.clone_from(&request.messages);
        let call = state.calls.pop_front();
        if call.is_some() {
            state.made += 1
        } else {
            state.too_many += 1
        }
        call.map(|call| (state.made, call))
    }
}

#[async_trait]
impl LanguageModel for Script {
    fn id(&self) -> &str {
        "scenario"
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        // Agents are the supervisor's tools. It is asked again when the agent found that the question wasn't its own.
        let is_supervisors = request.tools.iter().any(|tool| tool.name == self.folder);
        if let (true, 1, Some(agent)) = (is_supervisors, request.messages.len(), &self.picked) {
            return Ok(says(0, String::new(), vec![(agent.clone(), json!({}))]));
        }
        match self.next(&request) {
            Some((number, Call::Says { text, tools })) => Ok(says(number, text, tools)),
            Some((_, Call::Renders)) => Offline.stream(request).await,
            Some((_, Call::Fails)) => Err(LlmError::Unavailable("as the scenario says".into())),
            None => Err(LlmError::Other("the scenario has no such call".to_owned())),
        }
    }
}

fn says(number: usize, text: String, tools: Vec<(String, Value)>) -> CompletionStream {
    let mut events = Vec::new();
    let mut content = Vec::new();
    if !text.is_empty() {
        events.push(Ok(CompletionEvent::TextDelta(text.clone())));
        content.push(Content::Text(text));
    }
    let stop_reason = if tools.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    content.extend(
        tools.into_iter().enumerate().map(|(index, (name, input))| {
            Content::ToolUse(ToolUse { id: format!("use_{number}_{index}"), name, input })
        }),
    );
    let completion = Completion { content, stop_reason, usage: TokenUsage::default(), model: None };
    events.push(Ok(CompletionEvent::Finished(completion)));
    Box::pin(stream::iter(events))
}
