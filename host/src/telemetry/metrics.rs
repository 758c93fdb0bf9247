//! What `GET /metrics` shows, in Prometheus' text format. One recorder per process: whoever counts something names it.
//!
//! Labels have few values, all known to the operator: routes as they are written in the list of routes, agents that are
//! loaded, tables of the schema. Never a user, an id, or text that somebody wrote.

mod process;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

pub const HTTP_REQUESTS: &str = "canvalo_http_requests_total";
pub const HTTP_REQUEST_DURATION: &str = "canvalo_http_request_duration_seconds";
pub const TIME_TO_FIRST_TOKEN: &str = "canvalo_time_to_first_token_seconds";
pub const TURN_DURATION: &str = "canvalo_turn_duration_seconds";
pub const LLM_CALLS: &str = "canvalo_llm_calls_total";
pub const LLM_CALL_DURATION: &str = "canvalo_llm_call_duration_seconds";
pub const LLM_TOKENS: &str = "canvalo_llm_tokens_total";
pub const LLM_COST: &str = "canvalo_llm_cost_usd_total";
pub const DATA_REQUEST_DURATION: &str = "canvalo_data_request_duration_seconds";
pub const SANDBOX_INSTANCES: &str = "canvalo_sandbox_instances";
pub const SANDBOX_RUNS: &str = "canvalo_sandbox_runs_total";
pub const DENIALS: &str = "canvalo_denials_total";
pub const LIMITS_HIT: &str = "canvalo_limits_hit_total";
pub const DEPENDENCY_UP: &str = "canvalo_dependency_up";

/// From a health check to a turn that takes as long as it may.
const REQUEST_SECONDS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// A model needs some hundred milliseconds before its first word, and a turn has two or three of those.
const MODEL_SECONDS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 120.0];
/// A read takes a few milliseconds; the client gives up after 15 s.
const DATA_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// How often what was measured is added up. In between every value is kept.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Makes the recorder, at the first call.
pub fn install() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| {
        let recorder = builder().build_recorder();
        let handle = recorder.handle();
        // Fails only where somebody embeds the host and measures in another way.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn builder() -> PrometheusBuilder {
    let histograms = [
        (HTTP_REQUEST_DURATION, REQUEST_SECONDS),
        (TURN_DURATION, MODEL_SECONDS),
        (TIME_TO_FIRST_TOKEN, MODEL_SECONDS),
        (LLM_CALL_DURATION, MODEL_SECONDS),
        (DATA_REQUEST_DURATION, DATA_SECONDS),
    ];
    histograms.into_iter().fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets).expect("no list of buckets is empty")
    })
}

fn describe() {
    describe_counter!(HTTP_REQUESTS, "Requests, by route, method and status.");
    describe_histogram!(HTTP_REQUEST_DURATION, Unit::Seconds, "From a request's head to its answer's last byte.");
    describe_histogram!(TIME_TO_FIRST_TOKEN, Unit::Seconds, "From a chat request to the first text, by who spoke.");
    describe_histogram!(TURN_DURATION, Unit::Seconds, "A turn, by outcome: completed, failed or cancelled.");
    describe_counter!(LLM_CALLS, "Model calls, by agent, model and outcome.");
    describe_histogram!(LLM_CALL_DURATION, Unit::Seconds, "A model call to the end of its answer, by model.");
    describe_counter!(LLM_TOKENS, "Tokens, by agent, model and kind.");
    // It has fractions, which counters have not.
    describe_gauge!(LLM_COST, "What model calls cost in US dollars, by agent and model.");
    describe_histogram!(DATA_REQUEST_DURATION, Unit::Seconds, "A PostgREST request, by table, verb and outcome.");
    describe_gauge!(SANDBOX_INSTANCES, "Sandboxes, by state: running or free.");
    describe_counter!(SANDBOX_RUNS, "Turns of agents, by agent and outcome.");
    describe_counter!(DENIALS, "Calls that no grant allows, by agent.");
    describe_counter!(LIMITS_HIT, "Times that something met a limit, by limit.");
    describe_gauge!(DEPENDENCY_UP, "1 when the last call or health check of a dependency was answered, else 0.");
    process::describe();
}

/// Everything that was counted, as text. Reads `/proc`: not for an async thread.
pub fn render() -> String {
    let handle = install();
    process::collect();
    handle.render()
}

/// Adds up what was measured, for ever.
pub async fn upkeep() {
    let handle = install();
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

/// Something met a limit: a name as in `host_calls`, known in advance.
pub fn limit_hit(limit: &'static str) {
    counter!(LIMITS_HIT, "limit" => limit).increment(1);
}

/// An agent called what no grant allows.
pub fn denied(agent: &Arc<str>) {
    counter!(DENIALS, "agent" => agent.clone()).increment(1);
}

/// Whether a dependency answers: `supabase`, `model`.
pub fn dependency(name: &'static str, up: bool) {
    gauge!(DEPENDENCY_UP, "dependency" => name).set(if up { 1.0 } else { 0.0 });
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a block that runs on this thread counts, and nothing of other tests.
    pub(crate) fn counted(block: impl FnOnce()) -> String {
        let recorder = builder().build_recorder();
        metrics::with_local_recorder(&recorder, block);
        recorder.handle().render()
    }

    #[test]
    fn a_limit_a_denial_and_a_dependency_are_counted_under_their_names() {
        let text = counted(|| {
            limit_hit("host_calls");
            limit_hit("host_calls");
            denied(&"invoices".into());
            dependency("supabase", true);
            dependency("supabase", false);
        });
        assert!(text.contains("canvalo_limits_hit_total{limit=\"host_calls\"} 2"), "{text}");
        assert!(text.contains("canvalo_denials_total{agent=\"invoices\"} 1"), "{text}");
        assert!(text.contains("canvalo_dependency_up{dependency=\"supabase\"} 0"), "{text}");
    }

    #[test]
    fn durations_fall_into_buckets() {
        let text = counted(|| metrics::histogram!(TURN_DURATION, "outcome" => "completed").record(0.3));
        assert!(text.contains("canvalo_turn_duration_seconds_bucket{outcome=\"completed\",le=\"0.25\"} 0"), "{text}");
        assert!(text.contains("canvalo_turn_duration_seconds_bucket{outcome=\"completed\",le=\"0.5\"} 1"), "{text}");
        assert!(text.contains("canvalo_turn_duration_seconds_count{outcome=\"completed\"} 1"), "{text}");
    }
}
