//! `done_tasks`: what was finished.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, Period, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::of_person;

/// For the model.
pub const DESCRIPTION: &str = "Lists the tasks that were done in a period, latest first, with their number. From the start \
of last week to today if no period is given.\n\
Examples: \"What did we get done last week?\" \"What has the crew finished?\" \"How many tasks did Ana complete last month?\"";

/// Rows shown; the count is over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only tasks of this person: the name or a part of it. Leave out for everybody.
    pub assigned_to: Option<String>,
    /// A period by its name.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let mut period = Period::given(arguments.period, arguments.from, arguments.to, NamedPeriod::LastWeek, today)?;
    if arguments.period.is_none() && arguments.from.is_none() {
        // Last week alone would leave out what was done just now.
        period.to = today;
    }
    let mut title = "Tasks".to_owned();
    let wanted = ["id", "title", "completed_date", "assigned_to", "due_date", "project_name", "client_name"];
    let mut query = Query::new("tasks", &wanted)
        .matching(Filter::eq("status", "completed"))
        .matching(Filter::gte("completed_date", period.from))
        .matching(Filter::lte("completed_date", period.to))
        .descending("completed_date")
        .ascending("title")
        .limit(MAX_ROWS)
        .counted();
    if let Some(person) = &arguments.assigned_to {
        query = query.matching(of_person(person));
        title.push_str(&format!(" of {}", person.trim()));
    }
    let page = context.select(&query)?;

    let rows = page.rows.iter().map(|row| columns(wanted.map(|column| (column, row.get(column).clone()))));
    let rows: Vec<_> = rows.collect();
    let shown = rows.len() as u64;
    let total = page.total.unwrap_or(shown);
    let answer = Answer::new()
        .title(format!("{title} completed from {} to {}", period.from, period.to))
        .rows(rows)
        .total_rows(total)
        .fact("Completed", total);
    Ok(if shown < total { answer.note(format!("These are the latest {shown} of {total}.")) } else { answer })
}
