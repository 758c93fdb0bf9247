//! Conversations that fit: what a model is told of what was said before, and what is kept of what is said now.
//!
//! - [`context`]: what of a conversation goes to the model, by a budget of tokens. Pure.
//! - [`fitted`]: that budget around every model call.
//! - [`store`]: conversations and messages as rows of the user's own.
//! - [`exchange`]: a turn whose words are kept, whichever way it ends. The writes are a task beside it (`entry`), so that
//!   no word waits for one; `pending` makes the next message wait for them instead.
//! - `summary`: what the oldest turns came to, written after a turn for the ones that follow.
//! - `days`: what a user has used today, where that is limited.
//! - `title`: what a conversation is called.

pub mod context;
mod days;
mod entry;
pub mod exchange;
pub mod fitted;
mod pending;
pub mod store;
mod summary;
mod title;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use exchange::{Exchange, Opening};
pub use store::{Conversation, StoredMessage};

use crate::auth::User;
use crate::capability::data::{DataError, UserToken};
use crate::capability::llm::budget::{Account, Amount, DayLimits};
use crate::capability::llm::prices::Prices;
use crate::capability::llm::usage::Ledger;
use crate::capability::llm::{LanguageModel, Message, Role};
use crate::plugin::Services;
use context::{Shares, TooLong};
use days::Days;
use entry::Entry;
use pending::Pending;
use store::{NewMessage, Store};
use summary::Summary;

/// Messages of a conversation that are read for a turn: more than ever stay without a summary, when there are any.
const HISTORY_MESSAGES: u32 = 60;

/// So many messages are summarised however short they are.
const SUMMARY_MESSAGES: usize = 40;

/// Whose a summary's model calls are, as agents have names.
const CONVERSATION: &str = "conversation";

/// Read instead when so many are larger than the database's answers may be.
const FEW_MESSAGES: u32 = 6;

/// Everybody's conversations, each reachable with its user's token alone.
pub struct Conversations {
    store: Store,
    model: Arc<dyn LanguageModel>,
    writes: TaskTracker,
    pending: Arc<Pending>,
    days: Days,
    options: Options,
    /// Conversations whose summary is being written, so that two turns don't pay for the same one.
    summarising: Mutex<HashSet<Uuid>>,
}

/// What conversations depend on besides the services.
pub struct Options {
    /// Whether they are kept at all.
    pub kept: bool,
    /// Whether the model can write a summary of one.
    pub summarised: bool,
    /// The model's window in tokens.
    pub window: u32,
    /// What models cost.
    pub prices: Arc<Prices>,
    /// Tokens, read and written, that one message may use over all its model calls.
    pub turn_tokens: u64,
    /// What a user may use on one day.
    pub day: DayLimits,
    /// Ends what nobody waits for.
    pub stop: CancellationToken,
}

/// Why a conversation can't be had, or can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// The user has no such conversation. Nothing tells whether somebody else has.
    #[error("there is no such conversation")]
    NotFound,
    /// The message alone is more than the model reads.
    #[error("the message is too long: {0}")]
    TooLong(#[from] TooLong),
    /// The database didn't answer as it should.
    #[error(transparent)]
    Data(DataError),
}

impl From<DataError> for ConversationError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::NotFound => Self::NotFound,
            error => Self::Data(error),
        }
    }
}

impl Conversations {
    /// Conversations in the services' data store.
    pub fn new(services: &Services, options: Options) -> Arc<Self> {
        Arc::new(Self {
            store: Store::new(Arc::clone(&services.data)),
            model: Arc::clone(&services.model),
            writes: services.writes.clone(),
            pending: Arc::default(),
            days: Days::new(options.day),
            options,
            summarising: Mutex::default(),
        })
    }

    /// A user's conversations, the one that changed last first, and how many there are in all.
    pub async fn list(
        &self,
        user: &User,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Conversation>, u64), ConversationError> {
        Ok(self.store.list(&user.token, limit, offset).await?)
    }

    /// A conversation of the user's with some of its messages, oldest first.
    pub async fn get(
        &self,
        user: &User,
        id: Uuid,
        limit: u32,
        offset: u32,
    ) -> Result<(Conversation, Vec<StoredMessage>), ConversationError> {
        self.pending.settled(id).await;
        let messages = self.store.messages(&user.token, id, limit, offset);
        Ok(tokio::try_join!(self.store.find(&user.token, id), messages)?)
    }

    /// Makes a conversation without messages.
    pub async fn create(&self, user: &User, title: Option<&str>) -> Result<Conversation, ConversationError> {
        let title = title.map(store::storable);
        Ok(self.store.create(&user.token, Uuid::new_v4(), title.as_deref()).await?)
    }

    /// Removes a conversation of the user's with all its messages.
    pub async fn delete(&self, user: &User, id: Uuid) -> Result<(), ConversationError> {
        self.pending.settled(id).await;
        Ok(self.store.delete(&user.token, id).await?)
    }

    /// Finds what a message belongs to, and what the model is to know of it. A message without an id begins a
    /// conversation, whose id is told at the end of the turn.
    pub async fn open(self: &Arc<Self>, user: &User, message: Incoming) -> Result<Opening, ConversationError> {
        let Incoming { conversation, text, told, user_tag, now } = message;
        let id = conversation.filter(|_| self.options.kept);
        let found = async {
            match id {
                Some(id) => self.find(&user.token, id).await,
                None => Ok(Found::default()),
            }
        };
        let day = self.days.of(user.id, now, |midnight| self.used_since(&user.token, midnight));
        let (found, day) = tokio::join!(found, day);
        let found = found?;
        let history = if found.history.is_empty() { told } else { found.history };
        let history = context::before(history, &text, self.options.window, self.model.scale())?;
        let ledger = Ledger::new(Arc::clone(&self.options.prices));
        let account = Account::new(ledger, self.options.turn_tokens, day);
        let entry = self.options.kept.then(|| Entry {
            conversations: Arc::clone(self),
            account: Arc::clone(&account),
            user: user.token.clone(),
            user_tag,
            id: id.unwrap_or_else(Uuid::new_v4),
            is_new: id.is_none(),
            title: found.untitled.then(|| title::title(found.first_words.as_deref().unwrap_or(&text))).flatten(),
            question: NewMessage::of_user(&text),
            backlog: found.backlog,
        });
        Ok(Opening { history: history.into(), account, entry })
    }

    async fn find(&self, user: &UserToken, id: Uuid) -> Result<Found, DataError> {
        self.pending.settled(id).await;
        let (conversation, messages) = tokio::try_join!(self.store.find(user, id), self.newest_messages(user, id))?;
        let summary = Summary::of(&conversation.metadata);
        let first_words = messages.iter().find(|message| message.role == Role::User).map(|first| first.content.clone());
        let is_open = |message: &StoredMessage| summary.as_ref().is_none_or(|sum| message.created_at > sum.until);
        let open: Vec<StoredMessage> = messages.into_iter().filter(is_open).collect();
        let backlog =
            Backlog { messages: open.len(), characters: open.iter().map(|message| message.content.len()).sum() };
        let said = open.into_iter().map(|message| (message.role, message.content));
        Ok(Found {
            history: context::history(summary.as_ref().map(|summary| summary.text.as_str()), said),
            backlog,
            untitled: conversation.title.is_none_or(|title| title.is_empty()),
            first_words,
        })
    }

    async fn used_since(&self, user: &UserToken, time: DateTime<Utc>) -> Result<Amount, DataError> {
        if self.options.kept { self.store.used_since(user, time).await } else { Ok(Amount::default()) }
    }

    async fn newest_messages(&self, user: &UserToken, id: Uuid) -> Result<Vec<StoredMessage>, DataError> {
        match self.store.newest_messages(user, id, HISTORY_MESSAGES).await {
            Err(DataError::LimitExceeded(_)) => self.store.newest_messages(user, id, FEW_MESSAGES).await,
            result => result,
        }
    }

    /// Writes a new summary when so much is not in the last one that it may soon not fit.
    async fn summarise(&self, user: &UserToken, user_tag: &str, id: Uuid, backlog: Backlog, account: &Arc<Account>) {
        let Options { window, summarised, stop, .. } = &self.options;
        let most = self.model.scale().characters(Shares::of(*window).summarise_from);
        let due = backlog.characters > most || backlog.messages > SUMMARY_MESSAGES;
        if !summarised || !due || !self.summarising().insert(id) {
            return;
        }
        let model = account.meter(&self.model, CONVERSATION);
        let renewed = tokio::select! {
            () = stop.cancelled() => Ok(()),
            renewed = summary::renew(&self.store, &*model, user, id, *window) => renewed,
        };
        self.summarising().remove(&id);
        if let Err(error) = renewed {
            tracing::warn!(user = %user_tag, conversation = %id, error = %error, "the conversation was not summarised");
        }
    }

    fn summarising(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.summarising.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message of the user's, as it came.
pub struct Incoming {
    /// The conversation it belongs to.
    pub conversation: Option<Uuid>,
    /// The message, word for word.
    pub text: Arc<str>,
    /// The client's account of what was said before, roles alternating from the user's. It counts only where nothing is
    /// kept, as anybody could write it.
    pub told: Vec<Message>,
    /// Stands for the user in logs.
    pub user_tag: Arc<str>,
    /// When it came.
    pub now: DateTime<Utc>,
}

/// What was kept of a conversation.
struct Found {
    history: Vec<Message>,
    backlog: Backlog,
    untitled: bool,
    first_words: Option<String>,
}

impl Default for Found {
    /// A conversation that is about to begin.
    fn default() -> Self {
        Self { history: Vec::new(), backlog: Backlog::default(), untitled: true, first_words: None }
    }
}

/// What no summary covers yet.
#[derive(Debug, Clone, Copy, Default)]
struct Backlog {
    messages: usize,
    characters: usize,
}

#[cfg(test)]
mod tests;
