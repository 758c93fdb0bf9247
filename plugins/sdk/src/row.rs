//! Rows as agents read them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Money;
use crate::data::{DataError, RawPage};

/// A row of a table, or a group of an aggregation.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub struct Row(pub Map<String, Value>);

impl Row {
    /// Reads JSON text from the host.
    pub(crate) fn parse(text: &str) -> Result<Self, DataError> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| DataError::Other(format!("the host sent a row that isn't a JSON object: {error}")))
    }

    /// Reads several.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, DataError> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// A column's value; null when the row doesn't have the column.
    pub fn get(&self, column: &str) -> &Value {
        self.0.get(column).unwrap_or(&Value::Null)
    }

    /// A column's text; empty when null or no text.
    pub fn text(&self, column: &str) -> &str {
        self.get(column).as_str().unwrap_or_default()
    }

    /// A column's money; zero when null or no number, as a sum over no rows is.
    pub fn money(&self, column: &str) -> Money {
        Money::from_json(self.get(column)).unwrap_or_default()
    }

    /// A column's whole number; zero when null or no number.
    pub fn integer(&self, column: &str) -> i64 {
        self.get(column).as_i64().unwrap_or_default()
    }

    /// A column's exact number; none when null or no number.
    pub fn decimal(&self, column: &str) -> Option<Decimal> {
        Money::from_json(self.get(column)).map(Money::decimal)
    }

    /// A column that is true.
    pub fn is_true(&self, column: &str) -> bool {
        self.get(column).as_bool().unwrap_or_default()
    }

    /// A column's list of words; empty when null or no list.
    pub fn words(&self, column: &str) -> Vec<&str> {
        self.get(column).as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A column's time of day.
    pub fn time(&self, column: &str) -> Option<NaiveTime> {
        let text = self.text(column);
        NaiveTime::parse_from_str(text, "%H:%M:%S%.f").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M")).ok()
    }

    /// A column's date. The date part of an instant when it starts with one.
    pub fn date(&self, column: &str) -> Option<NaiveDate> {
        self.text(column).get(..10)?.parse().ok()
    }

    /// A column's instant.
    pub fn instant(&self, column: &str) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(self.text(column)).ok()
    }
}

/// What a read gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many match in all, if they were counted.
    pub total: Option<u64>,
}

impl Page {
    pub(crate) fn parse(page: &RawPage) -> Result<Self, DataError> {
        Ok(Self { rows: Row::parse_all(&page.rows)?, total: page.total })
    }
}
