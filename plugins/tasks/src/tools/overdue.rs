//! `overdue_tasks`: what should have been done.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{counted, nobodys, of_person, open};

/// For the model.
pub const DESCRIPTION: &str = "Lists the open tasks whose due date has passed, longest overdue first, with the days overdue. \
Use it whenever the user asks which tasks are overdue, late or behind.\n\
Examples: \"Which tasks are overdue?\" \"What should have been done already?\" \"What is Joe late with?\" \"What slipped on the Harbor Street project?\"";

/// Rows shown; the counts are over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only tasks of this person: the name or a part of it. Leave out for everybody.
    pub assigned_to: Option<String>,
    /// Only tasks of this project: its name or a part of it. Leave out for all.
    pub project: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let mut conditions: Vec<Condition> = vec![open(), Filter::lt("due_date", today).into()];
    let mut title = "Overdue tasks".to_owned();
    if let Some(person) = &arguments.assigned_to {
        conditions.push(of_person(person));
        title.push_str(&format!(" of {}", person.trim()));
    }
    if let Some(project) = &arguments.project {
        conditions.push(Filter::holds_text("project_name", project.trim()).into());
        title.push_str(&format!(" for projects named {:?}", project.trim()));
    }

    let wanted = ["id", "title", "assigned_to", "priority", "due_date", "status", "project_name", "client_name"];
    let mut query = Query::new("tasks", &wanted).ascending("due_date").ascending("title").limit(MAX_ROWS);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut by_priority = Aggregation::new("tasks").by("priority").count("tasks");
    by_priority.conditions.clone_from(&conditions);
    let mut unassigned = Aggregation::new("tasks").count("tasks").matching(nobodys());
    unassigned.conditions.extend(conditions);
    let mut results = context.aggregate_many(&[by_priority, unassigned]).into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    let ((count, pressing), unassigned) = (counted(&next()?), next()?);
    let unassigned = unassigned.first().map(|group| group.integer("tasks")).unwrap_or_default();

    let rows = page.rows.iter().map(|row| {
        columns([
            ("id", row.get("id").clone()),
            ("title", row.get("title").clone()),
            ("assigned_to", row.get("assigned_to").clone()),
            ("priority", row.get("priority").clone()),
            ("due_date", row.get("due_date").clone()),
            ("days_overdue", json!(row.date("due_date").map(|due| (today - due).num_days()))),
            ("project_name", row.get("project_name").clone()),
            ("client_name", row.get("client_name").clone()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let mut answer =
        Answer::new().title(title).rows(rows).total_rows(count.unsigned_abs()).fact("Overdue tasks", count);
    if count > 0 {
        answer = answer.fact("Of these urgent or high", pressing);
        if arguments.assigned_to.is_none() {
            answer = answer.fact("Of these nobody has", unassigned);
        }
        answer = answer.next("Mark one as completed").next("Who has how much to do?");
    }
    Ok(if (shown as i64) < count {
        answer.note(format!("These are the {shown} longest overdue of {count}."))
    } else {
        answer
    })
}
