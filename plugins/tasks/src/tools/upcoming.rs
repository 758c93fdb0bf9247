//! `upcoming_tasks`: what is due soon.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{counted, of_person, open};
use crate::due;

/// For the model.
pub const DESCRIPTION: &str = "Lists the open tasks that are due in a period, soonest first. From today to the end of next \
week if no period is given.\n\
Examples: \"What's coming up?\" \"What's due this week?\" \"What does Ana have to do tomorrow?\" \"What's on my plate next month?\"";

/// Rows shown; the counts are over all.
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
    /// The last day, with `from`. Two weeks if left out.
    pub to: Option<NaiveDate>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let period = due::upcoming(arguments.period, arguments.from, arguments.to, today)?;
    let mut of_all = vec![open()];
    let mut title = "Tasks".to_owned();
    if let Some(person) = &arguments.assigned_to {
        of_all.push(of_person(person));
        title.push_str(&format!(" of {}", person.trim()));
    }
    title.push_str(&format!(" due from {} to {}", period.from, period.to));
    let mut conditions: Vec<Condition> = of_all.clone();
    conditions.push(Filter::gte("due_date", period.from).into());
    conditions.push(Filter::lte("due_date", period.to).into());

    let wanted = ["id", "title", "assigned_to", "priority", "due_date", "status", "project_name", "client_name"];
    let mut query = Query::new("tasks", &wanted).ascending("due_date").ascending("title").limit(MAX_ROWS);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut by_priority = Aggregation::new("tasks").by("priority").count("tasks");
    by_priority.conditions = conditions;
    let mut undated = Aggregation::new("tasks").count("tasks").matching(Filter::is_null("due_date"));
    undated.conditions.extend(of_all);
    let mut results = context.aggregate_many(&[by_priority, undated]).into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    let ((count, pressing), undated) = (counted(&next()?), next()?);
    let undated = undated.first().map(|group| group.integer("tasks")).unwrap_or_default();

    let rows = page.rows.iter().map(|row| {
        let due = row.date("due_date").map_or(Value::Null, |due| due::shown(due, today).into());
        columns([
            ("id", row.get("id").clone()),
            ("title", row.get("title").clone()),
            ("due", due),
            ("due_date", row.get("due_date").clone()),
            ("priority", row.get("priority").clone()),
            ("assigned_to", row.get("assigned_to").clone()),
            ("status", row.get("status").clone()),
            ("project_name", row.get("project_name").clone()),
            ("client_name", row.get("client_name").clone()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let answer = Answer::new()
        .title(title)
        .rows(rows)
        .total_rows(count.unsigned_abs())
        .fact("Due in this time", count)
        .fact("Of these urgent or high", pressing)
        .fact("Open without a due date", undated)
        .next("Which tasks are overdue?");
    Ok(if (shown as i64) < count { answer.note(format!("These are the {shown} soonest of {count}.")) } else { answer })
}
