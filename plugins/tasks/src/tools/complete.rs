//! `complete_tasks` and `reopen_tasks`.

use canvalo_sdk::data::Filter;
use canvalo_sdk::{Answer, Change, Context, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{TaskName, names, one_or_several};
use crate::checklist::{Progress, entries};
use crate::task::{OPEN, TASKS};

/// For the model.
pub const DESCRIPTION: &str = "Marks one task or several as completed, with the day, and says for each what happened.\n\
Examples: \"Mark Label cabinet doors as done\" \"Complete both sanding tasks\" \"Finish the lockbox task\" \"Mark the care sheet as completed yesterday\"";

/// For the model.
pub const DESCRIPTION_REOPEN: &str = "Marks one completed or cancelled task or several as open again, to do, and takes the \
completed date away.\n\
Examples: \"Reopen the lockbox task\" \"Set the care sheet back to open\" \"Change both tasks back to not done\"";

/// Arguments of `complete_tasks`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The tasks, 1 to 16.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 16))]
    pub tasks: Vec<TaskName>,
    /// The day they were completed. Today if left out.
    pub date: Option<NaiveDate>,
}

/// Arguments of `reopen_tasks`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Reopen {
    /// The tasks, 1 to 16.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 16))]
    pub tasks: Vec<TaskName>,
}

/// Runs `complete_tasks`.
pub fn run(context: &mut Context<'_>, Arguments { tasks, date }: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let date = date.unwrap_or(today);
    if date > today {
        return Err(ToolError::refused(format!("{date} is still to come. Nothing was completed.")));
    }
    let mut unchecked = Vec::new();
    let shown = ["title", "status", "completed_date", "assigned_to", "project_name"];
    let answer = TASKS.step(context, &names(tasks), "completed", &shown, |row| {
        let status = row.text("status");
        if status == "completed" {
            let when = row.date("completed_date").map(|date| format!(" on {date}")).unwrap_or_default();
            return Err(format!("it was completed{when} already."));
        }
        if !OPEN.contains(&status) {
            return Err(format!("it is {status}. Reopen it first if it was done after all."));
        }
        let Progress { done, total } = Progress::of(&entries(row.get("checklist")));
        if done < total {
            unchecked.push(format!("{} ({} of {total})", row.text("title"), total - done));
        }
        Ok(Change {
            values: columns([("status", "completed".into()), ("completed_date", date.to_string().into())]),
            given: vec![Filter::eq("status", status)],
        })
    })?;
    Ok(if unchecked.is_empty() {
        answer
    } else {
        answer.note(format!("Checklist items are still open: {}.", unchecked.join(", ")))
    })
}

/// Runs `reopen_tasks`.
pub fn reopen(context: &mut Context<'_>, Reopen { tasks }: Reopen) -> Result<Answer, ToolError> {
    let shown = ["title", "status", "assigned_to", "due_date", "project_name"];
    TASKS.step(context, &names(tasks), "reopened", &shown, |row| {
        let status = row.text("status");
        if OPEN.contains(&status) {
            return Err(format!("it is open already ({status})."));
        }
        Ok(Change {
            values: columns([("status", "todo".into()), ("completed_date", Value::Null)]),
            given: vec![Filter::eq("status", status)],
        })
    })
}
