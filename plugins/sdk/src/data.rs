//! The user's data: the contract's records, and constructors that read like the question.
//!
//! ```
//! use canvalo_sdk::data::{Filter, Query};
//!
//! let unpaid = Query::new("invoices", &["id", "invoice_number", "balance_due"])
//!     .matching(Filter::gt("balance_due", 0))
//!     .matching(Filter::one_of("status", ["sent", "viewed", "partial"]))
//!     .descending("balance_due")
//!     .limit(20)
//!     .counted();
//! # assert_eq!(unpaid.conditions.len(), 2);
//! ```

use serde::Serialize;

pub use crate::bindings::canvalo::agent::data::{
    AggregateFunction, Aggregation, Approval, CalendarUnit, Condition, DataError, Deletion, Filter, GroupKey,
    Insertion, InvalidRequest, Measure, Modification, Operator, Order, Page as RawPage, Query,
};

/// The most requests a batch may hold.
pub const MAX_BATCH: usize = 16;

/// The most values [`Filter::one_of`] may name.
pub const MAX_ONE_OF: usize = 200;

/// Rows that are counted and added up. Nobody reads a longer list, and an answer must not take longer the longer a business
/// exists. Notes on longer lists name this number.
pub const MAX_COUNTED: u32 = 1_000;

/// JSON text of a value. What can't be written becomes empty text, which the host refuses as invalid.
pub(crate) fn json(value: impl Serialize) -> String {
    serde_json::to_string(&value).unwrap_or_default()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Filter {
    fn new(column: &str, operator: Operator, value: impl Serialize) -> Self {
        Self { column: column.to_owned(), operator, value: json(value), negate: false }
    }

    /// Equal.
    pub fn eq(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Eq, value)
    }

    /// Not equal. As in SQL, a null is neither equal nor unequal.
    pub fn neq(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Neq, value)
    }

    /// Less than.
    pub fn lt(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Lt, value)
    }

    /// Less than or equal.
    pub fn lte(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Lte, value)
    }

    /// Greater than.
    pub fn gt(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Gt, value)
    }

    /// Greater than or equal.
    pub fn gte(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Gte, value)
    }

    /// Text pattern without regard to upper and lower case; `*` stands for any characters.
    pub fn ilike(column: &str, pattern: &str) -> Self {
        Self::new(column, Operator::Ilike, pattern)
    }

    /// Text that holds this one somewhere, without regard to upper and lower case.
    pub fn holds_text(column: &str, text: &str) -> Self {
        Self::ilike(column, &format!("*{text}*"))
    }

    /// One of these values, 1 to 200.
    pub fn one_of<T: Serialize>(column: &str, values: impl IntoIterator<Item = T>) -> Self {
        Self::new(column, Operator::OneOf, values.into_iter().collect::<Vec<_>>())
    }

    /// Null.
    pub fn is_null(column: &str) -> Self {
        Self::new(column, Operator::IsNull, ())
    }

    /// An array that holds all of these members, or JSON that contains this.
    pub fn contains(column: &str, value: impl Serialize) -> Self {
        Self::new(column, Operator::Contains, value)
    }

    /// Turns the comparison around.
    pub fn negated(mut self) -> Self {
        self.negate = !self.negate;
        self
    }
}

impl From<Filter> for Condition {
    fn from(filter: Filter) -> Self {
        Self::All(filter)
    }
}

impl From<Vec<Filter>> for Condition {
    /// At least one of them must hold.
    fn from(filters: Vec<Filter>) -> Self {
        Self::Any(filters)
    }
}

impl Query {
    /// Reads at most 100 rows of a table with these columns.
    pub fn new(table: &str, columns: &[&str]) -> Self {
        Self {
            table: table.to_owned(),
            columns: owned(columns),
            conditions: Vec::new(),
            order: Vec::new(),
            limit: 100,
            offset: 0,
            count: false,
            extra: String::new(),
        }
    }

    /// Requires a [`Filter`] to hold, or at least one of a `Vec<Filter>`.
    pub fn matching(mut self, condition: impl Into<Condition>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Sorts by a column, smallest first.
    pub fn ascending(mut self, column: &str) -> Self {
        self.order.push(Order { column: column.to_owned(), descending: false });
        self
    }

    /// Sorts by a column, largest first.
    pub fn descending(mut self, column: &str) -> Self {
        self.order.push(Order { column: column.to_owned(), descending: true });
        self
    }

    /// At most this many rows, from 1.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Skips rows.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = offset;
        self
    }

    /// Counts all rows that match as well.
    pub fn counted(mut self) -> Self {
        self.count = true;
        self
    }

    /// The id of one row behind the first [`MAX_COUNTED`]: if there is none, they are few enough to count.
    pub fn beyond_counted(&self) -> Self {
        // In the same order, which an index may have, so that no more is read than what comes before it.
        let mut beyond = self.clone().limit(1).offset(MAX_COUNTED);
        beyond.columns = owned(&["id"]);
        beyond.count = false;
        beyond
    }
}

impl Insertion {
    /// Adds rows, given as things that serialise to JSON objects.
    pub fn new<T: Serialize>(table: &str, rows: &[T], returning: &[&str]) -> Self {
        Self {
            table: table.to_owned(),
            rows: rows.iter().map(json).collect(),
            returning: owned(returning),
            extra: String::new(),
        }
    }
}

impl Modification {
    /// Changes the one row with this id.
    pub fn by_id(table: &str, id: &str, changes: impl Serialize, returning: &[&str]) -> Self {
        Self {
            table: table.to_owned(),
            conditions: vec![Filter::eq("id", id).into()],
            changes: json(changes),
            max_affected: 1,
            returning: owned(returning),
            extra: String::new(),
        }
    }

    /// Requires something else of the row, for example that it hasn't changed since it was read.
    pub fn matching(mut self, condition: impl Into<Condition>) -> Self {
        self.conditions.push(condition.into());
        self
    }
}

impl Deletion {
    /// Removes the rows with these ids, at most 200.
    pub fn by_ids(table: &str, ids: &[&str], returning: &[&str]) -> Self {
        Self {
            table: table.to_owned(),
            conditions: vec![Filter::one_of("id", ids).into()],
            max_affected: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            returning: owned(returning),
            extra: String::new(),
        }
    }
}

impl Aggregation {
    /// Computes figures over a table, at most 100 groups.
    pub fn new(table: &str) -> Self {
        Self {
            table: table.to_owned(),
            conditions: Vec::new(),
            group_by: Vec::new(),
            measures: Vec::new(),
            limit: 100,
            extra: String::new(),
        }
    }

    /// Requires a [`Filter`] to hold, or at least one of a `Vec<Filter>`.
    pub fn matching(mut self, condition: impl Into<Condition>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// One group per value of a column.
    pub fn by(mut self, column: &str) -> Self {
        self.group_by.push(GroupKey { column: column.to_owned(), unit: None });
        self
    }

    /// One group per month, quarter, … of a date column.
    pub fn by_calendar(mut self, column: &str, unit: CalendarUnit) -> Self {
        self.group_by.push(GroupKey { column: column.to_owned(), unit: Some(unit) });
        self
    }

    /// The number of rows, called `name` in the result.
    pub fn count(mut self, name: &str) -> Self {
        self.measures.push(Measure { function: AggregateFunction::Count, column: None, name: name.to_owned() });
        self
    }

    /// A figure over a column, called `name` in the result.
    pub fn measure(mut self, function: AggregateFunction, column: &str, name: &str) -> Self {
        self.measures.push(Measure { function, column: Some(column.to_owned()), name: name.to_owned() });
        self
    }

    /// The sum of a column, called `name` in the result.
    pub fn sum(self, column: &str, name: &str) -> Self {
        self.measure(AggregateFunction::Sum, column, name)
    }
}
