//! The invoices table, and what holds for every invoice that is written.

use canvalo_sdk::data::Query;
use canvalo_sdk::{Column, Context, Money, Order, Row, Table, ToolError};
use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use crate::totals::{self, Totals};

/// Days until an invoice is due when nobody says otherwise.
const DAYS_TO_PAY: u64 = 30;

/// The newest invoices that a new number is derived from.
const NUMBERS_READ: u32 = 20;

const LINE_ITEMS: &str = r#"{"type":"array","maxItems":100,"items":{"type":"object","properties":{
"description":{"type":"string"},
"quantity":{"type":"number","description":"1 if left out."},
"unit_price":{"type":"number","description":"Dollars for one."},
"total":{"type":"number","description":"Leave out: it is computed."}},
"required":["description","unit_price"]}}"#;

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
        Column::json("line_items", LINE_ITEMS),
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
    examples: r#"Examples: "Show me all invoices" "Which invoices are still drafts?" "Invoices for the Harbor Street project" "List what we billed Maria Lopez""#,
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
};

/// Gives new invoices what they lack: totals, dates, a number.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    let mut last_number = None;
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        totals::of_new(row).map_err(|problem| ToolError::refused(format!("{at}{problem}")))?.write(row);
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
        if !row.contains_key("invoice_number") {
            let last = match last_number.take() {
                Some(number) => number,
                None => latest_number(context)?,
            };
            let number = next_number(&last);
            row.insert("invoice_number".to_owned(), number.clone().into());
            last_number = Some(number);
        }
    }
    Ok(())
}

/// Keeps totals, payments and status in step when an invoice changes.
fn complete_changes(_: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let name = INVOICES.name_of(row).to_owned();
    let refused = |problem: String| ToolError::refused(format!("{name}: {problem}"));
    let paid = row.money("amount_paid");
    let mut total = row.money("total_amount");
    if let Some(totals) = totals::of_changed(row, changes).map_err(&refused)? {
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

impl Totals {
    /// Puts the figures into a row.
    fn write(&self, row: &mut Map<String, Value>) {
        let figures = [
            ("subtotal", self.subtotal),
            ("discount_amount", self.discount),
            ("tax_amount", self.tax),
            ("total_amount", self.total),
        ];
        row.extend(figures.map(|(column, amount)| (column.to_owned(), Value::from(amount))));
        if let Some(items) = &self.line_items {
            row.insert("line_items".to_owned(), items.clone().into());
        }
    }
}

fn date(row: &Map<String, Value>, column: &str) -> Option<NaiveDate> {
    row.get(column)?.as_str()?.parse().ok()
}

/// The highest number among the newest invoices.
fn latest_number(context: &mut Context<'_>) -> Result<String, ToolError> {
    let newest = Query::new("invoices", &["invoice_number"]).descending("created_at").limit(NUMBERS_READ);
    let rows = context.select(&newest)?.rows;
    let highest = rows.iter().map(|row| row.text("invoice_number")).max_by_key(|number| split(number).1);
    Ok(highest.unwrap_or("INV-1000").to_owned())
}

/// `INV-2026-009` becomes `INV-2026-010`; what ends without a number gets one.
fn next_number(last: &str) -> String {
    let (prefix, number, width) = split_width(last);
    match number.and_then(|number| number.checked_add(1)) {
        Some(next) => format!("{prefix}{next:0width$}"),
        None => format!("{last}-2"),
    }
}

fn split(number: &str) -> (&str, Option<u64>) {
    let (prefix, value, _) = split_width(number);
    (prefix, value)
}

fn split_width(number: &str) -> (&str, Option<u64>, usize) {
    let prefix = number.trim_end_matches(|last: char| last.is_ascii_digit());
    let digits = &number[prefix.len()..];
    (prefix, digits.parse().ok(), digits.len())
}

/// An amount of an invoice row being written.
pub(crate) fn amount(row: &Map<String, Value>, column: &str) -> Option<Money> {
    row.get(column).and_then(Money::from_json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_keeps_the_form_of_the_last() {
        for (last, next) in [
            ("INV-1042", "INV-1043"),
            ("INV-2026-009", "INV-2026-010"),
            ("INV-999", "INV-1000"),
            ("7", "8"),
            ("Spring", "Spring-2"),
            ("A-18446744073709551615", "A-18446744073709551615-2"),
        ] {
            assert_eq!(next_number(last), next);
        }
    }
}
