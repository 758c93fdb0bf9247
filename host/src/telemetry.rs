//! What those who run the host see of it.
//!
//! - Logs, here: readable in development, JSON lines elsewhere. Standard output is for answers, so they go to standard
//!   error.
//! - [`traces`]: spans over OTLP, where an endpoint is configured.
//! - [`metrics`]: what `GET /metrics` shows.

pub mod metrics;
pub mod traces;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};
use uuid::Uuid;

use crate::config::{Config, Stage};
use crate::hex::hex;
use traces::{Traces, TracesError};

/// Starts logging and, where there is somewhere to send them, traces; once per process. Traces are sent by the runtime
/// that this is called in, until [`Traces::finish`].
pub fn start(config: &Config) -> Result<Traces, TracesError> {
    start_with(config, std::io::stderr)
}

/// As [`start`], with the log written elsewhere.
pub fn start_with<W>(config: &Config, writer: W) -> Result<Traces, TracesError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = lines(config.stage, writer);
    // Fails only where a test has already started its own.
    let _ = tracing_subscriber::registry().with(filter(&config.log_level)).with(lines).try_init();
    Traces::start(config.telemetry.traces.as_ref())
}

/// The log, line by line as a stage has it. In JSON, what the spans around an event say (`request_id`, `user`, `agent`)
/// stands beside it, one object per line.
pub fn lines<S, W>(stage: Stage, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    if stage == Stage::Development {
        return tracing_subscriber::fmt::layer().with_writer(writer).boxed();
    }
    json_subscriber::fmt::layer()
        .with_writer(writer)
        .with_current_span(false)
        .with_span_list(false)
        .flatten_span_list_on_top_level(true)
        .boxed()
}

/// A bare level is the host's own; what tells much at every start warns only: the local REST server, and OpenTelemetry.
pub fn filter(log_level: &str) -> EnvFilter {
    let quiet =
        "postrust_server=warn,postrust_core=warn,opentelemetry=warn,opentelemetry_sdk=warn,opentelemetry-otlp=warn";
    let directives = match log_level {
        "error" | "warn" | "info" => format!("{log_level},{quiet}"),
        other => other.to_owned(),
    };
    EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// A duration in milliseconds, to a hundredth: more would be noise in a log.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

/// What stands for a user in logs and traces: the same for the same user, and no way back to who it is.
pub fn user_tag(user: Uuid) -> Arc<str> {
    hex(&Sha256::digest(user.as_bytes())[..6]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_told_to_a_hundredth() {
        assert_eq!(millis(Duration::from_nanos(1_234_567)), 1.23);
    }
}
