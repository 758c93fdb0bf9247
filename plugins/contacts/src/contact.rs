//! The contacts table.

use canvalo_sdk::{Column, Order, Table};

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
    ..Table::EMPTY
};
