//! Tables in memory.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::compare;
use crate::Row;
use crate::data::{DataError, Deletion, Insertion, Modification, Query, RawPage};

/// Rows by table. Knows no types: it holds what it is given.
#[derive(Default)]
pub struct Store {
    tables: BTreeMap<String, Vec<Row>>,
    generated: Vec<Generated>,
    last_id: u32,
}

/// A column that is computed from the rest of its row.
struct Generated {
    table: String,
    column: String,
    compute: fn(&Row) -> Value,
}

impl Store {
    /// Adds rows to a table.
    pub fn add(&mut self, table: &str, rows: impl IntoIterator<Item = Value>) {
        let rows: Vec<Row> = rows.into_iter().map(|row| self.with_id(row)).collect();
        self.tables.entry(table.to_owned()).or_default().extend(rows);
    }

    /// Declares a computed column.
    pub fn generate(&mut self, table: &str, column: &str, compute: fn(&Row) -> Value) {
        self.generated.push(Generated { table: table.to_owned(), column: column.to_owned(), compute });
    }

    /// All rows of a table as a read gives them.
    pub fn rows(&self, table: &str) -> Vec<Row> {
        self.tables.get(table).into_iter().flatten().map(|row| self.computed(table, row)).collect()
    }

    fn with_id(&mut self, row: Value) -> Row {
        let mut row = if let Value::Object(row) = row { row } else { Map::new() };
        self.last_id += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.last_id);
        row.entry("id").or_insert(Value::String(id));
        Row(row)
    }

    fn computed(&self, table: &str, row: &Row) -> Row {
        let mut row = row.clone();
        for generated in self.generated.iter().filter(|generated| generated.table == table) {
            let value = (generated.compute)(&row);
            row.0.insert(generated.column.clone(), value);
        }
        row
    }

    pub(super) fn table(&self, table: &str) -> Result<Vec<Row>, DataError> {
        if !self.tables.contains_key(table) {
            return Err(compare::invalid(None, &format!("there is no table {table:?}")));
        }
        Ok(self.rows(table))
    }

    pub(super) fn select(&self, query: &Query) -> Result<RawPage, DataError> {
        if query.limit == 0 || query.columns.is_empty() {
            return Err(compare::invalid(None, "a read needs columns and a limit from 1"));
        }
        let mut rows = Vec::new();
        for row in self.table(&query.table)? {
            if compare::matches(&row, &query.conditions)? {
                rows.push(row);
            }
        }
        for key in query.order.iter().rev() {
            rows.sort_by(|a, b| {
                let (a, b) = (a.get(&key.column), b.get(&key.column));
                let order = compare::order(a, b);
                // Null comes last in both directions.
                if key.descending && !a.is_null() && !b.is_null() { order.reverse() } else { order }
            });
        }
        let total = query.count.then_some(rows.len() as u64);
        let rows = rows.iter().skip(query.offset as usize).take(query.limit as usize);
        Ok(RawPage { rows: rows.map(|row| part(row, &query.columns)).collect(), total })
    }

    pub(super) fn insert(&mut self, insertion: &Insertion) -> Result<Vec<String>, DataError> {
        self.table(&insertion.table)?;
        let rows = Row::parse_all(&insertion.rows)?;
        let rows: Vec<Row> = rows.into_iter().map(|row| self.with_id(Value::Object(row.0))).collect();
        let shown = rows.iter().map(|row| part(&self.computed(&insertion.table, row), &insertion.returning)).collect();
        self.tables.entry(insertion.table.clone()).or_default().extend(rows);
        Ok(shown)
    }

    pub(super) fn update(&mut self, modification: &Modification) -> Result<Vec<String>, DataError> {
        let matching = self.matching(&modification.table, &modification.conditions, modification.max_affected)?;
        let changes = Row::parse(&modification.changes)?;
        let mut changed = Vec::new();
        for row in self.tables.entry(modification.table.clone()).or_default() {
            if matching.contains(&row.text("id").to_owned()) {
                row.0.extend(changes.0.clone());
                changed.push(row.clone());
            }
        }
        let changed = changed.iter().map(|row| self.computed(&modification.table, row));
        Ok(changed.map(|row| part(&row, &modification.returning)).collect())
    }

    pub(super) fn delete(&mut self, deletion: &Deletion) -> Result<Vec<String>, DataError> {
        let matching = self.matching(&deletion.table, &deletion.conditions, deletion.max_affected)?;
        let rows = self.tables.entry(deletion.table.clone()).or_default();
        let removed: Vec<Row> = rows.extract_if(.., |row| matching.contains(&row.text("id").to_owned())).collect();
        Ok(removed.iter().map(|row| part(&self.computed(&deletion.table, row), &deletion.returning)).collect())
    }

    fn matching(&self, table: &str, conditions: &[crate::data::Condition], max: u32) -> Result<Vec<String>, DataError> {
        let mut ids = Vec::new();
        for row in self.table(table)? {
            if compare::matches(&row, conditions)? {
                ids.push(row.text("id").to_owned());
            }
        }
        match ids.len() {
            0 => Err(DataError::NotFound),
            count if conditions.is_empty() || count > max as usize => {
                Err(DataError::LimitExceeded(format!("{count} rows match, {max} may")))
            }
            _ => Ok(ids),
        }
    }
}

fn part(row: &Row, columns: &[String]) -> String {
    let part: Map<String, Value> = columns.iter().map(|column| (column.clone(), row.get(column).clone())).collect();
    Value::Object(part).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_sorted_last_in_both_directions() {
        let mut store = Store::default();
        store.add("jobs", [json!({ "n": null }), json!({ "n": 1 }), json!({ "n": 2 })]);
        let sorted = |query: Query| store.select(&query).unwrap().rows.join(" ");
        let query = || Query::new("jobs", &["n"]);
        assert_eq!(sorted(query().ascending("n")), r#"{"n":1} {"n":2} {"n":null}"#);
        assert_eq!(sorted(query().descending("n")), r#"{"n":2} {"n":1} {"n":null}"#);
    }
}
