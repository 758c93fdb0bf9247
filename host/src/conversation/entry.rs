//! What is written down of an exchange, in a task beside it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::pending::Underway;
use super::store::NewMessage;
use super::{Backlog, Conversations};
use crate::capability::data::{DataError, UserToken};
use crate::capability::llm::budget::Account;

/// How long a turn that was cancelled may take until its last call is counted. It takes microseconds.
const LAST_CALL: Duration = Duration::from_secs(1);

/// An exchange that has begun.
pub(super) struct Entry {
    pub(super) conversations: Arc<Conversations>,
    pub(super) account: Arc<Account>,
    pub(super) user: UserToken,
    pub(super) user_tag: Arc<str>,
    pub(super) id: Uuid,
    /// Whether the conversation begins with it.
    pub(super) is_new: bool,
    /// The title, if there is none yet.
    pub(super) title: Option<String>,
    pub(super) question: NewMessage,
    /// What the summary didn't cover before.
    pub(super) backlog: Backlog,
}

/// What was said by its end.
pub(super) struct Said {
    pub(super) messages: Vec<NewMessage>,
    /// Readers wait while this is there.
    pub(super) underway: Underway,
}

impl Entry {
    /// Writes the question at once and the answer when it is there. Dropping `written` says that nothing more is to come.
    pub(super) async fn write(mut self, asking: Underway, said: oneshot::Receiver<Said>, written: oneshot::Sender<()>) {
        let mut begun = self.begin().await;
        drop(asking);
        let Ok(Said { mut messages, underway }) = said.await else { return };
        let _ = tokio::time::timeout(LAST_CALL, self.account.ledger().settled()).await;
        let usage = self.account.ledger().usage();
        if begun.is_err() {
            // An answer takes seconds, in which a database may come back.
            begun = self.begin().await;
        }
        let characters = messages.iter().map(|said| said.content.len()).sum::<usize>();
        let backlog = Backlog {
            messages: self.backlog.messages + 1 + messages.len(),
            characters: self.backlog.characters + self.question.content.len() + characters,
        };
        let last = messages.last_mut().unwrap_or(&mut self.question);
        last.usage = (usage.total.calls > 0).then_some(usage);
        let result = match begun {
            Ok(()) => self.end(&messages).await,
            Err(error) => Err(error),
        };
        drop((underway, written));
        if let Err(error) = result {
            let (user, conversation) = (&self.user_tag, self.id);
            tracing::warn!(%user, %conversation, error = %error, "the exchange was not kept");
            return;
        }
        self.conversations.summarise(&self.user, &self.user_tag, self.id, backlog, &self.account).await;
        self.add_later_calls(messages.pop()).await;
    }

    /// A summary's calls belong to the turn that it followed.
    async fn add_later_calls(self, last: Option<NewMessage>) {
        let usage = self.account.ledger().usage();
        let mut last = last.unwrap_or(self.question);
        if last.usage.as_ref().is_none_or(|known| known.total.calls == usage.total.calls) {
            return;
        }
        last.usage = Some(usage);
        if let Err(error) = self.conversations.store.complete(&self.user, &last).await {
            let (user, conversation) = (&self.user_tag, self.id);
            tracing::warn!(%user, %conversation, error = %error, "the usage of a summary was not kept");
        }
    }

    async fn begin(&self) -> Result<(), DataError> {
        let store = &self.conversations.store;
        if self.is_new {
            once(store.create(&self.user, self.id, self.title.as_deref()).await.map(drop))?;
        }
        once(store.append(&self.user, self.id, std::slice::from_ref(&self.question)).await)
    }

    async fn end(&self, messages: &[NewMessage]) -> Result<(), DataError> {
        let store = &self.conversations.store;
        match messages {
            [] if self.question.usage.is_some() => store.complete(&self.user, &self.question).await?,
            [] => {}
            messages => store.append(&self.user, self.id, messages).await?,
        }
        match &self.title {
            Some(title) if !self.is_new => store.set_title(&self.user, self.id, title).await,
            _ => Ok(()),
        }
    }
}

/// A row whose id is there already was written by an attempt whose answer got lost.
fn once(result: Result<(), DataError>) -> Result<(), DataError> {
    match result {
        Err(DataError::Conflict(_)) => Ok(()),
        result => result,
    }
}
