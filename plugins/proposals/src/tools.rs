//! The tools besides those of the table.

pub mod accept;
pub mod conversion;
pub mod expiring;
pub mod pipeline;
pub mod status;

use canvalo_sdk::Row;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::conversion::Tally;

/// The proposal: its number, what it is called, or its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Reference(pub String);

/// The figures of a group: `proposals` and `value`.
fn tally(row: &Row) -> Tally {
    Tally { count: row.integer("proposals"), value: row.money("value") }
}

/// "1 proposal worth $5.00", "3 proposals worth $15.00", "none".
fn worth(tally: Tally) -> String {
    match tally.count {
        0 => "none".to_owned(),
        1 => format!("1 proposal worth {}", tally.value),
        count => format!("{count} proposals worth {}", tally.value),
    }
}
