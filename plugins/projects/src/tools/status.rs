//! `change_project_status`: the steps of a project's life.

use canvalo_sdk::data::Filter;
use canvalo_sdk::{Answer, Change, Context, ToolError};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::lifecycle::{self, Step};
use crate::project::{self, PROJECTS};

/// For the model.
pub const DESCRIPTION: &str = "Changes where one project or several stand: start, put on hold, resume, complete, cancel or reopen. \
Completing sets 100% and the day. Says for each project what happened.\n\
Examples: \"Start the nursery job\" \"Put the Johnson exterior on hold\" \"Resume the tank room\" \"Mark the kitchen as completed\" \"The taproom is done\" \"Cancel the fence project\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The projects, 1 to 16: the number of each, what it is called, or its id.
    #[schemars(length(min = 1, max = 16))]
    pub projects: Vec<Reference>,
    /// What happens to them.
    pub action: Step,
    /// The day of the start or of the completion. Today if left out. Not for the other actions.
    pub date: Option<NaiveDate>,
}

/// The project: its number, what it is called, or its id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Reference(pub String);

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let Arguments { projects, action, date } = arguments;
    if date.is_some() && !matches!(action, Step::Start | Step::Complete) {
        return Err(ToolError::arguments("`date`: only a start and a completion have one; leave it out."));
    }
    let today = context.today();
    let names: Vec<String> = projects.into_iter().map(|Reference(name)| name).collect();
    let shown = ["project_number", "name", "status", "start_date", "completion_percentage", "actual_completion_date"];
    let mut still_done = false;
    let answer = PROJECTS.step(context, &names, action.done(), &shown, |row| {
        let values = lifecycle::changes(project::as_read(row), action, date, today)?;
        still_done |= action == Step::Reopen && row.integer("completion_percentage") == 100;
        Ok(Change { values, given: vec![Filter::eq("status", row.get("status"))] })
    })?;
    Ok(if still_done { answer.note("Still at 100%: say how much is really done.") } else { answer })
}
