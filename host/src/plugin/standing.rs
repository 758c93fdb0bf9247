//! Whether a plugin may run, and what came of its turns. It belongs to the plugin's name: versions come and go, and this
//! stays for as long as the process does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::runtime::RunError;
use crate::capability::llm::TokenUsage;

/// See the module.
#[derive(Default)]
pub struct Standing {
    gate: Mutex<Gate>,
    turns: AtomicU64,
    running: AtomicU64,
    host_calls: AtomicU64,
    input_tokens: AtomicU64,
    output_tokens: AtomicU64,
    failures: Mutex<Failures>,
}

struct Gate {
    open: bool,
    /// Cancelled when those that run are stopped too.
    stop: CancellationToken,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: true, stop: CancellationToken::new() }
    }
}

/// Turns that failed.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PluginFailures)]
pub struct Failures {
    /// How many of each kind; see [`RunError::kind`].
    #[schema(value_type = BTreeMap<String, u64>)]
    pub by_kind: BTreeMap<&'static str, u64>,
    /// The newest one.
    #[schema(required = true)]
    pub last: Option<LastFailure>,
}

/// The newest failure. Its words can be the guest's, and with them a user's, so they are in the log only.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastFailure {
    /// When.
    pub at: DateTime<Utc>,
    /// See [`RunError::kind`].
    pub kind: &'static str,
}

/// What a plugin used since the process started.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PluginUsage)]
pub struct Usage {
    /// Turns begun.
    pub turns: u64,
    /// Calls of host functions, of turns that are over.
    pub host_calls: u64,
    /// Tokens that its own model calls read.
    pub input_tokens: u64,
    /// Tokens that its own model calls wrote.
    pub output_tokens: u64,
}

impl Standing {
    /// Whether new turns may start.
    pub fn is_enabled(&self) -> bool {
        self.gate().open
    }

    /// Turns that run now.
    pub fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }

    /// Turns that failed.
    pub fn failures(&self) -> Failures {
        self.lock_failures().clone()
    }

    /// What was used.
    pub fn usage(&self) -> Usage {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Usage {
            turns: of(&self.turns),
            host_calls: of(&self.host_calls),
            input_tokens: of(&self.input_tokens),
            output_tokens: of(&self.output_tokens),
        }
    }

    /// Lets turns start.
    pub(super) fn enable(&self) {
        let mut gate = self.gate();
        if !gate.open {
            *gate = Gate::default();
        }
    }

    /// Lets no more turns start. Those that run go on.
    pub(super) fn disable(&self) {
        self.gate().open = false;
    }

    /// Lets no more turns start, and stops those that run.
    pub(super) fn kill(&self) {
        let mut gate = self.gate();
        gate.open = false;
        gate.stop.cancel();
    }

    /// Begins a turn, if one may start.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Running> {
        let stop = {
            let gate = self.gate();
            gate.open.then(|| gate.stop.clone())?
        };
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        Some(Running { standing: Arc::clone(self), stop })
    }

    pub(super) fn count_host_calls(&self, calls: u32) {
        self.host_calls.fetch_add(u64::from(calls), Ordering::Relaxed);
    }

    pub(super) fn count_tokens(&self, usage: TokenUsage) {
        self.input_tokens.fetch_add(u64::from(usage.input_tokens), Ordering::Relaxed);
        self.output_tokens.fetch_add(u64::from(usage.output_tokens), Ordering::Relaxed);
    }

    pub(super) fn count_failure(&self, error: &RunError) {
        let kind = error.kind();
        let mut failures = self.lock_failures();
        *failures.by_kind.entry(kind).or_default() += 1;
        failures.last = Some(LastFailure { at: Utc::now(), kind });
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn that runs, until it is dropped.
pub(super) struct Running {
    standing: Arc<Standing>,
    stop: CancellationToken,
}

impl Running {
    /// Over when the turn must stop.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.standing.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_plugin_that_is_disabled_starts_nothing_and_lets_what_runs_go_on() {
        let standing = Arc::new(Standing::default());
        let running = standing.begin().unwrap();
        standing.disable();
        assert!(standing.begin().is_none());
        assert_eq!(running.stopped().now_or_never(), None);
        assert_eq!((standing.running(), standing.usage().turns), (1, 1));
        standing.enable();
        assert!(standing.begin().is_some());
        drop(running);
        assert_eq!((standing.running(), standing.usage().turns), (0, 2));
    }

    #[test]
    fn a_plugin_that_is_killed_stops_what_runs_and_nothing_that_starts_after_it_is_enabled_again() {
        let standing = Arc::new(Standing::default());
        let running = standing.begin().unwrap();
        standing.disable();
        standing.kill();
        assert_eq!(running.stopped().now_or_never(), Some(()));
        assert!(standing.begin().is_none());
        standing.enable();
        assert_eq!(running.stopped().now_or_never(), Some(()));
        assert_eq!(standing.begin().unwrap().stopped().now_or_never(), None);
    }

    #[test]
    fn failures_are_counted_by_kind_and_without_the_guests_words() {
        let standing = Standing::default();
        standing.count_failure(&RunError::Trapped("client Ann Miller".into()));
        standing.count_failure(&RunError::TimedOut);
        standing.count_failure(&RunError::TimedOut);
        let failures = standing.failures();
        assert_eq!(failures.by_kind, BTreeMap::from([("timed_out", 2), ("trapped", 1)]));
        assert_eq!(failures.last.as_ref().unwrap().kind, "timed_out");
        assert!(!serde_json::to_string(&failures).unwrap().contains("Ann"));
    }
}
