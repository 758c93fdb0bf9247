//! A turn whose words are kept, whichever way it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Instrument;
use uuid::Uuid;

use super::entry::{Entry, Said};
use super::pending::Pending;
use super::store::NewMessage;
use crate::capability::llm::Message;
use crate::capability::llm::budget::Account;
use crate::capability::llm::usage::Ledger;
use crate::plugin::{Event, EventKind};
use crate::supervisor::{Step, Turn};
use crate::telemetry::traces::carried;

/// How long the end of a stream waits for what was said to be kept, so that a client that then asks another server for
/// the conversation finds it whole. The user has read the answer by then.
const KEPT_WAIT: Duration = Duration::from_secs(1);

/// A message whose turn has not begun yet.
pub struct Opening {
    pub(super) history: Arc<[Message]>,
    pub(super) account: Arc<Account>,
    pub(super) entry: Option<Entry>,
}

impl Opening {
    /// What the model is to know of the conversation.
    pub fn history(&self) -> Arc<[Message]> {
        Arc::clone(&self.history)
    }

    /// The conversation that the message belongs to, if one is kept.
    pub fn conversation(&self) -> Option<Uuid> {
        self.entry.as_ref().map(|entry| entry.id)
    }

    /// What the turn is counted in, and may use.
    pub fn account(&self) -> Arc<Account> {
        Arc::clone(&self.account)
    }

    /// Follows the turn that answers it. Writing begins here, beside it.
    pub fn begin(self, turn: Turn) -> Exchange {
        Exchange { turn, account: self.account, record: self.entry.map(Record::begin) }
    }
}

/// A turn that is written down. Dropping it ends the turn; what was said until then is kept.
pub struct Exchange {
    turn: Turn,
    account: Arc<Account>,
    record: Option<Record>,
}

impl Exchange {
    /// The conversation it belongs to, if one is kept.
    pub fn conversation(&self) -> Option<Uuid> {
        self.record.as_ref().map(|record| record.id)
    }

    /// What its model calls used so far.
    pub fn ledger(&self) -> &Arc<Ledger> {
        self.account.ledger()
    }

    /// The next step, `None` after the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Step> {
        let step = self.turn.next().await?;
        if let Some(record) = &mut self.record {
            match &step {
                Step::Event(event) => record.hear(event),
                Step::End(end) => record.end(end.is_ok()),
            }
        }
        Some(step)
    }

    /// Ends it, if it hasn't, and waits until all is kept, or for as long as is sensible.
    pub async fn kept(&mut self) {
        self.turn.stop();
        if let Some(record) = &mut self.record {
            record.end(false);
            let _ = tokio::time::timeout(KEPT_WAIT, &mut record.written).await;
        }
    }
}

/// What is said, until it is handed to the task that writes.
pub(super) struct Record {
    id: Uuid,
    pending: Arc<Pending>,
    segments: Vec<Segment>,
    said: Option<oneshot::Sender<Said>>,
    written: oneshot::Receiver<()>,
}

/// What one speaker said until another one did.
struct Segment {
    agent: Arc<str>,
    text: String,
}

impl Record {
    pub(super) fn begin(entry: Entry) -> Self {
        let conversations = Arc::clone(&entry.conversations);
        let (id, pending) = (entry.id, Arc::clone(&conversations.pending));
        let (said, hears) = oneshot::channel();
        let (writes, written) = oneshot::channel();
        conversations.writes.spawn(carried(entry.write(pending.begin(id), hears, writes).in_current_span()));
        Self { id, pending, segments: Vec::new(), said: Some(said), written }
    }

    pub(super) fn hear(&mut self, event: &Event) {
        let EventKind::Text(text) = &event.kind else { return };
        match self.segments.last_mut() {
            Some(segment) if segment.agent == event.agent => segment.text.push_str(text),
            _ => self.segments.push(Segment { agent: Arc::clone(&event.agent), text: text.clone() }),
        }
    }

    /// Hands over what was said, once. Of an answer that was broken off, the last words are marked.
    pub(super) fn end(&mut self, whole: bool) {
        let Some(said) = self.said.take() else { return };
        let mut messages: Vec<NewMessage> =
            std::mem::take(&mut self.segments).into_iter().filter_map(Segment::message).collect();
        if let Some(last) = messages.last_mut() {
            last.partial = !whole;
        }
        let _ = said.send(Said { messages, underway: self.pending.begin(self.id) });
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.end(false);
    }
}

impl Segment {
    /// Without the blank lines that kept it apart from the one before it.
    fn message(self) -> Option<NewMessage> {
        let text = self.text.trim_matches('\n');
        (!text.trim().is_empty()).then(|| NewMessage::of_agent(self.agent, text))
    }
}
