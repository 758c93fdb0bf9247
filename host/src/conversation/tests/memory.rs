//! The two tables in memory, with faults on demand. Whose a row is isn't its business.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::capability::data::{
    Aggregate, Condition, DataError, DataStore, Delete, Filter, Insert, Operator, Page, Row, Select, Update, UserToken,
};

type Rows = Vec<Map<String, Value>>;

pub(super) struct Memory {
    tables: Mutex<BTreeMap<String, Rows>>,
    clock: AtomicUsize,
    /// Inserts wait for a permit and give it back.
    pub(super) inserts: Semaphore,
    /// So many inserts fail, and add nothing.
    pub(super) failing: AtomicUsize,
    /// So many inserts add their rows, and fail all the same.
    pub(super) losing: AtomicUsize,
    /// So many rows are too large for one answer.
    pub(super) too_many: AtomicUsize,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            clock: AtomicUsize::new(1),
            inserts: Semaphore::new(1),
            failing: AtomicUsize::new(0),
            losing: AtomicUsize::new(0),
            too_many: AtomicUsize::new(usize::MAX),
        }
    }
}

impl Memory {
    /// The rows of a table, in the order in which they came.
    pub(super) fn rows(&self, table: &str) -> Rows {
        self.table(table, |rows| rows.clone())
    }

    fn table<T>(&self, table: &str, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(self.tables.lock().unwrap_or_else(PoisonError::into_inner).entry(table.to_owned()).or_default())
    }

    fn now(&self) -> Value {
        json!(format!("2026-03-09T21:20:00.{:06}Z", self.clock.fetch_add(1, Ordering::SeqCst)))
    }
}

fn one_less(count: &AtomicUsize) -> bool {
    count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok()
}

fn unavailable<T>() -> Result<T, DataError> {
    Err(DataError::Unavailable("it is away".into()))
}

fn holds(row: &Map<String, Value>, filter: &Filter) -> bool {
    let value = &row[filter.column.as_str()];
    match filter.operator {
        Operator::Eq => *value == filter.value,
        Operator::Gt => value.as_str() > filter.value.as_str(),
        Operator::IsNull => value.is_null(),
        _ => unreachable!("conversations ask for nothing else"),
    }
}

fn matches(row: &Map<String, Value>, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| match condition {
        Condition::All(filter) => holds(row, filter),
        Condition::Any(filters) => filters.iter().any(|filter| holds(row, filter)),
    })
}

fn raw(rows: &[Map<String, Value>]) -> Vec<Row> {
    rows.iter().map(|row| to_raw_value(row).unwrap()).collect()
}

#[async_trait]
impl DataStore for Memory {
    async fn select(&self, _: &UserToken, query: &Select) -> Result<Page, DataError> {
        let mut rows = self.rows(query.table.as_str());
        rows.retain(|row| matches(row, &query.conditions));
        for key in query.order.iter().rev() {
            rows.sort_by_key(|row| row[key.column.as_str()].as_str().map(str::to_owned));
            if key.descending {
                rows.reverse();
            }
        }
        let total = query.count.then_some(rows.len() as u64);
        let rows: Rows = rows.into_iter().skip(query.offset as usize).take(query.limit as usize).collect();
        if rows.len() > self.too_many.load(Ordering::SeqCst) {
            return Err(DataError::LimitExceeded("the answer is too large".into()));
        }
        Ok(Page { rows: raw(&rows), total })
    }

    async fn insert(&self, _: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError> {
        let _permit = self.inserts.acquire().await.unwrap();
        if one_less(&self.failing) {
            return unavailable();
        }
        let known = self.rows(insertion.table.as_str());
        if insertion.rows.iter().any(|row| known.iter().any(|other| other["id"] == row["id"])) {
            return Err(DataError::Conflict("it exists already".into()));
        }
        let now = self.now();
        let mut rows = insertion.rows.clone();
        for row in &mut rows {
            let defaults = [
                ("user_id", json!(uuid::Uuid::nil())),
                ("title", Value::Null),
                ("metadata", json!({})),
                ("message_count", json!(0)),
                ("last_message_at", Value::Null),
                ("updated_at", now.clone()),
                ("created_at", self.now()),
            ];
            for (column, value) in defaults {
                row.entry(column).or_insert(value);
            }
        }
        self.table(insertion.table.as_str(), |table| table.extend(rows.clone()));
        if one_less(&self.losing) { unavailable() } else { Ok(raw(&rows)) }
    }

    async fn update(&self, _: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError> {
        let changed: Rows = self.table(modification.table.as_str(), |rows| {
            let matching = rows.iter_mut().filter(|row| matches(row, &modification.conditions));
            let change = |row: &mut Map<String, Value>| {
                row.extend(modification.changes.clone());
                row.clone()
            };
            matching.map(change).collect()
        });
        if changed.is_empty() { Err(DataError::NotFound) } else { Ok(raw(&changed)) }
    }

    async fn delete(&self, _: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError> {
        let gone: Rows = self.table(deletion.table.as_str(), |rows| {
            rows.extract_if(.., |row| matches(row, &deletion.conditions)).collect()
        });
        if gone.is_empty() { Err(DataError::NotFound) } else { Ok(raw(&gone)) }
    }

    async fn aggregate(&self, _: &UserToken, _: &Aggregate) -> Result<Vec<Row>, DataError> {
        unavailable()
    }

    async fn ready(&self) -> Result<(), DataError> {
        Ok(())
    }
}
