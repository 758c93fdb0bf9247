//! Logs: readable in development, JSON lines elsewhere. Standard output is for answers, so they go to standard error.

use std::fmt::Write;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::config::{Config, Stage};

/// Starts logging, once per process.
pub fn start(config: &Config) {
    let filter = filter(&config.log_level);
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only where a test has already started its own.
    let _ = if config.stage == Stage::Development { subscriber.try_init() } else { subscriber.json().try_init() };
}

/// A bare level is the host's own; the local REST server, which tells much at every start, then warns only.
fn filter(log_level: &str) -> EnvFilter {
    let quiet = "postrust_server=warn,postrust_core=warn";
    let directives = match log_level {
        "error" | "warn" | "info" => format!("{log_level},{quiet}"),
        other => other.to_owned(),
    };
    EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// What stands for a user in logs: the same for the same user, and no way back to who it is.
pub fn user_tag(user: Uuid) -> Arc<str> {
    let digest = Sha256::digest(user.as_bytes());
    let mut tag = String::with_capacity(12);
    for byte in &digest[..6] {
        // Writing to a String can't fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.into()
}
