//! `invoice_ageing`: open money by how long it has been due.

use canvalo_sdk::data::{Aggregation, Condition, Filter};
use canvalo_sdk::{Answer, Context, Money, Percent, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::open;
use crate::ageing::BUCKETS;

/// For the model.
pub const DESCRIPTION: &str = "Ageing report: what clients still owe, by how many days it is past due (0-30, 31-60, 61-90, \
90+), with counts, amounts and the total outstanding.\n\
Examples: \"How old are our receivables?\" \"Give me an ageing report\" \"How much do people owe us in total?\" \"What's outstanding over 90 days?\"";

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only invoices of this client: the name or a part of it. Leave out for all clients.
    pub client: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let sums = |due: Vec<Condition>| {
        let mut sums = Aggregation::new("invoices").count("invoices").sum("balance_due", "amount");
        sums.conditions.extend(open());
        sums.conditions.extend(due);
        if let Some(client) = &arguments.client {
            sums = sums.matching(Filter::holds_text("client_name", client.trim()));
        }
        sums
    };
    let mut requests: Vec<Aggregation> = Vec::with_capacity(BUCKETS.len() + 1);
    for bucket in &BUCKETS {
        let (first, last) = bucket.due_dates(today);
        let mut due = vec![Filter::lte("due_date", last).into()];
        due.extend(first.map(|first| Filter::gte("due_date", first).into()));
        requests.push(sums(due));
    }
    requests.push(sums(vec![vec![Filter::gt("due_date", today), Filter::is_null("due_date")].into()]));

    let mut figures = Vec::with_capacity(requests.len());
    for groups in context.aggregate_many(&requests) {
        let groups = groups?;
        figures.push(groups.first().map(|sums| (sums.integer("invoices"), sums.money("amount"))).unwrap_or_default());
    }
    let (later_count, later) = figures.pop().unwrap_or_default();
    let due: Money = figures.iter().map(|(_, amount)| *amount).sum();
    let due_count: i64 = figures.iter().map(|(count, _)| count).sum();

    let rows = BUCKETS.iter().zip(&figures).map(|(bucket, (count, amount))| {
        columns([
            ("days_past_due", bucket.name.into()),
            ("invoices", json!(count)),
            ("amount", amount.to_string().into()),
            ("share", Percent::shown(Percent::of(*amount, due)).into()),
        ])
    });
    let title = match &arguments.client {
        Some(client) => format!("Ageing of open invoices of clients named {:?}", client.trim()),
        None => "Ageing of open invoices".to_owned(),
    };
    Ok(Answer::new()
        .title(title)
        .rows(rows.collect())
        .fact("Due", format!("{due} in {}", invoices(due_count)))
        .fact("Not due yet", format!("{later} in {}", invoices(later_count)))
        .fact("Total outstanding", due + later)
        .next("Show me all overdue invoices"))
}

fn invoices(count: i64) -> String {
    if count == 1 { "1 invoice".to_owned() } else { format!("{count} invoices") }
}
