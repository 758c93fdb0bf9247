//! `project_summary`: all projects by status.

use canvalo_sdk::data::{Aggregation, Filter};
use canvalo_sdk::{Answer, Context, Money, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{OPEN, figures};
use crate::lifecycle::STATUSES;

/// For the model.
pub const DESCRIPTION: &str = "Overview of all projects by status: how many, their budgets and what they cost so far, and how \
many are late or over budget.\n\
Examples: \"How are my projects doing?\" \"Give me a project overview\" \"How many jobs do we have going?\" \"Status summary of all projects\"";

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only projects of this client: the name or a part of it. Leave out for all clients.
    pub client: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let over = |table: &str| {
        let all = Aggregation::new(table).count("projects");
        match &arguments.client {
            Some(client) => all.matching(Filter::holds_text("client_name", client.trim())),
            None => all,
        }
    };
    let by_status = over("projects").by("status").sum("budget", "budget").sum("actual_cost", "actual_cost");
    let open = Filter::one_of("status", OPEN);
    let past_end = over("projects").matching(open.clone()).matching(Filter::lt("end_date", today));
    let over_budget = over("project_budgets").matching(open).matching(Filter::eq("over_budget", true));
    let [by_status, past_end, over_budget] = figures(context, [by_status, past_end, over_budget])?;

    let none = Row::default();
    let of = |status: &str| by_status.iter().find(|row| row.text("status") == status).unwrap_or(&none);
    let rows = STATUSES.iter().map(|status| {
        let sums = of(status);
        columns([
            ("status", (*status).into()),
            ("projects", json!(sums.integer("projects"))),
            ("budget", sums.money("budget").to_string().into()),
            ("actual_cost", sums.money("actual_cost").to_string().into()),
        ])
    });
    let title = match &arguments.client {
        Some(client) => format!("Projects of clients named {:?}", client.trim()),
        None => "Projects by status".to_owned(),
    };
    let count = |groups: &[Row]| groups.first().map(|row| row.integer("projects")).unwrap_or_default();
    Ok(Answer::new()
        .title(title)
        .rows(rows.collect())
        .fact("Projects", by_status.iter().map(|row| row.integer("projects")).sum::<i64>())
        .fact("Active", of("active").integer("projects"))
        .fact("Open projects past their end date", count(&past_end))
        .fact("Open projects over budget", count(&over_budget))
        .fact("Budget of open projects", OPEN.iter().map(|status| of(status).money("budget")).sum::<Money>())
        .next("Which projects are running late?")
        .next("Are we over budget anywhere?"))
}
