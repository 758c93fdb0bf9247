//! The tool loop: ask the model, run the tools it wants, ask again, until there is an answer or a limit.

mod calls;
mod summary;
#[cfg(test)]
mod tests;
mod wording;

use calls::Call;
use serde_json::{Map, Value};

use crate::data::{Approval, DataError};
use crate::events::{EventsError, Level, ToolStatus};
use crate::llm::{Completion, CompletionRequest, LlmError, StopReason, Tool as OfferedTool};
use crate::types::{Content, Message, Role, ToolResult, ToolUse};
use crate::{Agent, AgentError, Answer, Context, Ending, Host, Outcome, ToolError, Turn};

/// Model calls in one turn. A useful chain is look up, act, answer, with room for two corrections; more is a model that
/// is lost.
const MAX_ROUNDS: usize = 8;

/// Bytes of text in one event; the contract allows 64 KiB.
const MAX_TEXT: usize = 60_000;

/// Answers one turn of an agent.
///
/// The text of every model call streams to the user. What a tool refuses goes back to the model so that it can correct
/// itself. When the model fails or falls silent after tools ran, the user still reads what they found or changed.
pub fn run(agent: &Agent, host: &mut dyn Host, turn: &Turn) -> Result<Outcome, AgentError> {
    run_with(agent, offer(agent), host, turn)
}

/// As [`run`], with the agent's tools as they are offered to the model.
pub(crate) fn run_with(
    agent: &Agent,
    tools: Vec<OfferedTool>,
    host: &mut dyn Host,
    turn: &Turn,
) -> Result<Outcome, AgentError> {
    if turn.message.trim().is_empty() {
        return Err(AgentError::Invalid("the message is empty".to_owned()));
    }
    let context = Context::new(host, turn)?;
    let request = CompletionRequest {
        system: wording::system(agent, &context, turn),
        messages: conversation(turn),
        tools,
        max_output_tokens: None,
        temperature: None,
        stream_to_user: true,
        extra: String::new(),
    };
    let mut turn = TurnLoop { agent, context, request, calls: Vec::new(), spoke: false };
    let outcome = turn.run();
    // An instance is thrown away as a whole: to free a turn's parts one by one would be for nothing.
    #[cfg(target_arch = "wasm32")]
    std::mem::forget(turn);
    outcome
}

/// An agent's tools, as the model is told of them.
pub(crate) fn offer(agent: &Agent) -> Vec<OfferedTool> {
    let offered = agent.tools.iter().map(|tool| OfferedTool {
        name: tool.name().to_owned(),
        description: tool.description().to_owned(),
        parameters: tool.parameters_text.clone(),
    });
    offered.collect()
}

/// The history and the message, starting with the user and with alternating roles whatever the history holds.
fn conversation(turn: &Turn) -> Vec<Message> {
    let message = Message { role: Role::User, content: vec![Content::Text(turn.message.clone())] };
    let mut messages: Vec<Message> = Vec::with_capacity(turn.history.len() + 2);
    for message in turn.history.iter().cloned().chain([message]) {
        match messages.last_mut() {
            None if message.role == Role::Assistant => {}
            Some(last) if last.role == message.role => last.content.extend(message.content),
            _ => messages.push(message),
        }
    }
    messages
}

/// What a round of tools led to.
enum Step {
    /// The results go to the model.
    Continue(Vec<Content>),
    /// The turn is over.
    End(Outcome),
}

struct TurnLoop<'a> {
    agent: &'a Agent,
    context: Context<'a>,
    request: CompletionRequest,
    calls: Vec<Call>,
    /// Whether the user has read anything of this turn.
    spoke: bool,
}

impl TurnLoop<'_> {
    fn run(&mut self) -> Result<Outcome, AgentError> {
        for round in 0..MAX_ROUNDS {
            let completion = match self.context.host.complete(&self.request) {
                Ok(completion) => completion,
                Err(error) => return self.model_failed(error),
            };
            let has_text = completion.content.iter().any(is_text);
            self.spoke |= has_text;
            let wants_tools = completion.content.iter().any(|block| matches!(block, Content::ToolUse(_)));
            if !wants_tools {
                return self.finish(&completion, has_text);
            }
            if round + 1 == MAX_ROUNDS {
                break;
            }
            if has_text {
                // The next call's text would follow on the same line.
                self.send("\n\n")?;
            }
            let mut content = completion.content;
            // Providers refuse blank text.
            content.retain(|block| !matches!(block, Content::Text(_)) || is_text(block));
            let results = match self.run_tools(round, &content)? {
                Step::Continue(results) => results,
                Step::End(outcome) => return Ok(outcome),
            };
            self.request.messages.push(Message { role: Role::Assistant, content });
            self.request.messages.push(Message { role: Role::User, content: results });
        }
        self.say_with_results(wording::TOO_MANY_STEPS)?;
        Ok(self.outcome(Ending::LimitReached, "too-many-steps"))
    }

    /// The model is done: with words, or with none, or it was stopped.
    fn finish(&mut self, completion: &Completion, has_text: bool) -> Result<Outcome, AgentError> {
        match &completion.stop_reason {
            StopReason::MaxTokens => {
                self.say(if has_text { wording::CUT } else { wording::CUT_SILENTLY })?;
                Ok(self.outcome(Ending::LimitReached, "max-tokens"))
            }
            StopReason::ContentFiltered => {
                self.say_with_results(wording::FILTERED)?;
                Ok(self.outcome(Ending::Answered, "content-filtered"))
            }
            _ if has_text => {
                let asks = self.calls.is_empty() && last_text(completion).trim_end().ends_with('?');
                Ok(self.outcome(if asks { Ending::NeedsInput } else { Ending::Answered }, ""))
            }
            _ => {
                let results = self.results();
                self.say(if results.is_empty() { wording::NOTHING } else { &results })?;
                Ok(self.outcome(if results.is_empty() { Ending::NeedsInput } else { Ending::Answered }, "silent"))
            }
        }
    }

    fn run_tools(&mut self, round: usize, content: &[Content]) -> Result<Step, AgentError> {
        let mut results = Vec::new();
        for block in content {
            let Content::ToolUse(tool_use) = block else { continue };
            let given = arguments(&tool_use.input);
            let input = match &given {
                Ok(members) => Value::Object(members.clone()),
                Err(_) => Value::String(tool_use.input.clone()),
            };
            let writes = self.context.writes();
            let (text, is_error) = match calls::earlier(&self.calls, &tool_use.name, &input, round, writes) {
                calls::Earlier::None => match self.run_tool(round, tool_use, given, input)? {
                    Ok(result) => result,
                    Err(approval) => return self.ask_approval(&approval).map(Step::End),
                },
                calls::Earlier::Known { text, is_error } => (text, is_error),
                calls::Earlier::FailedBefore { message } => {
                    self.say_with_results(&format!("{} {message}", wording::CANNOT))?;
                    return Ok(Step::End(self.outcome(Ending::LimitReached, "repeated-failure")));
                }
            };
            let tool_use_id = tool_use.id.clone();
            results.push(Content::ToolResult(ToolResult { tool_use_id, content: text, is_error }));
        }
        Ok(Step::Continue(results))
    }

    /// Runs one tool. The inner error is an approval that the user must give first.
    fn run_tool(
        &mut self,
        round: usize,
        tool_use: &ToolUse,
        given: Result<Map<String, Value>, ToolError>,
        input: Value,
    ) -> Result<Result<(String, bool), Approval>, AgentError> {
        let Some(tool) = self.agent.tools.iter().find(|tool| tool.name == tool_use.name) else {
            let known: Vec<&str> = self.agent.tools.iter().map(crate::Tool::name).collect();
            let message = format!("There is no tool `{}`. The tools are: {}.", tool_use.name, known.join(", "));
            let writes = self.context.writes();
            return Ok(Ok(self.record(round, tool_use, input, writes, Err(ToolError::Arguments(message)))));
        };
        let sent = self.context.host.tool_started(&tool_use.id, &tool_use.name);
        self.delivered(sent)?;
        let writes = self.context.writes();
        let result = given.and_then(|given| tool.run(&mut self.context, given));
        let status = if result.is_ok() { ToolStatus::Completed } else { ToolStatus::Failed };
        let sent = self.context.host.tool_finished(&tool_use.id, &tool_use.name, status);
        self.delivered(sent)?;
        if let Err(ToolError::Data(DataError::ApprovalRequired(approval))) = result {
            return Ok(Err(approval));
        }
        Ok(Ok(self.record(round, tool_use, input, writes, result)))
    }

    fn record(
        &mut self,
        round: usize,
        tool_use: &ToolUse,
        input: Value,
        writes_before: u32,
        result: Result<Answer, ToolError>,
    ) -> (String, bool) {
        let call = Call::new(round, &tool_use.name, input, writes_before..self.context.writes(), result);
        let result = (call.text(), call.failed());
        self.calls.push(call);
        result
    }

    fn ask_approval(&mut self, approval: &Approval) -> Result<Outcome, AgentError> {
        let changed = self.calls.iter().any(Call::wrote);
        self.say_with_results(&wording::approval(&approval.summary, changed))?;
        let mut outcome = self.outcome(Ending::NeedsApproval, "");
        summary::add_approval(&mut outcome.summary, approval);
        Ok(outcome)
    }

    /// The model gave no completion. What tools did or found so far is told before the turn fails.
    fn model_failed(&mut self, error: LlmError) -> Result<Outcome, AgentError> {
        let has_results = !self.results().is_empty();
        if let LlmError::LimitExceeded(_) = error
            && (has_results || self.spoke)
        {
            self.say_with_results(wording::BUDGET)?;
            return Ok(self.outcome(Ending::LimitReached, "budget"));
        }
        if has_results {
            self.say_with_results(wording::MODEL_FAILED)?;
        }
        Err(match error {
            LlmError::Denied(text) => AgentError::Denied(text),
            LlmError::LimitExceeded(text) => AgentError::LimitExceeded(text),
            LlmError::ContextTooLong(text) => {
                AgentError::LimitExceeded(format!("the conversation is longer than the model reads: {text}"))
            }
            LlmError::RateLimited(text) | LlmError::Unavailable(text) => AgentError::Unavailable(text),
            LlmError::Invalid(text) => AgentError::Other(format!("the model refused the request: {text}")),
            LlmError::Other(text) => AgentError::Other(text),
        })
    }

    /// What the tools of the last round found, and whatever was changed before, as Markdown.
    fn results(&self) -> String {
        let last = self.calls.last().map_or(0, |call| call.round);
        let worth_telling = self.calls.iter().filter(|call| call.round == last || call.wrote());
        worth_telling.filter_map(Call::to_markdown).collect::<Vec<_>>().join("\n\n")
    }

    fn say_with_results(&mut self, text: &str) -> Result<(), AgentError> {
        let results = self.results();
        if results.is_empty() { self.say(text) } else { self.say(&format!("{text}\n\n{results}")) }
    }

    /// Adds a paragraph of the agent's own.
    fn say(&mut self, text: &str) -> Result<(), AgentError> {
        if std::mem::replace(&mut self.spoke, true) {
            self.send("\n\n")?;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.floor_char_boundary(MAX_TEXT));
            self.send(part)?;
            rest = after;
        }
        Ok(())
    }

    fn send(&mut self, text: &str) -> Result<(), AgentError> {
        let sent = self.context.host.text(text);
        self.delivered(sent)
    }

    /// A limit on events costs the user a part of what is shown, never the turn; a user who is gone ends it.
    fn delivered(&mut self, sent: Result<(), EventsError>) -> Result<(), AgentError> {
        match sent {
            Ok(()) => Ok(()),
            Err(EventsError::Closed) => Err(AgentError::Other("the user is gone".to_owned())),
            Err(EventsError::LimitExceeded(why) | EventsError::Other(why)) => {
                self.context.log(Level::Warn, &format!("an event was not delivered: {why}"));
                Ok(())
            }
        }
    }

    fn outcome(&self, ending: Ending, stopped: &str) -> Outcome {
        Outcome { ending, summary: summary::of(&self.calls, stopped), extra: String::new() }
    }
}

fn is_text(block: &Content) -> bool {
    matches!(block, Content::Text(text) if !text.trim().is_empty())
}

fn last_text(completion: &Completion) -> &str {
    let mut texts = completion.content.iter().rev().filter_map(|block| match block {
        Content::Text(text) if !text.trim().is_empty() => Some(text.as_str()),
        _ => None,
    });
    texts.next().unwrap_or_default()
}

/// The arguments a model gave; nothing at all means none.
fn arguments(text: &str) -> Result<Map<String, Value>, ToolError> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(text)
        .map_err(|error| ToolError::Arguments(format!("The arguments are not a JSON object: {error}.")))
}
