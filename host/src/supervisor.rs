//! Which agent answers a question, and the one stream of events of a turn.
//!
//! The model sees each plugin as a tool. One plugin chosen: its text goes straight to the user and no more is paid.
//! Several: they work at the same time, and the supervisor reads what they found, asks further ones where that is needed,
//! and closes. None: the supervisor answers itself. When the model fails, words decide.

mod evaluate;
mod failure;
mod floor;
mod routing;
mod running;
mod spent;
mod turn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use opentelemetry::KeyValue;
use tokio::time::timeout;
use tracing::Instrument;

pub use failure::Failure;
pub use routing::choose_by_words;
pub use running::{RunningTurn, RunningTurns};
pub use turn::{Question, Step, Turn, TurnEnd};

use crate::capability::llm::{
    Completion, CompletionEvent, CompletionRequest, Content, LanguageModel, LlmError, Message, Role,
};
use crate::capability::llm::{ToolResult, ToolUse};
use crate::plugin::event::SUPERVISOR;
use crate::plugin::observed;
use crate::plugin::{Catalog, Ending, Event, EventKind, Events, Invocation, Registry, Report, Runtime, Services};
use crate::telemetry::millis;
use crate::telemetry::traces::{Span, SpanKind};
use routing::{Assignment, Choice};
use running::OnTheList;

/// Events of a turn that wait for a slow reader. A guest that is ahead of it waits too.
const EVENT_BUFFER: usize = 64;

/// Tokens of a supervisor's own answer.
const OUTPUT_TOKENS: u32 = 1_024;

/// Times that the supervisor may ask agents for one message: to find something, to do something with it, and to repair.
const ROUNDS: usize = 3;

/// The longest that a turn may take. An agent may take less, so that what the others found can still be told.
const TURN_TIME: Duration = Duration::from_secs(120);

/// Answers questions with the plugins of a registry.
pub struct Supervisor {
    runtime: Runtime,
    catalog: Catalog,
    services: Services,
    turns: RunningTurns,
}

impl Supervisor {
    /// A supervisor over these plugins.
    pub fn new(runtime: Runtime, catalog: Catalog, services: Services) -> Arc<Self> {
        Arc::new(Self { runtime, catalog, services, turns: RunningTurns::default() })
    }

    /// The plugins it dispatches to now.
    pub fn registry(&self) -> Arc<Registry> {
        self.catalog.offered()
    }

    /// All plugins, and how to change them.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The turns that run.
    pub fn turns(&self) -> &RunningTurns {
        &self.turns
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
        let running = question.account.ledger().running();
        Turn::spawn(receiver, async move {
            // Dropped after the last call.
            let _running = running;
            let on_the_list = supervisor.turns.begin(&question);
            let span = agent_span(SUPERVISOR);
            let answered = timeout(TURN_TIME, span.run(supervisor.run(&question, &events, &on_the_list)));
            let result = tokio::select! {
                biased;
                () = on_the_list.stopped() => Err(Failure::stopped_by_operator()),
                result = answered => result.unwrap_or_else(|_| {
                    tracing::warn!(user = %question.user_tag, "the turn took longer than {TURN_TIME:?}");
                    Err(Failure::out_of_time())
                }),
            };
            if let Err(failure) = &result {
                span.fail(failure.code);
            }
            if events.gave_up() { Err(Failure::reader_too_slow()) } else { result }
        })
    }

    async fn run(&self, question: &Question, events: &Events, on_the_list: &OnTheList) -> Result<TurnEnd, Failure> {
        let model = question.account.meter(&self.services.model, SUPERVISOR);
        // What is on offer now is so for the whole turn.
        let registry = &*self.registry();
        let turn = Work { supervisor: self, registry, model, question, events, on_the_list };
        let result = turn.work().await;
        match question.account.refused() {
            Some(limit) => Ok(turn.spent(limit, result).await),
            None => result,
        }
    }
}

/// What one message needs while it is worked on.
struct Work<'a> {
    supervisor: &'a Supervisor,
    registry: &'a Registry,
    /// The model as the supervisor itself calls it.
    model: Arc<dyn LanguageModel>,
    question: &'a Question,
    events: &'a Events,
    on_the_list: &'a OnTheList,
}

impl Work<'_> {
    async fn work(&self) -> Result<TurnEnd, Failure> {
        let (registry, question) = (self.registry, self.question);
        let end = |agent: &str| Ok(TurnEnd { agent: agent.into(), limit: None });

        let mut request = routing::request(registry, question);
        let assignments = match self.route(request.clone()).await? {
            Choice::Answered => return end(SUPERVISOR),
            Choice::Ask(assignments) => assignments,
        };
        if let [only] = assignments.as_slice()
            && !only.goes_on()
        {
            let report = self.invoke(only, self.events.clone()).await?;
            if report.ending != Ending::NotApplicable || !report.shown.is_empty() {
                return end(&only.plugin.manifest.name);
            }
            request = self.told(request, assignments, vec![Ok(report)]);
        } else {
            request = self.ask(request, assignments).await?;
        }
        self.finish(request).await;
        end(SUPERVISOR)
    }

    /// Lets the model choose, or the words when it can't.
    async fn route(&self, request: CompletionRequest) -> Result<Choice, Failure> {
        let registry = self.registry;
        let chosen = self.complete(request, "").await.and_then(|completion| routing::choice(registry, completion));
        let error = match chosen {
            Ok(choice) => return Ok(choice),
            Err(error) => error,
        };
        if let LlmError::BudgetSpent(_) = error {
            return Err(error.into());
        }
        tracing::warn!(error = %error, "the supervisor's model failed; routing by words");
        let assignments = routing::by_words(registry, &self.question.message);
        if assignments.is_empty() { Err(error.into()) } else { Ok(Choice::Ask(assignments)) }
    }

    /// Reads what agents found, asks others as long as the model wants to and may, and closes the answer.
    async fn finish(&self, mut request: CompletionRequest) {
        for round in 2.. {
            let completion = self.complete(request.clone(), "\n\n").await;
            let choice = completion.and_then(|completion| routing::choice(self.registry, completion));
            let asked = match choice {
                Ok(Choice::Answered) => return,
                Ok(Choice::Ask(assignments)) if round <= ROUNDS => self.ask(request.clone(), assignments).await,
                Ok(Choice::Ask(_)) => return self.close(&request, "the supervisor wanted to go on for too long").await,
                Err(error) => return self.close(&request, &error.to_string()).await,
            };
            match asked {
                Ok(next) => request = next,
                Err(failure) => return self.close(&request, &failure.message).await,
            }
        }
    }

    /// The user has every agent's own answer; only the closing words are missing. What failed must still be named.
    async fn close(&self, request: &CompletionRequest, cause: &str) {
        tracing::warn!(user = %self.question.user_tag, cause, "the supervisor did not close the answer");
        let failed: Vec<&str> = results(request).filter_map(|result| result.content["error"].as_str()).collect();
        let answered = results(request).any(|result| result.content["answer"].as_str().is_some_and(|a| !a.is_empty()));
        match (failed.as_slice(), answered) {
            ([], true) => {}
            ([], false) => self.say("I have no answer to that. Could you say it another way?".to_owned()).await,
            (failed, _) => self.say(format!("\n\nA part of the answer is missing. {}", failed.join(" "))).await,
        }
    }

    /// One model call of the supervisor, its text shown as it comes, after `lead` if there is any.
    async fn complete(&self, request: CompletionRequest, mut lead: &str) -> Result<Completion, LlmError> {
        let mut stream = self.model.stream(request).await?;
        while let Some(event) = stream.next().await {
            match event? {
                CompletionEvent::TextDelta(text) => {
                    self.say(format!("{}{text}", std::mem::take(&mut lead))).await;
                }
                CompletionEvent::Finished(completion) => return Ok(completion),
            }
        }
        Err(LlmError::Unavailable("the provider's stream ended without an answer".into()))
    }

    async fn say(&self, text: String) {
        // A receiver that is gone drops this task as well.
        let _ = self.events.send(Event { agent: SUPERVISOR.into(), kind: EventKind::Text(text) }).await;
    }

    /// Runs agents at the same time. Returns the request that tells the model what they found, or why none of them could.
    async fn ask(
        &self,
        request: CompletionRequest,
        assignments: Vec<Assignment>,
    ) -> Result<CompletionRequest, Failure> {
        let (senders, receivers): (Vec<_>, Vec<_>) = assignments.iter().map(|_| Events::channel(EVENT_BUFFER)).unzip();
        let runs = assignments.iter().zip(senders).map(|(assignment, events)| self.invoke(assignment, events));
        let (reports, ()) = tokio::join!(join_all(runs), floor::relay(receivers, self.events));
        if reports.iter().all(Result::is_err) {
            return Err(reports.into_iter().find_map(Result::err).unwrap_or_else(|| Failure::internal("nobody ran")));
        }
        Ok(self.told(request, assignments, reports))
    }

    /// The request after these agents' work.
    fn told(
        &self,
        mut request: CompletionRequest,
        assignments: Vec<Assignment>,
        reports: Vec<Result<Report, Failure>>,
    ) -> CompletionRequest {
        let blocks = assignments.into_iter().zip(reports).map(|(Assignment { tool_use, .. }, report)| {
            let result = tool_result(&tool_use, report);
            (Content::ToolUse(tool_use), Content::ToolResult(result))
        });
        let (tool_uses, results) = blocks.unzip();
        request.system = routing::MERGE_PROMPT.into();
        request.messages.push(Message { role: Role::Assistant, content: tool_uses });
        request.messages.push(Message { role: Role::User, content: results });
        request
    }

    async fn invoke(&self, assignment: &Assignment, events: Events) -> Result<Report, Failure> {
        let Self { supervisor, question, .. } = self;
        let name = &assignment.plugin.manifest.name;
        let model = question.account.meter(&supervisor.services.model, name);
        let services = Services { model, ..supervisor.services.clone() };
        let invocation = Invocation {
            message: question.message.clone(),
            history: question.history.clone(),
            task: assignment.task(),
            now: question.now.to_rfc3339(),
            time_zone: question.now.timezone().name().to_owned(),
            user: question.user.token.clone(),
            user_tag: question.user_tag.clone(),
            events,
        };
        self.on_the_list.asks(&assignment.plugin.name);
        let (span, log) = (agent_span(name), tracing::error_span!("agent", agent = %name));
        let began = Instant::now();
        let run = supervisor.runtime.run(&assignment.plugin, &services, invocation);
        let result = span.run(run.instrument(log.clone())).await;
        let (outcome, duration_ms) = (observed::outcome(&result), millis(began.elapsed()));
        let _entered = log.enter();
        result
            .inspect(|_| tracing::info!(user = %question.user_tag, outcome, duration_ms, "the agent ended its turn"))
            .map_err(|error| {
                span.fail(outcome);
                tracing::warn!(user = %question.user_tag, outcome, duration_ms, error = %error, "the agent failed");
                Failure::of_agent(name, &error)
            })
    }
}

/// A turn of an agent, by the GenAI conventions.
fn agent_span(name: &str) -> Span {
    Span::start(SpanKind::Internal, || {
        let attributes = [
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.agent.name", name.to_owned()),
        ];
        (format!("invoke_agent {name}"), attributes)
    })
}

/// What agents found in this turn.
fn results(request: &CompletionRequest) -> impl Iterator<Item = &ToolResult> {
    request.messages.iter().flat_map(|message| &message.content).filter_map(|block| match block {
        Content::ToolResult(result) => Some(result),
        _ => None,
    })
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
