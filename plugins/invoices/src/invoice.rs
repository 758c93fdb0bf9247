//! The invoices table, and what holds for every invoice that is written.

use canvalo_sdk::{Column, Context, Link, Numbering, Order, Row, Table, ToolError, Totals};
use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use crate::line_item::{self, LINES};

/// Days until an invoice is due when nobody says otherwise.
const DAYS_TO_PAY: u64 = 30;

/// The table.
pub static INVOICES: Table = Table {
    name: "invoices",
    singular: "invoice",
    label: "invoice_number",
    columns: &[
        Column::text("invoice_number").describe("Leave out for the next free number."),
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name").required().describe("Who has to pay."),
        Column::uuid("project_id").describe("The project's id, if a tool returned it. Never a name."),
        Column::text("project_name"),
        Column::date("issue_date").describe("Today if left out."),
        Column::date("due_date").describe("30 days after the issue date if left out."),
        Column::money("subtotal").describe("Before discount and tax. Leave out when there are line items."),
        Column::decimal("tax_rate").range(0, 100).describe("In percent: 8.25 for 8.25 %."),
        Column::money("tax_amount").describe("Leave out when there is a tax rate."),
        Column::money("discount_amount").describe("In dollars, taken off before tax."),
        Column::money("total_amount").describe("Leave out when there are line items or a subtotal: it is computed."),
        Column::money("amount_paid").read_only(),
        Column::money("balance_due").read_only(),
        Column::json("line_items", line_item::SCHEMA),
        Column::one_of("status", &["draft", "sent", "viewed", "partial", "paid", "overdue", "cancelled"])
            .describe("Which invoices are overdue depends on dates: ask overdue_invoices. Payments: record_payment."),
        Column::text("payment_method").read_only(),
        Column::date("payment_date").read_only(),
        Column::text("notes"),
        Column::text("terms"),
        Column::timestamp("created_at").read_only(),
    ],
    search: &["client_name", "invoice_number", "project_name"],
    shown: &["invoice_number", "client_name", "status", "issue_date", "due_date", "total_amount", "balance_due"],
    order: Order::Descending("issue_date"),
    totals: &["total_amount", "balance_due"],
    numbering: Some(Numbering { column: "invoice_number", first: "INV-1001" }),
    links: &[Link::CLIENT, Link::PROJECT],
    examples: r#"Examples: "Show me all invoices" "Which invoices are still drafts?" "Invoices for the Harbor Street project" "List what we billed Maria Lopez""#,
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
    ..Table::EMPTY
};

/// Gives new invoices what they lack: totals and dates.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        Totals::of_new(&LINES, row).map_err(|problem| ToolError::refused(format!("{at}{problem}")))?.write(row);
        if row.get("status").is_some_and(|status| status == "paid" || status == "partial") {
            return Err(ToolError::refused(format!(
                "{at}A new invoice has no payments yet. Create it as sent, then use record_payment."
            )));
        }
        let issued = date(row, "issue_date").unwrap_or(context.today());
        row.insert("issue_date".to_owned(), issued.to_string().into());
        let due = date(row, "due_date").or_else(|| issued.checked_add_days(Days::new(DAYS_TO_PAY))).unwrap_or(issued);
        if due < issued {
            return Err(ToolError::refused(format!("{at}It would be due on {due}, before it is issued on {issued}.")));
        }
        row.insert("due_date".to_owned(), due.to_string().into());
    }
    Ok(())
}

/// Keeps totals, payments and status in step when an invoice changes.
fn complete_changes(_: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let name = INVOICES.name_of(row).to_owned();
    let refused = |problem: String| ToolError::refused(format!("{name}: {problem}"));
    let paid = row.money("amount_paid");
    let mut total = row.money("total_amount");
    if let Some(totals) = Totals::of_changed(&LINES, row, changes).map_err(&refused)? {
        if totals.total < paid {
            return Err(refused(format!("the total would be {}, but {paid} has been paid already.", totals.total)));
        }
        totals.write(changes);
        total = totals.total;
        let settled = matches!(row.text("status"), "paid" | "partial") && !changes.contains_key("status");
        if settled {
            changes.insert("status".to_owned(), if total == paid { "paid" } else { "partial" }.into());
        }
    }
    if changes.get("status").is_some_and(|status| status == "paid") && total > paid {
        let open = total - paid;
        return Err(refused(format!("{open} is still open. Use record_payment with pay_in_full to mark it as paid.")));
    }
    let issued = date(changes, "issue_date").or_else(|| row.date("issue_date"));
    let due = if changes.contains_key("due_date") { date(changes, "due_date") } else { row.date("due_date") };
    match (issued, due) {
        (Some(issued), Some(due)) if due < issued => {
            Err(refused(format!("it would be due on {due}, before it is issued on {issued}.")))
        }
        _ => Ok(()),
    }
}

fn date(row: &Map<String, Value>, column: &str) -> Option<NaiveDate> {
    row.get(column)?.as_str()?.parse().ok()
}
