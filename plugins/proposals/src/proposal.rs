//! The proposals table, and what holds for every proposal that is written.

use canvalo_sdk::{Column, Context, Link, Numbering, Order, Row, Table, ToolError, Totals};
use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::section::{self, LINES};
use crate::workflow::{self, Proposal, STATUSES, Status};

/// The table.
pub static PROPOSALS: Table = Table {
    name: "proposals",
    singular: "proposal",
    label: "title",
    columns: &[
        Column::text("proposal_number").describe("Leave out for the next free number."),
        Column::text("title").describe("What the job is, in a few words: Exterior repaint."),
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name").describe("Who it is for."),
        Column::text("description"),
        Column::text("scope_of_work").describe("What will be done."),
        Column::money("subtotal").describe("Before discount and tax. Leave out when there are sections."),
        Column::decimal("tax_rate").range(0, 100).describe("In percent: 8.25 for 8.25 %."),
        Column::money("tax_amount").describe("Leave out when there is a tax rate."),
        Column::money("discount_amount").describe("In dollars, taken off before tax."),
        Column::money("total_amount").describe("Leave out when there are sections or a subtotal: it is computed."),
        Column::json("sections", section::SCHEMA).describe("The parts of the job with their prices."),
        Column::date("issue_date").describe("Today if left out."),
        Column::date("valid_until").describe("The last day it is valid. 30 days after the issue date if left out."),
        Column::date("accepted_date").read_only(),
        Column::one_of("status", STATUSES).describe(
            "A new one is draft or sent. To change it: change_proposal_status; an accepted one: accept_proposal.",
        ),
        Column::text("terms"),
        Column::text("notes"),
        Column::timestamp("created_at").read_only(),
    ],
    search: &["client_name", "title", "proposal_number"],
    shown: &["proposal_number", "title", "client_name", "status", "issue_date", "valid_until", "total_amount"],
    order: Order::Descending("issue_date"),
    totals: &["total_amount"],
    examples: r#"Examples: "Show me all proposals" "Which quotes are still drafts?" "Find the estimate for Maria Lopez" "What did we quote over $5,000?" "Which bids did we lose?""#,
    numbering: Some(Numbering { column: "proposal_number", first: "PROP-1001" }),
    links: &[Link::CLIENT],
    told_apart_by: &["proposal_number", "client_name"],
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
};

/// What a step needs to know of a proposal.
pub(crate) fn as_read(row: &Row) -> Proposal {
    Proposal {
        status: Status::of(row.text("status")).unwrap_or(Status::Draft),
        total: row.money("total_amount"),
        has_client: !row.text("client_name").trim().is_empty(),
        valid_until: row.date("valid_until"),
    }
}

/// Gives new proposals what they lack: a title, totals and dates.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        complete_one(row, context.today()).map_err(|problem| ToolError::refused(format!("{at}{problem}")))?;
    }
    Ok(())
}

fn complete_one(row: &mut Map<String, Value>, today: NaiveDate) -> Result<(), String> {
    if !row.contains_key("title") {
        let client = row.get("client_name").and_then(Value::as_str);
        let client = client.ok_or("Say what the proposal is for: a title, or at least the client.")?;
        row.insert("title".to_owned(), format!("Proposal for {client}").into());
    }
    // A draft may wait for its price.
    let figures = ["subtotal", "discount_amount", "tax_amount", "total_amount"];
    let has_sections = row.get("sections").and_then(Value::as_array).is_some_and(|sections| !sections.is_empty());
    if has_sections || figures.iter().any(|column| row.contains_key(*column)) {
        Totals::of_new(&LINES, row)?.write(row);
    }
    let issued = date(row, "issue_date").unwrap_or(today);
    let until = date(row, "valid_until").unwrap_or_else(|| workflow::valid_until(issued));
    in_order(issued, until)?;
    row.insert("issue_date".to_owned(), issued.to_string().into());
    row.insert("valid_until".to_owned(), until.to_string().into());
    match row.get("status").and_then(Value::as_str) {
        None | Some("draft") => Ok(()),
        Some("sent") => workflow::sendable(&as_read(&Row(row.clone()))),
        Some(_) => Err("A new proposal is a draft or sent. What became of it comes after.".to_owned()),
    }
}

/// Keeps totals and dates in step when a proposal changes, and its status on its way.
fn complete_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let refused = |problem: String| ToolError::refused(format!("{}: {problem}", PROPOSALS.name_of(row)));
    let before = as_read(row);
    if let Some(totals) = Totals::of_changed(&LINES, row, changes).map_err(refused)? {
        if before.status == Status::Accepted {
            return Err(refused("it is accepted: what was agreed on stays as it is.".to_owned()));
        }
        if before.status != Status::Draft && !totals.total.is_positive() {
            return Err(refused("it was sent, so it needs a price.".to_owned()));
        }
        totals.write(changes);
    }
    let mut after = row.clone();
    after.0.extend(changes.clone());
    let wanted = changes.get("status").and_then(Value::as_str).and_then(Status::of);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != before.status) {
        let proposal = Proposal { status: before.status, ..as_read(&after) };
        changes.extend(workflow::changes(proposal, wanted, context.today()).map_err(refused)?);
    }
    if ["issue_date", "valid_until"].iter().any(|column| changes.contains_key(*column)) {
        after.0.extend(changes.clone());
        if let (Some(issued), Some(until)) = (after.date("issue_date"), after.date("valid_until")) {
            in_order(issued, until).map_err(refused)?;
        }
    }
    Ok(())
}

fn in_order(issued: NaiveDate, until: NaiveDate) -> Result<(), String> {
    if until < issued {
        return Err(format!("it would be valid until {until}, before it is issued on {issued}."));
    }
    Ok(())
}

fn date(row: &Map<String, Value>, column: &str) -> Option<NaiveDate> {
    row.get(column)?.as_str()?.parse().ok()
}
