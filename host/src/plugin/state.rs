//! What one turn's `Store` holds: the plugin's capabilities, the user it acts for, and what is left of its limits.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use super::event::{Event, EventKind, Events};
use super::grants::{Capabilities, Denial, Verb};
use super::host::offer::Offer;
use super::limits;
use super::observed::Tools;
use super::runtime::Services;
use super::standing::Standing;
use crate::audit;
use crate::capability::data::UserToken;
use crate::telemetry::metrics::{denied, limit_hit};

/// The data of one `Store`. Everything a host function knows about its caller is here and nowhere else.
pub(super) struct State {
    pub(super) agent: Arc<str>,
    pub(super) standing: Arc<Standing>,
    pub(super) capabilities: Arc<Capabilities>,
    pub(super) services: Services,
    pub(super) user: UserToken,
    /// Stands for the user in logs.
    pub(super) user_tag: Arc<str>,
    pub(super) events: Events,
    pub(super) memory: MemoryLimits,
    pub(super) budget: Budget,
    /// What the user was shown so far, for the supervisor.
    pub(super) shown: String,
    /// The tools it offers to the model.
    pub(super) offer: Arc<Offer>,
    /// The tools it says it runs, for the operator.
    pub(super) tools: Tools,
}

/// What a turn has left.
pub(super) struct Budget {
    pub(super) ticks: u32,
    host_calls: u32,
    data_calls: u32,
    llm_calls: u32,
    events: u32,
    log_lines: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            ticks: limits::EPOCH_TICKS,
            host_calls: limits::HOST_CALLS,
            data_calls: limits::DATA_CALLS,
            llm_calls: limits::LLM_CALLS,
            events: limits::EVENTS,
            log_lines: limits::LOG_LINES,
        }
    }
}

/// The guest broke a limit that ends its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Exhausted {
    #[error("the guest used more memory than a turn may")]
    Memory,
    #[error("the guest used more table elements than a turn may")]
    Table,
    #[error("the guest made more host calls than a turn may")]
    HostCalls,
}

/// A soft limit: the guest is told and may go on without.
pub(super) struct Spent(pub(super) &'static str);

impl Spent {
    /// Counts it under the limit's name.
    fn new(limit: &'static str, what: &'static str) -> Self {
        limit_hit(limit);
        Self(what)
    }
}

impl Budget {
    /// Counts a host call of any kind.
    pub(super) fn host_call(&mut self) -> wasmtime::Result<()> {
        take(&mut self.host_calls).ok_or(Exhausted::HostCalls)?;
        Ok(())
    }

    pub(super) fn data_call(&mut self) -> Result<(), Spent> {
        take(&mut self.data_calls).ok_or_else(|| Spent::new("data_calls", "the turn's data calls are spent"))
    }

    pub(super) fn llm_call(&mut self) -> Result<(), Spent> {
        take(&mut self.llm_calls).ok_or_else(|| Spent::new("llm_calls", "the turn's model calls are spent"))
    }

    pub(super) fn event(&mut self) -> Result<(), Spent> {
        take(&mut self.events).ok_or_else(|| Spent::new("events", "the turn's events are spent"))
    }

    pub(super) fn log_line(&mut self) -> Option<()> {
        take(&mut self.log_lines).or_else(|| {
            limit_hit("log_lines");
            None
        })
    }
}

fn take(left: &mut u32) -> Option<()> {
    *left = left.checked_sub(1)?;
    Some(())
}

/// Why an event did not go out.
pub(super) enum SendError {
    /// Nobody listens any more.
    Closed,
    /// The turn's text is spent.
    Spent(Spent),
}

impl State {
    /// Shows the user text.
    pub(super) async fn show(&mut self, text: String) -> Result<(), SendError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.shown.len() + text.len() > limits::TEXT_BYTES {
            return Err(SendError::Spent(Spent::new("text", "the turn's text is spent")));
        }
        self.shown.push_str(&text);
        self.send(EventKind::Text(text)).await.map_err(|()| SendError::Closed)
    }

    /// Sends an event. The channel is bounded: a guest waits for a user who reads slowly.
    pub(super) async fn send(&mut self, kind: EventKind) -> Result<(), ()> {
        self.events.send(Event { agent: self.agent.clone(), kind }).await.map_err(|_| ())
    }

    /// Records a call that was not allowed, for the operator.
    pub(super) fn audit(&self, denial: &Denial) {
        denied(&self.agent);
        self.services.audit.record(audit::Event::Denial(audit::Denial {
            event: "grant.denied",
            plugin: self.agent.clone(),
            user: self.user_tag.clone(),
            table: denial.table.as_ref().map(ToString::to_string),
            verb: denial.verb.map(Verb::as_str),
            column: denial.column.as_ref().map(ToString::to_string),
            message: denial.to_string(),
        }));
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.standing.count_host_calls(limits::HOST_CALLS - self.budget.host_calls);
    }
}

/// Limits the sum over all memories and tables of a store; the limits of a single one would let a component have many.
#[derive(Default)]
pub(super) struct MemoryLimits {
    memory: usize,
    table: usize,
}

impl ResourceLimiter for MemoryLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > limits::MEMORY_BYTES {
            return Err(Exhausted::Memory.into());
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table.saturating_add(desired.saturating_sub(current));
        if total > limits::TABLE_ELEMENTS {
            return Err(Exhausted::Table.into());
        }
        self.table = total;
        Ok(true)
    }

    fn instances(&self) -> usize {
        limits::CORE_INSTANCES
    }

    fn tables(&self) -> usize {
        limits::TABLES
    }

    fn memories(&self) -> usize {
        limits::MEMORIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn four_memories_of_a_third_each_are_too_much_together() {
        let mut limits = MemoryLimits::default();
        let third = limits::MEMORY_BYTES / 3;
        for _ in 0..3 {
            assert!(limits.memory_growing(0, third, None).unwrap());
        }
        let error = limits.memory_growing(0, third, None).unwrap_err();
        assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Memory));
        assert_eq!(limits.memories(), 3);
    }

    #[test]
    fn a_memory_counts_by_what_it_grows_and_not_by_its_size_again() {
        let mut limits = MemoryLimits::default();
        for at in 0..limits::MEMORY_BYTES / MIB {
            assert!(limits.memory_growing(at * MIB, (at + 1) * MIB, None).unwrap());
        }
        assert!(limits.memory_growing(limits::MEMORY_BYTES, limits::MEMORY_BYTES + MIB, None).is_err());
        assert!(limits.memory_growing(0, usize::MAX, None).is_err());
    }

    #[test]
    fn tables_count_together_too() {
        let mut limits = MemoryLimits::default();
        assert!(limits.table_growing(0, limits::TABLE_ELEMENTS, None).unwrap());
        let error = limits.table_growing(0, 1, None).unwrap_err();
        assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Table));
    }
}
