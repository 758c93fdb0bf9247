//! The host as a component sees it: the contract's imports.

use std::cell::Cell;
use std::panic;

use super::{Host, memory};
use crate::bindings::canvalo::agent as imports;
use crate::data::{Aggregation, DataError, Deletion, Insertion, Modification, Query, RawPage};
use crate::events::{EventsError, Level, ToolStatus};
use crate::llm::{Completion, CompletionRequest, LlmError, Tool};
use crate::{Agent, AgentError, Outcome, Turn, turn};

thread_local! {
    /// The agent, made when the component was built if its builder prepares it, or else by its first turn.
    static AGENT: Cell<Option<Prepared>> = const { Cell::new(None) };
}

/// An agent, and its tools as they are offered to the model, which the turn takes.
struct Prepared {
    agent: &'static Agent,
    tools: Vec<Tool>,
}

/// Prepares an instance as all instances are to begin. What [`crate::agent!`] exports for the builder.
pub fn prepare(agent: fn() -> Agent) {
    AGENT.set(Some(make(agent)));
    memory::set_aside();
}

fn make(agent: fn() -> Agent) -> Prepared {
    // An instance is thrown away as a whole: to free an agent's parts one by one would be for nothing.
    let agent: &'static Agent = Box::leak(Box::new(agent()));
    Prepared { agent, tools: turn::offer(agent) }
}

/// Answers one turn of a component. What [`crate::agent!`] exports.
pub fn run_component(agent: fn() -> Agent, turn: &Turn) -> Result<Outcome, AgentError> {
    // A panic ends in a trap, which says nothing of its own.
    panic::set_hook(Box::new(|panic| imports::log::write(Level::Error, &panic.to_string())));
    let Prepared { agent, tools } = AGENT.take().unwrap_or_else(|| make(agent));
    turn::run_with(agent, tools, &mut Imports, turn)
}

struct Imports;

impl Host for Imports {
    fn complete(&mut self, request: &CompletionRequest) -> Result<Completion, LlmError> {
        imports::llm::complete(request)
    }

    fn select(&mut self, query: &Query) -> Result<RawPage, DataError> {
        imports::data::select(query)
    }

    fn select_many(&mut self, queries: &[Query]) -> Vec<Result<RawPage, DataError>> {
        imports::data::select_many(queries)
    }

    fn insert(&mut self, insertion: &Insertion) -> Result<Vec<String>, DataError> {
        imports::data::insert(insertion)
    }

    fn insert_many(&mut self, insertions: &[Insertion]) -> Vec<Result<Vec<String>, DataError>> {
        imports::data::insert_many(insertions)
    }

    fn update(&mut self, modification: &Modification) -> Result<Vec<String>, DataError> {
        imports::data::update(modification)
    }

    fn update_many(&mut self, modifications: &[Modification]) -> Vec<Result<Vec<String>, DataError>> {
        imports::data::update_many(modifications)
    }

    fn delete(&mut self, deletion: &Deletion) -> Result<Vec<String>, DataError> {
        imports::data::delete(deletion)
    }

    fn delete_many(&mut self, deletions: &[Deletion]) -> Vec<Result<Vec<String>, DataError>> {
        imports::data::delete_many(deletions)
    }

    fn aggregate(&mut self, aggregation: &Aggregation) -> Result<Vec<String>, DataError> {
        imports::data::aggregate(aggregation)
    }

    fn aggregate_many(&mut self, aggregations: &[Aggregation]) -> Vec<Result<Vec<String>, DataError>> {
        imports::data::aggregate_many(aggregations)
    }

    fn text(&mut self, text: &str) -> Result<(), EventsError> {
        imports::events::text(text)
    }

    fn progress(&mut self, message: &str) -> Result<(), EventsError> {
        imports::events::progress(message)
    }

    fn tool_started(&mut self, id: &str, name: &str) -> Result<(), EventsError> {
        imports::events::tool_started(id, name)
    }

    fn tool_finished(&mut self, id: &str, name: &str, status: ToolStatus) -> Result<(), EventsError> {
        imports::events::tool_finished(id, name, status)
    }

    fn log(&mut self, level: Level, message: &str) {
        imports::log::write(level, message);
    }

    fn unix_time_ms(&mut self) -> u64 {
        imports::clock::unix_time_ms()
    }

    fn monotonic_ns(&mut self) -> u64 {
        imports::clock::monotonic_ns()
    }
}
