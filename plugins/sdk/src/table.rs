//! Tables as declarations: the tools that list, get, create, update and delete rows come with them.

mod column;
mod display;
mod get;
mod link;
mod list;
mod lookup;
mod number;
mod remove;
mod schema;
mod step;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use column::{Column, Kind};
pub use link::Link;
pub(crate) use lookup::Found;
pub use number::Numbering;
use serde_json::{Map, Value};
pub use step::Change;

use crate::{Context, Row, Tool, ToolError};

/// Rows that one call may create, change or delete. The contract's batch, so that one call is one batch.
const MAX_ROWS_WRITTEN: usize = 16;

/// A sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest or earliest first.
    Ascending(&'static str),
    /// Largest or latest first.
    Descending(&'static str),
}

/// Completes new rows before they are written, or refuses them all.
pub type BeforeCreate = fn(&mut Context<'_>, &mut [Map<String, Value>]) -> Result<(), ToolError>;

/// Completes the changes of a row, given the row as it is, or refuses them.
pub type BeforeUpdate = fn(&mut Context<'_>, &Row, &mut Map<String, Value>) -> Result<(), ToolError>;

/// A table of the user's data and how an agent works with it.
///
/// ```
/// use canvalo_sdk::{Column, Order, Table};
///
/// static TASKS: Table = Table {
///     name: "tasks",
///     singular: "task",
///     label: "title",
///     columns: &[
///         Column::text("title").required(),
///         Column::one_of("status", &["todo", "in-progress", "completed"]),
///         Column::date("due_date").describe("When it must be done."),
///         Column::text("notes"),
///     ],
///     search: &["title", "notes"],
///     shown: &["title", "status", "due_date"],
///     order: Order::Ascending("due_date"),
///     ..Table::EMPTY
/// };
/// # assert_eq!(TASKS.tools().len(), 5);
/// ```
pub struct Table {
    /// The table's name, which is also the plural in sentences and tool names: `invoices`.
    pub name: &'static str,
    /// One of them: `invoice`.
    pub singular: &'static str,
    /// The text column that people name a row by: `invoice_number`.
    pub label: &'static str,
    /// The columns besides `id`, which every table has.
    pub columns: &'static [Column],
    /// The text columns that a search looks through.
    pub search: &'static [&'static str],
    /// The columns a list shows, in this order.
    pub shown: &'static [&'static str],
    /// How a list is sorted unless asked otherwise.
    pub order: Order,
    /// Money columns whose sums over all matching rows a list tells.
    pub totals: &'static [&'static str],
    /// A line of example questions for the list tool: `Examples: "…" "…"`.
    pub examples: &'static str,
    /// The column that new rows are numbered by, if there is one.
    pub numbering: Option<Numbering>,
    /// Pairs of columns that refer to other tables.
    pub links: &'static [Link],
    /// The columns that tell rows with the same label apart when people are asked which one they mean.
    pub told_apart_by: &'static [&'static str],
    /// Runs on the new rows of a call, already checked and linked.
    pub before_create: Option<BeforeCreate>,
    /// Runs on each row's changes, already checked and linked.
    pub before_update: Option<BeforeUpdate>,
}

impl Table {
    /// A declaration to start from: `..Table::EMPTY`.
    pub const EMPTY: Self = Self {
        name: "",
        singular: "",
        label: "",
        columns: &[],
        search: &[],
        shown: &[],
        order: Order::Ascending("id"),
        totals: &[],
        examples: "",
        numbering: None,
        links: &[],
        told_apart_by: &[],
        before_create: None,
        before_update: None,
    };

    /// The five tools: `list_invoices`, `get_invoice`, `create_invoices`, `update_invoices`, `delete_invoices`.
    pub fn tools(&'static self) -> [Tool; 5] {
        [list::tool(self), get::tool(self), write::create_tool(self), write::update_tool(self), remove::tool(self)]
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Finds the rows that people named by id, label or number, one result per name, in order. A label or number may be
    /// cut to its last part (`1042` for `INV-1042`) as long as only one row is meant. Each result is a row with all
    /// columns, or why there is none, in words for the model.
    pub fn find(&self, context: &mut Context<'_>, names: &[&str]) -> Result<Vec<Result<Row, ToolError>>, ToolError> {
        let found = lookup::find(self, context, names)?;
        Ok(found.into_iter().zip(names).map(|(found, name)| found.exact(self, name)).collect())
    }

    /// Finds one row as [`Self::find`] does, for reading only: the only row that is like the name will do, too.
    pub fn find_to_read(&self, context: &mut Context<'_>, name: &str) -> Result<Row, ToolError> {
        match lookup::find(self, context, &[name])?.pop().unwrap_or(Found::Candidates(Vec::new())) {
            Found::Candidates(mut rows) if rows.len() == 1 => Ok(rows.remove(0)),
            found => found.exact(self, name),
        }
    }

    /// `id` and every declared column.
    fn all_columns(&self) -> Vec<&'static str> {
        std::iter::once("id").chain(self.columns.iter().map(|column| column.name)).collect()
    }

    /// The columns that people name a row by: its label, and its number where that is another column.
    fn naming(&self) -> impl Iterator<Item = &'static str> {
        let number = self.numbering.map(|numbering| numbering.column).filter(|column| *column != self.label);
        std::iter::once(self.label).chain(number)
    }

    /// `id`, what a list shows, and the units of what it shows.
    fn columns_to_show(&self) -> Vec<&'static str> {
        let mut columns: Vec<&str> = std::iter::once("id").chain(self.shown.iter().copied()).collect();
        for unit in self.shown.iter().filter_map(|name| self.column(name)?.unit) {
            if !columns.contains(&unit) {
                columns.push(unit);
            }
        }
        columns
    }

    /// How a row is named to people: its label, or its id when the label is empty.
    pub fn name_of<'row>(&self, row: &'row Row) -> &'row str {
        Some(row.text(self.label)).filter(|label| !label.is_empty()).unwrap_or_else(|| row.text("id"))
    }

    /// "1 invoice", "3 invoices".
    fn counted(&self, count: usize) -> String {
        if count == 1 { format!("1 {}", self.singular) } else { format!("{count} {}", self.name) }
    }

    /// "Invoices".
    fn heading(&self) -> String {
        capitalised(self.name)
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
