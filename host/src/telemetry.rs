//! Logs: readable in development, JSON lines elsewhere. Standard output is for answers, so they go to standard error.

use std::sync::Arc;

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

/// Starts logging, once per process.
pub fn start(config: &Config) {
    let lines = lines(config.stage, std::io::stderr);
    // Fails only where a test has already started its own.
    let _ = tracing_subscriber::registry().with(filter(&config.log_level)).with(lines).try_init();
}

/// The log, line by line as a stage has it.
pub fn lines<S, W>(stage: Stage, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    if stage == Stage::Development { lines.boxed() } else { lines.json().boxed() }
}

/// A bare level is the host's own; the local REST server, which tells much at every start, then warns only.
pub fn filter(log_level: &str) -> EnvFilter {
    let quiet = "postrust_server=warn,postrust_core=warn";
    let directives = match log_level {
        "error" | "warn" | "info" => format!("{log_level},{quiet}"),
        other => other.to_owned(),
    };
    EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// What stands for a user in logs: the same for the same user, and no way back to who it is.
pub fn user_tag(user: Uuid) -> Arc<str> {
    hex(&Sha256::digest(user.as_bytes())[..6]).into()
}
