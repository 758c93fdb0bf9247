//! Conversations and messages as rows, read and written with the user's own token: whose they are is decided by the
//! database's row-level security and nowhere else.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::capability::data::{
    Aggregate, AggregateFunction, Condition, DataError, DataStore, Delete, Filter, Identifier, Insert, Measure,
    Operator, Order, Row, Select, Update, UserToken,
};
use crate::capability::llm::Role;
use crate::capability::llm::budget::Amount;
use crate::capability::llm::usage::Usage;

const CONVERSATIONS: &str = "agent_conversations";
const MESSAGES: &str = "agent_messages";
const USAGE: &str = "agent_usage";

const CONVERSATION: &[&str] =
    &["id", "user_id", "title", "created_at", "updated_at", "last_message_at", "message_count", "metadata"];
const MESSAGE: &[&str] = &["id", "conversation_id", "role", "content", "agent_type", "metadata", "created_at"];

/// A conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What it is about.
    #[schema(required = true)]
    pub title: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When anything about it last changed.
    pub updated_at: DateTime<Utc>,
    /// When its newest message was kept.
    #[schema(required = true)]
    pub last_message_at: Option<DateTime<Utc>>,
    /// How many messages it has.
    pub message_count: u64,
    /// A JSON object. `summary` holds what older messages came to: `text`, and `until`, the time of the newest of them.
    #[schema(value_type = Object)]
    pub metadata: Value,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Message)]
pub struct StoredMessage {
    /// Its id.
    pub id: Uuid,
    /// Where it belongs.
    pub conversation_id: Uuid,
    /// Who said it.
    pub role: Role,
    /// Text or Markdown.
    pub content: String,
    /// Which agent said it; none for the user.
    #[schema(required = true)]
    pub agent_type: Option<String>,
    /// A JSON object. `partial` is true for an answer that was broken off. `usage` is what the model calls of a turn used;
    /// the last message of the turn has it, and no other.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When it was kept.
    pub created_at: DateTime<Utc>,
}

/// A message that is about to be kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NewMessage {
    /// Chosen here, so that writing it twice does nothing the second time.
    pub(super) id: Uuid,
    pub(super) role: Role,
    pub(super) content: String,
    pub(super) agent_type: Option<Arc<str>>,
    pub(super) partial: bool,
    /// What the turn used, in the last message of it.
    pub(super) usage: Option<Usage>,
}

impl NewMessage {
    pub(super) fn of_user(content: &str) -> Self {
        Self::new(Role::User, content, None)
    }

    pub(super) fn of_agent(agent: Arc<str>, content: &str) -> Self {
        Self::new(Role::Assistant, content, Some(agent))
    }

    fn new(role: Role, content: &str, agent_type: Option<Arc<str>>) -> Self {
        Self { id: Uuid::new_v4(), role, content: storable(content), agent_type, partial: false, usage: None }
    }

    fn metadata(&self) -> Value {
        let mut metadata = Map::new();
        if self.partial {
            metadata.insert("partial".to_owned(), json!(true));
        }
        if let Some(usage) = &self.usage {
            metadata.insert("usage".to_owned(), json!(usage));
        }
        Value::Object(metadata)
    }

    fn row(&self, conversation: Uuid) -> Map<String, Value> {
        object([
            ("id", json!(self.id)),
            ("conversation_id", json!(conversation)),
            ("role", json!(self.role)),
            ("content", json!(self.content)),
            ("agent_type", json!(self.agent_type.as_deref())),
            ("metadata", self.metadata()),
        ])
    }
}

/// PostgreSQL has no text with a zero character in it.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// Sums of the view; null where there is nothing to add up.
#[derive(Deserialize)]
struct Used {
    tokens: Option<Number>,
    cost_usd: Option<Number>,
}

impl Used {
    /// Users write their own rows: a sum too large to be true is the largest there is.
    fn amount(&self) -> Amount {
        let decimal = |number: &Option<Number>| match number {
            Some(number) => number.to_string().parse().unwrap_or(Decimal::MAX),
            None => Decimal::ZERO,
        };
        Amount { tokens: decimal(&self.tokens).to_u64().unwrap_or(u64::MAX), cost_usd: decimal(&self.cost_usd) }
    }
}

/// The tables.
pub(super) struct Store(Arc<dyn DataStore>);

impl Store {
    pub(super) fn new(data: Arc<dyn DataStore>) -> Self {
        Self(data)
    }

    /// Conversations, the one that changed last first, and how many there are in all.
    pub(super) async fn list(
        &self,
        user: &UserToken,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Conversation>, u64), DataError> {
        let order = vec![by("updated_at", true), by("id", false)];
        let query = Select { order, limit, offset, count: true, ..select(CONVERSATIONS, CONVERSATION, Vec::new()) };
        let page = self.0.select(user, &query).await?;
        let total = match page.total {
            Some(total) => total,
            // Not every server counts for a page past the last row.
            None => self.count(user).await?,
        };
        Ok((rows(page.rows)?, total))
    }

    async fn count(&self, user: &UserToken) -> Result<u64, DataError> {
        let query = Select { count: true, ..select(CONVERSATIONS, &["id"], Vec::new()) };
        let total = self.0.select(user, &query).await?.total;
        total.ok_or_else(|| DataError::Other("it did not count the rows".into()))
    }

    /// One conversation.
    pub(super) async fn find(&self, user: &UserToken, id: Uuid) -> Result<Conversation, DataError> {
        let page = self.0.select(user, &select(CONVERSATIONS, CONVERSATION, vec![is("id", id)])).await?;
        rows(page.rows)?.pop().ok_or(DataError::NotFound)
    }

    /// Messages of a conversation, oldest first.
    pub(super) async fn messages(
        &self,
        user: &UserToken,
        id: Uuid,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<StoredMessage>, DataError> {
        let order = vec![by("created_at", false), by("id", false)];
        let query = Select { order, limit, offset, ..select(MESSAGES, MESSAGE, vec![is("conversation_id", id)]) };
        rows(self.0.select(user, &query).await?.rows)
    }

    /// The newest messages of a conversation, oldest first.
    pub(super) async fn newest_messages(
        &self,
        user: &UserToken,
        id: Uuid,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, DataError> {
        let order = vec![by("created_at", true), by("id", true)];
        let query = Select { order, limit, ..select(MESSAGES, MESSAGE, vec![is("conversation_id", id)]) };
        let mut messages: Vec<StoredMessage> = rows(self.0.select(user, &query).await?.rows)?;
        messages.reverse();
        Ok(messages)
    }

    /// The oldest messages of a conversation after a time, oldest first.
    pub(super) async fn messages_after(
        &self,
        user: &UserToken,
        id: Uuid,
        time: Option<DateTime<Utc>>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, DataError> {
        let mut conditions = vec![is("conversation_id", id)];
        if let Some(time) = time {
            let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
            conditions.push(Condition::All(filter("created_at", Operator::Gt, json!(time))));
        }
        let order = vec![by("created_at", false), by("id", false)];
        let query = Select { order, limit, ..select(MESSAGES, MESSAGE, conditions) };
        rows(self.0.select(user, &query).await?.rows)
    }

    /// What the user's turns used since a time.
    pub(super) async fn used_since(&self, user: &UserToken, time: DateTime<Utc>) -> Result<Amount, DataError> {
        let sum =
            |column: &str| Measure { function: AggregateFunction::Sum, column: Some(name(column)), name: name(column) };
        let time = time.to_rfc3339_opts(SecondsFormat::Micros, true);
        let aggregation = Aggregate {
            table: name(USAGE),
            conditions: vec![Condition::All(filter("created_at", Operator::Gte, json!(time)))],
            group_by: Vec::new(),
            measures: vec![sum("tokens"), sum("cost_usd")],
            limit: 1,
        };
        let used: Vec<Used> = rows(self.0.aggregate(user, &aggregation).await?)?;
        Ok(used.first().map(Used::amount).unwrap_or_default())
    }

    /// Makes a conversation.
    pub(super) async fn create(
        &self,
        user: &UserToken,
        id: Uuid,
        title: Option<&str>,
    ) -> Result<Conversation, DataError> {
        let insertion = Insert {
            table: name(CONVERSATIONS),
            columns: names(&["id", "title"]),
            rows: vec![object([("id", json!(id)), ("title", json!(title))])],
            returning: names(CONVERSATION),
        };
        let made = rows(self.0.insert(user, &insertion).await?)?.pop();
        made.ok_or_else(|| DataError::Other("it did not return the new row".into()))
    }

    /// Adds messages in this order, all or none.
    pub(super) async fn append(&self, user: &UserToken, id: Uuid, messages: &[NewMessage]) -> Result<(), DataError> {
        let insertion = Insert {
            table: name(MESSAGES),
            columns: names(&["id", "conversation_id", "role", "content", "agent_type", "metadata"]),
            rows: messages.iter().map(|message| message.row(id)).collect(),
            returning: names(&["id"]),
        };
        self.0.insert(user, &insertion).await.map(drop)
    }

    /// Gives a conversation a title, if it has none.
    pub(super) async fn set_title(&self, user: &UserToken, id: Uuid, title: &str) -> Result<(), DataError> {
        let empty = vec![filter("title", Operator::IsNull, Value::Null), filter("title", Operator::Eq, json!(""))];
        let conditions = vec![is("id", id), Condition::Any(empty)];
        match self.update(user, CONVERSATIONS, conditions, object([("title", json!(title))])).await {
            // Somebody else was quicker, or the conversation is gone.
            Err(DataError::NotFound) => Ok(()),
            result => result,
        }
    }

    /// Puts metadata in the place of what was there.
    pub(super) async fn set_metadata(&self, user: &UserToken, id: Uuid, metadata: Value) -> Result<(), DataError> {
        self.update(user, CONVERSATIONS, vec![is("id", id)], object([("metadata", metadata)])).await
    }

    /// Writes the metadata of a message that was kept before all of it was known.
    pub(super) async fn complete(&self, user: &UserToken, message: &NewMessage) -> Result<(), DataError> {
        let metadata = object([("metadata", message.metadata())]);
        self.update(user, MESSAGES, vec![is("id", message.id)], metadata).await
    }

    async fn update(
        &self,
        user: &UserToken,
        table: &str,
        conditions: Vec<Condition>,
        changes: Map<String, Value>,
    ) -> Result<(), DataError> {
        let table = name(table);
        let modification = Update { table, conditions, changes, max_affected: 1, returning: names(&["id"]) };
        self.0.update(user, &modification).await.map(drop)
    }

    /// Removes a conversation with its messages.
    pub(super) async fn delete(&self, user: &UserToken, id: Uuid) -> Result<(), DataError> {
        let table = name(CONVERSATIONS);
        let deletion = Delete { table, conditions: vec![is("id", id)], max_affected: 1, returning: names(&["id"]) };
        self.0.delete(user, &deletion).await.map(drop)
    }
}

fn name(name: &str) -> Identifier {
    Identifier::new(name).expect("the names in this file are identifiers")
}

fn names(of: &[&str]) -> Vec<Identifier> {
    of.iter().map(|of| name(of)).collect()
}

fn filter(column: &str, operator: Operator, value: Value) -> Filter {
    Filter { column: name(column), operator, value, negate: false }
}

fn is(column: &str, id: Uuid) -> Condition {
    Condition::All(filter(column, Operator::Eq, json!(id)))
}

fn by(column: &str, descending: bool) -> Order {
    Order { column: name(column), descending }
}

fn select(table: &str, columns: &[&str], conditions: Vec<Condition>) -> Select {
    let (table, columns) = (name(table), names(columns));
    Select { table, columns, conditions, order: Vec::new(), limit: 1, offset: 0, count: false }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn rows<T: DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>, DataError> {
    // The error would quote the row.
    let fault = |_| DataError::Other("a conversation's row has another form than the schema gives it".into());
    rows.iter().map(|row| serde_json::from_str(row.get()).map_err(fault)).collect()
}
