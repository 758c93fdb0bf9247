//! The user's business data: one trait, and a client per file.
//!
//! Requests are typed and already checked against the plugin's grant; a client only renders them. Identifiers are
//! validated when they are made, so that nothing else has to ask whether a name is safe.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub mod observed;
pub mod postgrest;
mod unconfigured;

pub use postgrest::PostgRest;
pub use unconfigured::Unconfigured;

/// A store of rows that acts as one user per call.
#[async_trait]
pub trait DataStore: Send + Sync {
    /// Reads rows.
    async fn select(&self, user: &UserToken, query: &Select) -> Result<Page, DataError>;
    /// Adds rows, all or none, and returns them as written.
    async fn insert(&self, user: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError>;
    /// Changes rows, all or none, and returns them. [`DataError::NotFound`] when none matches.
    async fn update(&self, user: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError>;
    /// Removes rows, all or none, and returns them as they were. [`DataError::NotFound`] when none matches.
    async fn delete(&self, user: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError>;
    /// Computes figures over groups of rows.
    async fn aggregate(&self, user: &UserToken, aggregation: &Aggregate) -> Result<Vec<Row>, DataError>;
    /// Whether the service answers at all. Reads nothing.
    async fn ready(&self) -> Result<(), DataError>;
}

/// The token of the user a call acts for.
#[derive(Clone)]
pub struct UserToken(SecretString);

impl UserToken {
    /// Wraps a verified token.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself, for the one place that sends it.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken(..)")
    }
}

/// A JSON object as the service sent it.
pub type Row = Box<RawValue>;

/// The name of a table or column: `[a-z_][a-z0-9_]*`, at most 63 bytes as in PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// Checks a name.
    pub fn new(name: impl Into<String>) -> Result<Self, DataError> {
        let name = name.into();
        let mut bytes = name.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        if first && name.len() <= 63 && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Ok(Self(name));
        }
        let shown: String = name.chars().take(40).collect();
        Err(DataError::Invalid {
            column: None,
            message: format!(
                "{shown:?} is not a name of a table or column: lower-case letters, digits and underscores"
            ),
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Neq,
    /// Less than.
    Lt,
    /// Less than or equal.
    Lte,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Gte,
    /// Pattern, case-sensitive; `*` is any characters and everything else literal.
    Like,
    /// Pattern, case-insensitive.
    Ilike,
    /// One of the members of a JSON array, 1 to 200.
    OneOf,
    /// Null.
    IsNull,
    /// An array that holds, or `jsonb` that contains.
    Contains,
}

/// A comparison with one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The column.
    pub column: Identifier,
    /// How to compare.
    pub operator: Operator,
    /// What to compare with.
    pub value: Value,
    /// Turns the comparison around.
    pub negate: bool,
}

/// A requirement on rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The comparison must hold.
    All(Filter),
    /// At least one must hold.
    Any(Vec<Filter>),
}

/// A sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: Identifier,
    /// Largest first.
    pub descending: bool,
}

/// A read.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// The table or view.
    pub table: Identifier,
    /// The columns wanted, at least one.
    pub columns: Vec<Identifier>,
    /// Which rows.
    pub conditions: Vec<Condition>,
    /// Sort keys; by `id` when empty.
    pub order: Vec<Order>,
    /// At most this many rows, from 1.
    pub limit: u32,
    /// Rows to skip.
    pub offset: u32,
    /// Whether to count all that match.
    pub count: bool,
}

/// What a read gave.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many match in all, if counted.
    pub total: Option<u64>,
}

/// New rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: Identifier,
    /// The columns the rows may set; anything else in a row is dropped by the service.
    pub columns: Vec<Identifier>,
    /// The rows.
    pub rows: Vec<Map<String, Value>>,
    /// The columns to return.
    pub returning: Vec<Identifier>,
}

/// A change of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The table.
    pub table: Identifier,
    /// Which rows, at least one condition.
    pub conditions: Vec<Condition>,
    /// The new values, at least one.
    pub changes: Map<String, Value>,
    /// Refused, with nothing written, if more rows would change.
    pub max_affected: u32,
    /// The columns to return.
    pub returning: Vec<Identifier>,
}

/// A removal of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: Identifier,
    /// Which rows, at least one condition.
    pub conditions: Vec<Condition>,
    /// Refused, with nothing removed, if more rows would go.
    pub max_affected: u32,
    /// The columns to return.
    pub returning: Vec<Identifier>,
}

/// What is computed over a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    /// Number of rows, or of values of a column.
    Count,
    /// Exact sum.
    Sum,
    /// Average.
    Avg,
    /// Smallest.
    Min,
    /// Largest.
    Max,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What to compute.
    pub function: AggregateFunction,
    /// Over which column; only a count may leave it out.
    pub column: Option<Identifier>,
    /// Its name in the result.
    pub name: Identifier,
}

/// A part of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarUnit {
    /// A day.
    Day,
    /// From Monday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
}

/// What rows are grouped by.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupKey {
    /// The column, and the key's name in the result.
    pub column: Identifier,
    /// Round dates down to this.
    pub unit: Option<CalendarUnit>,
}

/// Figures that the database computes.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The table or view.
    pub table: Identifier,
    /// Which rows.
    pub conditions: Vec<Condition>,
    /// The keys, at most 4.
    pub group_by: Vec<GroupKey>,
    /// The figures, 1 to 16.
    pub measures: Vec<Measure>,
    /// At most this many groups, from 1.
    pub limit: u32,
}

/// Why an operation did not happen. The texts hold no row and no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The database's own permissions refuse it.
    #[error("the database denies it: {0}")]
    Denied(String),
    /// No row of the user's matches.
    #[error("no row matches")]
    NotFound,
    /// The request doesn't fit the table.
    #[error("{message}")]
    Invalid {
        /// The column it is about.
        column: Option<String>,
        /// What is wrong.
        message: String,
    },
    /// A duplicate, or a reference to nothing.
    #[error("the write conflicts with what is there: {0}")]
    Conflict(String),
    /// More rows than allowed.
    #[error("{0}")]
    LimitExceeded(String),
    /// The service refused the user's token.
    #[error("the data service refused the token: {0}")]
    Unauthorized(String),
    /// The service can't be reached or took too long.
    #[error("the data service is unavailable: {0}")]
    Unavailable(String),
    /// Anything else.
    #[error("the data service failed: {0}")]
    Other(String),
}
