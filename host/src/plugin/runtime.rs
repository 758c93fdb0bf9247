//! One turn of one plugin, in a `Store` of its own that dies with it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use wasmtime::{Engine, Store, Trap, UpdateDeadline};

use super::bindings::canvalo::agent::types;
use super::bindings::exports::canvalo::agent::agent as guest;
use super::event::Events;
use super::host::one_line;
use super::limits;
use super::observed::{self, Run, Slots, Tools};
use super::registry::Plugin;
use super::state::{Budget, Exhausted, MemoryLimits, State};
use super::write_switch::WriteSwitch;
use crate::audit::Audit;
use crate::capability::data::{DataStore, UserToken};
use crate::capability::llm::{Content, LanguageModel, Message, Role};
use crate::telemetry::metrics::limit_hit;

/// Runs turns. At most as many at once as the engine has slots; more wait.
pub struct Runtime {
    engine: Engine,
    slots: Semaphore,
    _counted: Slots,
}

/// What host functions reach.
#[derive(Clone)]
pub struct Services {
    /// The model.
    pub model: Arc<dyn LanguageModel>,
    /// The user's data.
    pub data: Arc<dyn DataStore>,
    /// Writes under way, which outlive a cancelled turn.
    pub writes: TaskTracker,
    /// Whether plugins may write at all.
    pub write_switch: Arc<WriteSwitch>,
    /// What operators look back on.
    pub audit: Arc<Audit>,
}

/// One question to one plugin.
pub struct Invocation {
    /// The user's message, word for word.
    pub message: Arc<str>,
    /// The conversation before it.
    pub history: Arc<[Message]>,
    /// What the supervisor wants, when it asked several plugins.
    pub task: Option<String>,
    /// RFC 3339 with the user's offset.
    pub now: String,
    /// An IANA name.
    pub time_zone: String,
    /// The user it acts for.
    pub user: UserToken,
    /// Stands for the user in logs.
    pub user_tag: Arc<str>,
    /// Where events go. Nobody receiving is how the guest learns that the user is gone.
    pub events: Events,
}

/// What the supervisor gets to know of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// The agent's own summary, a JSON object.
    pub summary: String,
    /// The text the user was shown.
    pub shown: String,
}

/// How a turn ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The user has an answer.
    Answered,
    /// The agent asked the user something.
    NeedsInput,
    /// A write waits for the user's approval.
    NeedsApproval,
    /// The question isn't this agent's.
    NotApplicable,
    /// A limit was reached.
    LimitReached,
}

/// Why a turn failed. The texts are for operators.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// An operator switched the plugin off.
    #[error("the plugin is switched off")]
    SwitchedOff,
    /// The guest computed for too long.
    #[error("the guest computed for longer than a turn may")]
    OutOfTime,
    /// The turn took too long, waiting included.
    #[error("the turn took longer than {} s", limits::WALL_CLOCK.as_secs())]
    TimedOut,
    /// The guest broke a hard limit: memory, tables, host calls, stack.
    #[error("{0}")]
    LimitExceeded(String),
    /// The guest trapped; a panic, for example.
    #[error("the guest trapped: {0}")]
    Trapped(String),
    /// The agent says that a service it needs is unavailable.
    #[error("the agent found a service unavailable: {0}")]
    Unavailable(String),
    /// The agent says that it lacks a grant.
    #[error("the agent lacks a grant: {0}")]
    Denied(String),
    /// The agent gave up for another reason of its own.
    #[error("the agent failed: {0}")]
    Failed(String),
}

impl RunError {
    /// What it is, without the guest's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SwitchedOff => "switched_off",
            Self::OutOfTime => "out_of_time",
            Self::TimedOut => "timed_out",
            Self::LimitExceeded(_) => "limit_exceeded",
            Self::Trapped(_) => "trapped",
            Self::Unavailable(_) => "unavailable",
            Self::Denied(_) => "denied",
            Self::Failed(_) => "failed",
        }
    }
}

impl Runtime {
    /// A runtime with as many slots as `engine` was made with.
    pub fn new(engine: Engine, slots: u32) -> Self {
        Self { engine, slots: Semaphore::new(slots as usize), _counted: Slots::new(slots) }
    }

    /// The slots that are free.
    pub fn free_slots(&self) -> usize {
        self.slots.available_permits()
    }

    /// Runs one turn, unless the plugin is switched off, or until it is stopped. Dropping the future stops the guest,
    /// frees its slot and cancels what it waits for, except a write that is under way.
    pub async fn run(&self, plugin: &Plugin, services: &Services, turn: Invocation) -> Result<Report, RunError> {
        let running = plugin.standing.begin().ok_or(RunError::SwitchedOff)?;
        let result = tokio::select! {
            biased;
            () = running.stopped() => Err(RunError::SwitchedOff),
            result = self.turn(plugin, services, turn) => result,
        };
        result.inspect_err(|error| plugin.standing.count_failure(error))
    }

    async fn turn(&self, plugin: &Plugin, services: &Services, turn: Invocation) -> Result<Report, RunError> {
        // Declared before the store, so that a slot is given back after its instance is.
        let _slot = self.slots.acquire().await.map_err(|_| RunError::Unavailable("shutting down".into()))?;
        let mut run = Run::begin(plugin.name.clone());
        let result = self.instance(plugin, services, turn).await;
        run.ended(&result);
        result
    }

    /// A fresh instance, and its one call.
    async fn instance(&self, plugin: &Plugin, services: &Services, turn: Invocation) -> Result<Report, RunError> {
        let (arguments, state) = prepare(plugin, services, turn);
        let mut store = self.store(state);
        let call = async {
            let agent = plugin.pre.instantiate_async(&mut store).await?;
            agent.canvalo_agent_agent().call_run(&mut store, &arguments).await
        };
        let result = timeout(limits::WALL_CLOCK, call).await.map_err(|_| RunError::TimedOut)?;
        let shown = std::mem::take(&mut store.data_mut().shown);
        match result {
            Ok(Ok(outcome)) => Ok(report(outcome, shown)),
            Ok(Err(error)) => Err(error.into()),
            Err(trap) => Err(classify(&trap)),
        }
    }

    fn store(&self, state: State) -> Store<State> {
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits::HOSTCALL_BYTES);
        store.set_max_component_handles(limits::HANDLES);
        // Before instantiation, so that a start function is covered too.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut context| {
            let ticks = &mut context.data_mut().budget.ticks;
            Ok(match ticks.checked_sub(1) {
                None => UpdateDeadline::Interrupt,
                Some(left) => {
                    *ticks = left;
                    UpdateDeadline::Yield(1)
                }
            })
        });
        store
    }
}

fn prepare(plugin: &Plugin, services: &Services, turn: Invocation) -> (guest::Turn, State) {
    let arguments = guest::Turn {
        message: turn.message.as_ref().to_owned(),
        history: turn.history.iter().map(text_only).collect(),
        task: turn.task,
        now: turn.now,
        time_zone: turn.time_zone,
        extra: String::new(),
    };
    let state = State {
        agent: plugin.name.clone(),
        standing: plugin.standing.clone(),
        capabilities: plugin.capabilities.clone(),
        services: services.clone(),
        user: turn.user,
        user_tag: turn.user_tag,
        events: turn.events,
        memory: MemoryLimits::default(),
        budget: Budget::default(),
        shown: String::new(),
        offer: plugin.offer.clone(),
        tools: Tools::default(),
    };
    (arguments, state)
}

fn text_only(message: &Message) -> types::Message {
    let content = message.content.iter().filter_map(|block| match block {
        Content::Text(text) => Some(types::Content::Text(text.clone())),
        Content::ToolUse(_) | Content::ToolResult(_) => None,
    });
    types::Message {
        role: match message.role {
            Role::User => types::Role::User,
            Role::Assistant => types::Role::Assistant,
        },
        content: content.collect(),
    }
}

/// Longest summary kept, in bytes.
const SUMMARY_BYTES: usize = 4 * 1024;

fn report(outcome: guest::Outcome, shown: String) -> Report {
    let ending = match outcome.ending {
        guest::Ending::Answered => Ending::Answered,
        guest::Ending::NeedsInput => Ending::NeedsInput,
        guest::Ending::NeedsApproval => Ending::NeedsApproval,
        guest::Ending::NotApplicable => Ending::NotApplicable,
        guest::Ending::LimitReached => Ending::LimitReached,
    };
    let summary = if outcome.summary.len() <= SUMMARY_BYTES { outcome.summary } else { String::new() };
    Report { ending, summary, shown }
}

impl From<guest::AgentError> for RunError {
    fn from(error: guest::AgentError) -> Self {
        // The words are the guest's, and go into a log line.
        let cause = |text: String| one_line(&text, limits::LOG_LINE_CHARS);
        match error {
            guest::AgentError::Unavailable(text) => Self::Unavailable(cause(text)),
            guest::AgentError::Denied(text) => Self::Denied(cause(text)),
            guest::AgentError::LimitExceeded(text) => Self::LimitExceeded(cause(text)),
            guest::AgentError::Invalid(text) | guest::AgentError::Other(text) => Self::Failed(cause(text)),
        }
    }
}

/// Wasmtime's words where it has no type: the bytes of a host call, and component handles.
const LIMITS_WITHOUT_A_TYPE: [(&str, &str); 2] =
    [("fuel allocated for hostcalls has been exhausted", "host_call_bytes"), ("handle limit exceeded", "handles")];

fn classify(error: &wasmtime::Error) -> RunError {
    if let Some(exhausted) = error.downcast_ref::<Exhausted>() {
        observed::exhausted(*exhausted);
        return RunError::LimitExceeded(exhausted.to_string());
    }
    let cause = error.root_cause().to_string();
    if let Some((_, limit)) = LIMITS_WITHOUT_A_TYPE.iter().find(|(words, _)| cause.contains(words)) {
        limit_hit(limit);
        return RunError::LimitExceeded(cause);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => RunError::OutOfTime,
        Some(Trap::StackOverflow) => {
            limit_hit("stack");
            RunError::LimitExceeded("the guest used more stack than a turn may".into())
        }
        Some(trap) => RunError::Trapped(trap.to_string()),
        // It may quote names out of the component.
        None => RunError::Trapped(one_line(&format!("{error:#}"), limits::LOG_LINE_CHARS)),
    }
}
