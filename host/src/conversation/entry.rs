//! What is written down of an exchange, in a task beside it.

use std::sync::Arc;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::pending::Underway;
use super::store::NewMessage;
use super::{Backlog, Conversations};
use crate::capability::data::{DataError, UserToken};

/// An exchange that has begun.
pub(super) struct Entry {
    pub(super) conversations: Arc<Conversations>,
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
    pub(super) async fn write(self, asking: Underway, said: oneshot::Receiver<Said>, written: oneshot::Sender<()>) {
        let mut begun = self.begin().await;
        drop(asking);
        let Ok(Said { messages, underway }) = said.await else { return };
        if begun.is_err() {
            // An answer takes seconds, in which a database may come back.
            begun = self.begin().await;
        }
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
        let characters = self.question.content.len() + messages.iter().map(|said| said.content.len()).sum::<usize>();
        let backlog = Backlog {
            messages: self.backlog.messages + 1 + messages.len(),
            characters: self.backlog.characters + characters,
        };
        self.conversations.summarise(&self.user, &self.user_tag, self.id, backlog).await;
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
        if !messages.is_empty() {
            store.append(&self.user, self.id, messages).await?;
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
