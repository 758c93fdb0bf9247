//! The tools besides those of the table.

pub mod budget;
pub mod free;
pub mod late;
pub mod load;
pub mod status;
pub mod summary;
pub mod team;

use canvalo_sdk::data::Aggregation;
use canvalo_sdk::{Context, Row, ToolError};

/// The statuses of projects that are not finished.
pub(crate) const OPEN: [&str; 3] = ["draft", "active", "on-hold"];

/// The members of crews that were ever on a team, at most as many as a grant lets be read. The data has no other list of them.
pub(crate) const MAX_MEMBERS: u32 = 100;

/// Several computations at once, none of which may fail.
fn figures<const N: usize>(context: &mut Context<'_>, requests: [Aggregation; N]) -> Result<[Vec<Row>; N], ToolError> {
    let mut results = context.aggregate_many(&requests).into_iter();
    let mut figures = std::array::from_fn(|_| Vec::new());
    for figure in &mut figures {
        *figure = results.next().unwrap_or_else(|| Ok(Vec::new()))?;
    }
    Ok(figures)
}

/// "1 project", "3 projects".
fn projects(count: impl Into<i64>) -> String {
    let count = count.into();
    if count == 1 { "1 project".to_owned() } else { format!("{count} projects") }
}

/// A project as a list of names has it: "Taproom floor (PRJ-1005)".
fn named(row: &Row) -> String {
    match row.text("project_number") {
        "" => row.text("name").to_owned(),
        number => format!("{} ({number})", row.text("name")),
    }
}
