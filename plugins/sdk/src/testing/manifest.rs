//! A manifest's requests, so that a test fails where an agent uses what its manifest doesn't ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Call;
use crate::Row;
use crate::data::{Condition, DataError};

/// What a `plugin.toml` asks for.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    #[serde(default)]
    tables: BTreeMap<String, Table>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    select: BTreeSet<String>,
    insert: BTreeSet<String>,
    update: BTreeSet<String>,
    delete: bool,
}

impl Manifest {
    pub(super) fn parse(text: &str) -> Self {
        toml::from_str(text).expect("a plugin.toml")
    }

    /// As the host checks a call, against everything that was asked for.
    pub(super) fn check(&self, call: &Call) -> Result<(), DataError> {
        let denied = |what: String| DataError::Denied(format!("the manifest doesn't ask for {what}"));
        let name = call.table();
        let table = self.tables.get(name).ok_or_else(|| denied(format!("table {name}")))?;
        let within = |verb: &str, granted: &BTreeSet<String>, columns: Vec<String>| {
            let missing = columns.into_iter().find(|column| !granted.contains(column));
            missing.map_or(Ok(()), |column| Err(denied(format!("{verb} of {name}.{column}"))))
        };
        within("select", &table.select, call.read())?;
        match call {
            Call::Select(_) | Call::Aggregate(_) => Ok(()),
            Call::Insert(insertion) => {
                let rows = Row::parse_all(&insertion.rows)?;
                within("insert", &table.insert, rows.into_iter().flat_map(|row| row.0.into_iter()).map(first).collect())
            }
            Call::Update(change) => {
                within("update", &table.update, Row::parse(&change.changes)?.0.into_iter().map(first).collect())
            }
            Call::Delete(_) if table.delete => Ok(()),
            Call::Delete(_) => Err(denied(format!("delete of {name}"))),
        }
    }
}

fn first<T>((name, _): (String, T)) -> String {
    name
}

impl Call {
    fn table(&self) -> &str {
        match self {
            Self::Select(call) => &call.table,
            Self::Insert(call) => &call.table,
            Self::Update(call) => &call.table,
            Self::Delete(call) => &call.table,
            Self::Aggregate(call) => &call.table,
        }
    }

    /// The columns it reads, compares or sorts by.
    fn read(&self) -> Vec<String> {
        let (mut columns, conditions): (Vec<String>, &[Condition]) = match self {
            Self::Select(call) => {
                let order = call.order.iter().map(|key| key.column.clone());
                (call.columns.iter().cloned().chain(order).collect(), &call.conditions)
            }
            Self::Insert(call) => (call.returning.clone(), &[]),
            Self::Update(call) => (call.returning.clone(), &call.conditions),
            Self::Delete(call) => (call.returning.clone(), &call.conditions),
            Self::Aggregate(call) => {
                let keys = call.group_by.iter().map(|key| key.column.clone());
                (keys.chain(call.measures.iter().filter_map(|m| m.column.clone())).collect(), &call.conditions)
            }
        };
        for condition in conditions {
            match condition {
                Condition::All(filter) => columns.push(filter.column.clone()),
                Condition::Any(filters) => columns.extend(filters.iter().map(|filter| filter.column.clone())),
            }
        }
        columns
    }
}
