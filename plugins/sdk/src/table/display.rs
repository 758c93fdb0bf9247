//! Rows as people read them.

use chrono::FixedOffset;
use serde_json::{Map, Value};

use super::{Kind, Table};
use crate::{Money, Row};

/// A row with its id and these columns, in their order.
pub(super) fn columns(table: &Table, row: &Row, shown: &[&str], zone: FixedOffset) -> Map<String, Value> {
    let mut columns = Map::with_capacity(shown.len() + 1);
    columns.insert("id".to_owned(), row.get("id").clone());
    for name in shown {
        columns.insert((*name).to_owned(), value(table, name, row, zone));
    }
    columns
}

/// A row with everything that has a value.
pub(super) fn whole(table: &Table, row: &Row, zone: FixedOffset) -> Map<String, Value> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut whole = columns(table, row, &names, zone);
    whole.retain(|_, value| !value.is_null());
    whole
}

fn value(table: &Table, name: &str, row: &Row, zone: FixedOffset) -> Value {
    let value = row.get(name);
    match table.column(name).map(|column| column.kind) {
        Some(Kind::Money) => Money::from_json(value).map_or_else(|| value.clone(), |amount| amount.to_string().into()),
        Some(Kind::Timestamp) => match row.instant(name) {
            Some(instant) => instant.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string().into(),
            None => value.clone(),
        },
        Some(Kind::Time) => value.as_str().and_then(|time| time.get(..5)).map_or_else(|| value.clone(), Value::from),
        _ => value.clone(),
    }
}
