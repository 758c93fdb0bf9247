//! A turn of a plugin as those see it who run the host: sandboxes in use, how turns ended, and a span per tool.

use std::sync::Arc;

use metrics::{counter, gauge};
use opentelemetry::KeyValue;

use super::runtime::{Ending, Report, RunError};
use super::state::Exhausted;
use crate::telemetry::metrics::{SANDBOX_INSTANCES, SANDBOX_RUNS, limit_hit};
use crate::telemetry::traces::{Span, SpanKind};

/// The sandboxes that a runtime has, until it is dropped.
pub(super) struct Slots(u32);

impl Slots {
    pub(super) fn new(slots: u32) -> Self {
        gauge!(SANDBOX_INSTANCES, "state" => "running").increment(0.0);
        gauge!(SANDBOX_INSTANCES, "state" => "free").increment(slots);
        Self(slots)
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        gauge!(SANDBOX_INSTANCES, "state" => "free").decrement(self.0);
    }
}

/// A sandbox in use. Dropped without an end, its turn was cancelled.
pub(super) struct Run {
    agent: Arc<str>,
    outcome: &'static str,
}

impl Run {
    pub(super) fn begin(agent: Arc<str>) -> Self {
        gauge!(SANDBOX_INSTANCES, "state" => "running").increment(1);
        gauge!(SANDBOX_INSTANCES, "state" => "free").decrement(1);
        Self { agent, outcome: "cancelled" }
    }

    pub(super) fn ended(&mut self, result: &Result<Report, RunError>) {
        self.outcome = outcome(result);
        match result {
            Err(RunError::OutOfTime) => limit_hit("compute_time"),
            Err(RunError::TimedOut) => limit_hit("wall_clock"),
            _ => {}
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        gauge!(SANDBOX_INSTANCES, "state" => "running").decrement(1);
        gauge!(SANDBOX_INSTANCES, "state" => "free").increment(1);
        counter!(SANDBOX_RUNS, "agent" => self.agent.clone(), "outcome" => self.outcome).increment(1);
    }
}

/// How a turn ended, in a word.
pub(crate) fn outcome(result: &Result<Report, RunError>) -> &'static str {
    match result {
        Ok(report) => match report.ending {
            Ending::Answered => "answered",
            Ending::NeedsInput => "needs_input",
            Ending::NeedsApproval => "needs_approval",
            Ending::NotApplicable => "not_applicable",
            Ending::LimitReached => "limit_reached",
        },
        Err(error) => error.kind(),
    }
}

/// Counts a hard limit that a guest broke.
pub(super) fn exhausted(exhausted: Exhausted) {
    limit_hit(match exhausted {
        Exhausted::Memory => "memory",
        Exhausted::Table => "table_elements",
        Exhausted::HostCalls => "host_calls",
    });
}

/// The tools that a guest says it runs, the newest last.
#[derive(Default)]
pub(super) struct Tools(Vec<(String, Span)>);

impl Tools {
    pub(super) fn started(&mut self, id: &str, name: &str) {
        let span = Span::start(SpanKind::Internal, || {
            let name = plain(name);
            let attributes = [
                KeyValue::new("gen_ai.operation.name", "execute_tool"),
                KeyValue::new("gen_ai.tool.name", name.to_owned()),
                KeyValue::new("gen_ai.tool.type", "function"),
                KeyValue::new("gen_ai.tool.call.id", plain(id).to_owned()),
            ];
            (format!("execute_tool {name}"), attributes)
        });
        if span.is_recording() {
            self.0.push((id.to_owned(), span));
        }
    }

    pub(super) fn finished(&mut self, id: &str, failed: bool) {
        let Some(at) = self.0.iter().position(|(started, _)| started == id) else { return };
        let (_, span) = self.0.remove(at);
        if failed {
            span.fail("tool_failed");
        }
    }

    /// Runs what a tool does inside its span.
    pub(super) async fn run<F: Future>(&self, future: F) -> F::Output {
        match self.0.last() {
            Some((_, span)) => span.run(future).await,
            None => future.await,
        }
    }
}

/// A name or an id as honest guests have them. Anything else could be what a user said.
fn plain(word: &str) -> &str {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    if !word.is_empty() && word.bytes().all(fits) { word } else { "_OTHER" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::tests::counted;

    #[test]
    fn a_sandbox_counts_as_running_until_it_is_dropped_and_a_turn_without_an_end_as_cancelled() {
        let text = counted(|| {
            let slots = Slots::new(4);
            std::mem::forget(Run::begin("invoices".into()));
            let mut run = Run::begin("contacts".into());
            run.ended(&Err(RunError::OutOfTime));
            drop(run);
            drop(Run::begin("contacts".into()));
            std::mem::forget(slots);
        });
        for line in [
            "canvalo_sandbox_instances{state=\"running\"} 1\n",
            "canvalo_sandbox_instances{state=\"free\"} 3\n",
            "canvalo_sandbox_runs_total{agent=\"contacts\",outcome=\"out_of_time\"} 1\n",
            "canvalo_sandbox_runs_total{agent=\"contacts\",outcome=\"cancelled\"} 1\n",
            "canvalo_limits_hit_total{limit=\"compute_time\"} 1\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
    }

    #[test]
    fn a_tool_that_is_named_with_what_a_user_said_is_not_named() {
        assert_eq!(plain("list_invoices"), "list_invoices");
        assert_eq!(plain("tooluse_a-b.c:9"), "tooluse_a-b.c:9");
        assert_eq!(plain("Anna owes 400"), "_OTHER");
        assert_eq!(plain(""), "_OTHER");
    }
}
