//! `overdue_invoices`: who is late, and by how much.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::open;
use crate::ageing::days_past_due;

/// For the model.
pub const DESCRIPTION: &str = "Lists the invoices whose due date has passed and that are not paid, longest overdue \
first, with the days overdue and the total. Use it whenever the user asks what is overdue, late or past due.\n\
Examples: \"Show me all overdue invoices\" \"Who is late paying us?\" \"What's past due?\" \"Does Maria Lopez owe us anything overdue?\"";

/// Rows shown; the total is over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only invoices of this client: the name or a part of it. Leave out for all clients.
    pub client: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let mut conditions: Vec<Condition> = open().into();
    conditions.push(Filter::lt("due_date", today).into());
    if let Some(client) = &arguments.client {
        conditions.push(Filter::holds_text("client_name", client.trim()).into());
    }

    let wanted = ["id", "invoice_number", "client_name", "due_date", "total_amount", "balance_due"];
    let mut query = Query::new("invoices", &wanted).ascending("due_date").ascending("invoice_number").limit(MAX_ROWS);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut sums = Aggregation::new("invoices").count("invoices").sum("balance_due", "total");
    sums.conditions = conditions;
    let groups = context.aggregate(&sums)?;
    let (count, total) = groups.first().map(|sums| (sums.integer("invoices"), sums.money("total"))).unwrap_or_default();

    let rows = page.rows.iter().map(|row| {
        let days = row.date("due_date").map(|due| days_past_due(due, today));
        columns([
            ("id", row.get("id").clone()),
            ("invoice_number", row.get("invoice_number").clone()),
            ("client_name", row.get("client_name").clone()),
            ("due_date", row.get("due_date").clone()),
            ("days_overdue", json!(days)),
            ("total_amount", row.money("total_amount").to_string().into()),
            ("balance_due", row.money("balance_due").to_string().into()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let title = match &arguments.client {
        Some(client) => format!("Overdue invoices of clients named {:?}", client.trim()),
        None => "Overdue invoices".to_owned(),
    };
    let mut answer = Answer::new().title(title).rows(rows).total_rows(count.unsigned_abs());
    answer = answer.fact("Overdue invoices", count).fact("Total overdue", total);
    if count > 0 {
        answer = answer.next("How old are our open invoices?").next("Record a payment");
    }
    Ok(if (shown as i64) < count {
        answer.note(format!("These are the {shown} longest overdue of {count}; the total is over all of them."))
    } else {
        answer
    })
}
