//! Which agent answers a question, and the one stream of events of a turn.
//!
//! The model sees each plugin as a tool. One plugin chosen: its text goes straight to the user. Several: they run at the
//! same time and the supervisor merges. None: the supervisor answers itself. When the model fails, words decide.

mod failure;
mod routing;
mod turn;

use std::sync::Arc;

use futures::StreamExt;
use futures::future::join_all;

pub use failure::Failure;
pub use turn::{Question, Step, Turn, TurnEnd};

use crate::capability::llm::{Completion, CompletionEvent, CompletionRequest, Content, LlmError, Message, Role};
use crate::capability::llm::{ToolResult, ToolUse};
use crate::plugin::event::SUPERVISOR;
use crate::plugin::{Ending, Event, EventKind, Events, Invocation, Plugin, Registry, Report, Runtime, Services};
use routing::Choice;

/// Events of a turn that wait for a slow reader. A guest that is ahead of it waits too.
const EVENT_BUFFER: usize = 64;

/// Tokens of a supervisor's own answer.
const OUTPUT_TOKENS: u32 = 1_024;

/// Answers questions with the plugins of a registry.
pub struct Supervisor {
    runtime: Runtime,
    registry: Registry,
    services: Services,
}

impl Supervisor {
    /// A supervisor over these plugins.
    pub fn new(runtime: Runtime, registry: Registry, services: Services) -> Arc<Self> {
        Arc::new(Self { runtime, registry, services })
    }

    /// The plugins it dispatches to.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The runtime they run in.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// What host functions reach.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Starts a turn. Dropping it cancels everything that runs for it.
    pub fn answer(self: &Arc<Self>, question: Question) -> Turn {
        let (events, receiver) = Events::channel(EVENT_BUFFER);
        let supervisor = Arc::clone(self);
        Turn::spawn(receiver, async move {
            let result = supervisor.run(&question, &events).await;
            if events.gave_up() { Err(Failure::reader_too_slow()) } else { result }
        })
    }

    async fn run(&self, question: &Question, events: &Events) -> Result<TurnEnd, Failure> {
        match self.route(question, events).await? {
            Choice::Answered => Ok(TurnEnd { agent: SUPERVISOR.into() }),
            Choice::One(plugin) => {
                self.invoke(&plugin, question, None, events).await?;
                Ok(TurnEnd { agent: plugin.manifest.name.as_str().into() })
            }
            Choice::Several(uses) => {
                self.coordinate(uses, question, events).await?;
                Ok(TurnEnd { agent: SUPERVISOR.into() })
            }
        }
    }

    /// Lets the model choose, or the words when it can't.
    async fn route(&self, question: &Question, events: &Events) -> Result<Choice, Failure> {
        let error = match self.complete(routing::request(&self.registry, question), events).await {
            Ok(completion) => match routing::choice(&self.registry, completion) {
                Ok(choice) => return Ok(choice),
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::warn!(error = %error, "the supervisor's model failed; routing by words");
        routing::lexical(&self.registry, &question.message).map(Choice::One).ok_or_else(|| error.into())
    }

    /// One model call of the supervisor, its text shown as it comes.
    async fn complete(&self, request: CompletionRequest, events: &Events) -> Result<Completion, LlmError> {
        let agent: Arc<str> = SUPERVISOR.into();
        let mut stream = self.services.model.stream(request).await?;
        while let Some(event) = stream.next().await {
            match event? {
                CompletionEvent::TextDelta(text) => {
                    // A receiver that is gone drops this task as well.
                    let _ = events.send(Event { agent: agent.clone(), kind: EventKind::Text(text) }).await;
                }
                CompletionEvent::Finished(completion) => return Ok(completion),
            }
        }
        Err(LlmError::Unavailable("the provider's stream ended without an answer".into()))
    }

    async fn invoke(
        &self,
        plugin: &Plugin,
        question: &Question,
        task: Option<String>,
        events: &Events,
    ) -> Result<Report, Failure> {
        let invocation = Invocation {
            message: question.message.clone(),
            history: question.history.clone(),
            task,
            now: question.now.to_rfc3339(),
            time_zone: question.now.timezone().name().to_owned(),
            user: question.user.token.clone(),
            user_tag: question.user_tag.clone(),
            events: events.clone(),
        };
        let name = &plugin.manifest.name;
        let report = self.runtime.run(plugin, &self.services, invocation).await.map_err(|error| {
            tracing::warn!(plugin = %name, user = %question.user_tag, error = %error, "the agent failed");
            Failure::of_agent(name, &error)
        })?;
        tracing::info!(plugin = %name, user = %question.user_tag, ending = ?report.ending, "the agent ended its turn");
        Ok(report)
    }

    /// Runs several plugins at the same time and lets the model merge what they found.
    async fn coordinate(
        &self,
        uses: Vec<(Arc<Plugin>, ToolUse)>,
        question: &Question,
        events: &Events,
    ) -> Result<(), Failure> {
        let runs = uses.iter().map(|(plugin, tool)| self.invoke(plugin, question, routing::task(tool), events));
        let reports = join_all(runs).await;
        if reports.iter().all(Result::is_err) {
            return reports.into_iter().find_map(Result::err).map_or(Ok(()), Err);
        }
        let mut request = routing::request(&self.registry, question);
        request.system = routing::MERGE_PROMPT.into();
        let (tool_uses, results) = uses
            .into_iter()
            .zip(reports)
            .map(|((_, tool), report)| {
                let result = tool_result(&tool, report);
                (Content::ToolUse(tool), Content::ToolResult(result))
            })
            .unzip();
        request.messages.push(Message { role: Role::Assistant, content: tool_uses });
        request.messages.push(Message { role: Role::User, content: results });
        let separator = Event { agent: SUPERVISOR.into(), kind: EventKind::Text("\n\n".into()) };
        let _ = events.send(separator).await;
        if let Err(error) = self.complete(request, events).await {
            // The user has every agent's own answer; only the closing words are missing.
            tracing::warn!(error = %error, "the supervisor's merge failed");
        }
        Ok(())
    }
}

fn tool_result(tool: &ToolUse, report: Result<Report, Failure>) -> ToolResult {
    let (content, is_error) = match report {
        Ok(report) => (
            serde_json::json!({
                "agent": tool.name,
                "answer": report.shown,
                "ended": ending(report.ending),
                "summary": report.summary,
            }),
            false,
        ),
        Err(failure) => (serde_json::json!({ "agent": tool.name, "error": failure.user_message }), true),
    };
    ToolResult { tool_use_id: tool.id.clone(), content, is_error }
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Answered => "answered",
        Ending::NeedsInput => "asked the user something",
        Ending::NeedsApproval => "waits for the user's approval",
        Ending::NotApplicable => "not its question",
        Ending::LimitReached => "reached a limit",
    }
}
