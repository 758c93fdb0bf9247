//! What the user sees while an agent works. Every event says whose it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// The name under which the supervisor itself speaks.
pub const SUPERVISOR: &str = "supervisor";

/// One thing to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The agent's name, or [`SUPERVISOR`].
    pub agent: Arc<str>,
    /// What it is.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// More of the answer, Markdown.
    Text(String),
    /// What the agent is doing, not part of the answer.
    Progress(String),
    /// A tool started or ended.
    Tool {
        /// Names the tool use within the turn.
        id: String,
        /// The tool.
        name: String,
        /// Where it stands.
        status: ToolStatus,
    },
}

/// Where a tool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ToolStatus {
    /// It runs.
    Started,
    /// It did what it was asked.
    Completed,
    /// It failed.
    Failed,
}

/// How long an event waits for a reader who doesn't read. After that the reader counts as gone.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// Where the events of a turn go: a bounded channel, so that whoever sends waits for whoever reads.
#[derive(Clone)]
pub struct Events {
    channel: mpsc::Sender<Event>,
    gave_up: Arc<AtomicBool>,
    spoke: Arc<AtomicBool>,
}

/// Nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderGone;

impl Events {
    /// A channel that holds `capacity` events.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Event>) {
        let (channel, receiver) = mpsc::channel(capacity);
        (Self { channel, gave_up: Arc::default(), spoke: Arc::default() }, receiver)
    }

    /// Whether a reader was waited for in vain.
    pub fn gave_up(&self) -> bool {
        self.gave_up.load(Ordering::Relaxed)
    }

    /// Whether anything was said in words.
    pub fn spoke(&self) -> bool {
        self.spoke.load(Ordering::Relaxed)
    }

    /// Sends an event, or says that it is no use.
    pub async fn send(&self, event: Event) -> Result<(), ReaderGone> {
        if matches!(event.kind, EventKind::Text(_)) {
            self.spoke.store(true, Ordering::Relaxed);
        }
        let Err(full) = self.channel.try_send(event) else { return Ok(()) };
        let event = match full {
            mpsc::error::TrySendError::Full(event) if !self.gave_up() => event,
            _ => return Err(ReaderGone),
        };
        let sent = self.channel.send_timeout(event, READER_PATIENCE).await;
        sent.map_err(|_| {
            self.gave_up.store(true, Ordering::Relaxed);
            ReaderGone
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event { agent: SUPERVISOR.into(), kind: EventKind::Text("x".into()) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_does_not_read_is_given_up_once_and_not_waited_for_again() {
        let (events, receiver) = Events::channel(1);
        events.send(event()).await.unwrap();
        let started = tokio::time::Instant::now();
        assert_eq!(events.send(event()).await, Err(ReaderGone));
        assert_eq!(started.elapsed(), READER_PATIENCE);
        assert_eq!(events.send(event()).await, Err(ReaderGone));
        assert_eq!(started.elapsed(), READER_PATIENCE);
        drop(receiver);
    }
}
