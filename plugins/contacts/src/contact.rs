//! The contacts table.

use canvalo_sdk::{Column, Context, Order, Table, ToolError};
use chrono::DateTime;
use serde_json::{Map, Value};

/// What a contact is to the contractor.
pub const TYPES: &[&str] = &["client", "supplier", "lead"];

/// The table.
pub static CONTACTS: Table = Table {
    name: "contacts",
    singular: "contact",
    label: "name",
    columns: &[
        Column::text("name").required().describe("First and last name, or the company's name."),
        Column::text("email"),
        Column::text("phone"),
        Column::text("company"),
        Column::text("address").describe("Street and number."),
        Column::text("city"),
        Column::text("state"),
        Column::text("zip_code"),
        Column::one_of("contact_type", TYPES).describe("A lead is somebody who has not ordered yet."),
        Column::timestamp("last_contacted_at").describe("When the user last talked to, called, wrote to or met them."),
        Column::text("notes"),
        Column::tags("tags"),
    ],
    search: &["name", "company", "email", "phone", "city"],
    shown: &["name", "company", "contact_type", "phone", "email", "city", "last_contacted_at"],
    order: Order::Ascending("name"),
    told_apart_by: &["company", "city"],
    examples: r#"Examples: "Find John Smith" "Show me all contacts" "List my suppliers" "Everyone at Bayview Property Management" "Who do we know in Oakland?""#,
    before_create: Some(|context, rows| rows.iter().try_for_each(|row| has_happened(context, row))),
    before_update: Some(|context, _, changes| has_happened(context, changes)),
    ..Table::EMPTY
};

/// Nobody was contacted tomorrow.
fn has_happened(context: &Context<'_>, row: &Map<String, Value>) -> Result<(), ToolError> {
    let at = row.get("last_contacted_at").and_then(Value::as_str).and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    match at {
        Some(at) if at.with_timezone(&context.zone()).date_naive() > context.today() => Err(ToolError::refused(
            "`last_contacted_at`: that day is still to come. Plan the talk as an appointment or a task.",
        )),
        _ => Ok(()),
    }
}
