//! Writes that wait for the user. What the user would be asked comes from the request the host would send and from the
//! rows it would touch, never from words of the guest or the model.

use sha2::{Digest, Sha256};

use crate::capability::data::{Condition, DataError as Failure, Delete, Identifier, Operator, Row, Select, Update};
use crate::hex::hex;
use crate::plugin::bindings::canvalo::agent::data::{Approval, DataError};
use crate::plugin::host::one_line;
use crate::plugin::state::State;

/// A change of at most this many rows, each named by its id, goes ahead without asking.
const MAX_NAMED_ROWS: usize = 10;

/// Rows named in a summary; the others are counted.
const SHOWN_ROWS: usize = 5;

/// Whether an update reaches further than a few rows that it names.
pub(super) fn is_bulk(conditions: &[Condition]) -> bool {
    !conditions.iter().any(|condition| match condition {
        Condition::All(filter) if filter.column.as_str() == "id" && !filter.negate => match filter.operator {
            Operator::Eq => true,
            Operator::OneOf => filter.value.as_array().is_some_and(|ids| ids.len() <= MAX_NAMED_ROWS),
            _ => false,
        },
        _ => false,
    })
}

impl State {
    /// What a removal would take, as a request for approval.
    pub(super) async fn ask_for_delete(&self, deletion: &Delete) -> DataError {
        let Delete { table, conditions, max_affected, returning } = deletion;
        let rows = match self.affected(table, conditions, *max_affected, returning).await {
            Ok(rows) => rows,
            Err(error) => return error,
        };
        self.ask(&format!("delete {}", described(table, &rows)), &format!("{deletion:?}"))
    }

    /// What a bulk change would touch, as a request for approval.
    pub(super) async fn ask_for_update(&self, update: &Update) -> DataError {
        let Update { table, conditions, max_affected, returning, changes } = update;
        let rows = match self.affected(table, conditions, *max_affected, returning).await {
            Ok(rows) => rows,
            Err(error) => return error,
        };
        let columns: Vec<String> = changes.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let summary = format!("set {} on {}", columns.join(", "), described(table, &rows));
        self.ask(&summary, &format!("{update:?}"))
    }

    /// The rows a write would touch, read as the user.
    async fn affected(
        &self,
        table: &Identifier,
        conditions: &[Condition],
        max_affected: u32,
        returning: &[Identifier],
    ) -> Result<Vec<Row>, DataError> {
        let query = Select {
            table: table.clone(),
            columns: returning.to_vec(),
            conditions: conditions.to_vec(),
            order: Vec::new(),
            limit: max_affected.saturating_add(1),
            offset: 0,
            count: false,
        };
        let rows = self.services.data.select(&self.user, &query).await?.rows;
        if rows.is_empty() {
            return Err(DataError::from(Failure::NotFound));
        }
        if rows.len() > max_affected as usize {
            return Err(DataError::LimitExceeded(format!("more than {max_affected} rows would be affected")));
        }
        Ok(rows)
    }

    fn ask(&self, summary: &str, action: &str) -> DataError {
        let digest = Sha256::new().chain_update(&*self.user_tag).chain_update(action).finalize();
        DataError::ApprovalRequired(Approval { id: hex(&digest[..16]), summary: one_line(summary, 1_000) })
    }
}

/// `2 rows of invoices: INV-1042, Sarah Chen; INV-1043, Bob Ray`.
fn described(table: &Identifier, rows: &[Row]) -> String {
    let shown: Vec<String> = rows.iter().take(SHOWN_ROWS).map(values).collect();
    let more = match rows.len().saturating_sub(SHOWN_ROWS) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let noun = if rows.len() == 1 { "row" } else { "rows" };
    format!("{} {noun} of {table}: {}{more}", rows.len(), shown.join("; "))
}

/// The values of a row that mean something to its owner: no ids, no nulls.
fn values(row: &Row) -> String {
    let Ok(members) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(row.get()) else {
        return String::new();
    };
    let shown: Vec<String> = members
        .iter()
        .filter(|(column, value)| *column != "id" && !column.ends_with("_id") && !value.is_null())
        .take(4)
        .map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::capability::data::Filter;

    fn by(column: &str, operator: Operator, value: Value, negate: bool) -> Vec<Condition> {
        let column = Identifier::new(column).unwrap();
        vec![Condition::All(Filter { column, operator, value, negate })]
    }

    #[test]
    fn only_rows_named_by_id_are_changed_without_asking() {
        assert!(!is_bulk(&by("id", Operator::Eq, json!("a"), false)));
        assert!(!is_bulk(&by("id", Operator::OneOf, json!(["a", "b"]), false)));
        assert!(is_bulk(&by("id", Operator::OneOf, json!(vec!["a"; 11]), false)));
        assert!(is_bulk(&by("id", Operator::Eq, json!("a"), true)));
        assert!(is_bulk(&by("id", Operator::Gt, json!("0"), false)));
        assert!(is_bulk(&by("status", Operator::Eq, json!("draft"), false)));
    }

    #[test]
    fn a_summary_names_rows_and_shows_no_ids() {
        let row = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        let rows = [row(r#"{"id":"1","invoice_number":"INV-7","client_id":"x","client_name":"Ann","notes":null}"#)];
        let summary = described(&Identifier::new("invoices").unwrap(), &rows);
        assert_eq!(summary, "1 row of invoices: INV-7, Ann");
    }
}
