//! A turn as a stream: events, then exactly one end.

use std::future::Future;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::failure::Failure;
use crate::auth::User;
use crate::capability::llm::Message;
use crate::capability::llm::budget::{Account, Limit};
use crate::plugin::Event;
use crate::telemetry::traces::carried;
use crate::throttle::Place;

/// What a user asks.
pub struct Question {
    /// The message, word for word.
    pub message: Arc<str>,
    /// The conversation before it, roles alternating from the user's.
    pub history: Arc<[Message]>,
    /// Who asks.
    pub user: User,
    /// Stands for the user in logs.
    pub user_tag: Arc<str>,
    /// The conversation it belongs to, if one is kept.
    pub conversation: Option<Uuid>,
    /// The request that asks.
    pub request_id: Arc<str>,
    /// When, in the user's time zone.
    pub now: DateTime<Tz>,
    /// What its model calls are counted in, and may use.
    pub account: Arc<Account>,
    /// The room this turn takes. Given back when its task ends, whether or not somebody still reads.
    pub permit: OwnedSemaphorePermit,
    /// The turn among its user's, where these are limited.
    pub place: Option<Place>,
}

/// A turn that runs. Dropping it stops the model call and the guest.
pub struct Turn {
    events: mpsc::Receiver<Event>,
    task: Option<AbortOnDropHandle<Result<TurnEnd, Failure>>>,
}

/// How a turn ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnEnd {
    /// Who answered: a plugin's name, or the supervisor.
    pub agent: Arc<str>,
    /// The budget that cut it short, if one did. The user has been told.
    pub limit: Option<Limit>,
}

/// What a turn gives.
#[derive(Debug)]
pub enum Step {
    /// Something to show.
    Event(Event),
    /// The end; nothing follows.
    End(Result<TurnEnd, Failure>),
}

impl Turn {
    pub(super) fn spawn(
        events: mpsc::Receiver<Event>,
        run: impl Future<Output = Result<TurnEnd, Failure>> + Send + 'static,
    ) -> Self {
        use tracing::Instrument;
        let task = tokio::spawn(carried(run.in_current_span()));
        Self { events, task: Some(AbortOnDropHandle::new(task)) }
    }

    /// Stops it, if it runs.
    pub fn stop(&mut self) {
        self.task = None;
    }

    /// The next step, `None` after the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Step> {
        // The task holds the senders: the channel closes when everything was sent and the task is over.
        if let Some(event) = self.events.recv().await {
            return Some(Step::Event(event));
        }
        let result = self.task.as_mut()?.await;
        self.task = None;
        Some(Step::End(result.unwrap_or_else(|error| Err(Failure::internal(&error.to_string())))))
    }
}
