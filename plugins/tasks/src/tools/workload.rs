//! `task_workload`: open tasks by person and by priority.

use canvalo_sdk::data::{Aggregation, Filter};
use canvalo_sdk::{Answer, Context, ToolError, columns};
use chrono::Days;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{PRESSING, open};
use crate::workload::loads;

/// For the model.
pub const DESCRIPTION: &str = "Counts the open tasks of each person, those nobody has included, with how many are urgent or \
high, overdue, or due in the next 7 days; and the open tasks by priority.\n\
Examples: \"Who has how much to do?\" \"Who has too much on their plate?\" \"Which tasks has nobody picked up?\" \"How many tasks does everybody have?\"";

/// Days from today that count as soon, today included.
const SOON_DAYS: u64 = 7;

/// People read; the counts by priority are over all.
const MAX_PEOPLE: u32 = 200;

/// What nobody has.
const NOBODY: &str = "nobody";

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only tasks of this project: its name or a part of it. Leave out for all.
    pub project: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let until = today.checked_add_days(Days::new(SOON_DAYS - 1)).unwrap_or(today);
    let tasks = || {
        let tasks = Aggregation::new("tasks").matching(open()).count("tasks");
        match &arguments.project {
            Some(project) => tasks.matching(Filter::holds_text("project_name", project.trim())),
            None => tasks,
        }
    };
    let by_person = || Aggregation { limit: MAX_PEOPLE, ..tasks().by("assigned_to") };
    let requests = [
        by_person(),
        by_person().matching(Filter::one_of("priority", PRESSING)),
        by_person().matching(Filter::lt("due_date", today)),
        by_person().matching(Filter::gte("due_date", today)).matching(Filter::lte("due_date", until)),
        tasks().by("priority"),
    ];
    let mut results = context.aggregate_many(&requests).into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    let (open, pressing, overdue, soon, by_priority) = (next()?, next()?, next()?, next()?, next()?);

    let loads = loads([&open, &pressing, &overdue, &soon]);
    let total: i64 = by_priority.iter().map(|group| group.integer("tasks")).sum();
    let unassigned: i64 = loads.iter().filter(|load| load.person.is_empty()).map(|load| load.open).sum();
    let counted: i64 = loads.iter().map(|load| load.open).sum();
    let rows = loads.iter().map(|load| {
        columns([
            ("assigned_to", if load.person.is_empty() { NOBODY } else { &load.person }.into()),
            ("open", json!(load.open)),
            ("urgent_or_high", json!(load.pressing)),
            ("overdue", json!(load.overdue)),
            ("due_in_7_days", json!(load.soon)),
        ])
    });
    let title = match &arguments.project {
        Some(project) => format!("Open tasks by person for projects named {:?}", project.trim()),
        None => "Open tasks by person".to_owned(),
    };
    let mut answer = Answer::new().title(title).rows(rows.collect()).fact("Open tasks", total);
    for (name, priority) in [("Urgent", "urgent"), ("High", "high"), ("Medium", "medium"), ("Low", "low")] {
        let of_it = by_priority.iter().filter(|group| group.text("priority") == priority);
        answer = answer.fact(name, of_it.map(|group| group.integer("tasks")).sum::<i64>());
    }
    answer = answer.fact("Nobody has", unassigned);
    Ok(if counted < total {
        answer.note("The table doesn't hold all people; the other figures are over all tasks.")
    } else {
        answer
    })
}
