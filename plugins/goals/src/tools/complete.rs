//! `complete_goals`: one goal or several that are reached.

use canvalo_sdk::data::Filter;
use canvalo_sdk::{Answer, Change, Context, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Map;

use crate::goal::{GOALS, OPEN, check_reached};

/// For the model.
pub const DESCRIPTION: &str = "Completes one goal or several whose target is reached. A goal that isn't reached is refused.\n\
Examples: \"Complete the projects goal\" \"Mark the rating goal as completed\" \"Close the goals we reached\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The goals, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub goals: Vec<Title>,
}

/// The goal: its title, or its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Title(pub String);

/// Runs it.
pub fn run(context: &mut Context<'_>, Arguments { goals }: Arguments) -> Result<Answer, ToolError> {
    let titles: Vec<String> = goals.into_iter().map(|Title(title)| title).collect();
    GOALS.step(context, &titles, "completed", &["title", "current_value", "target_value", "status"], |goal| {
        match goal.text("status") {
            status if OPEN.contains(&status) => check_reached(goal)?,
            status => return Err(format!("it is {status} already.")),
        }
        let values = Map::from_iter([("status".to_owned(), "completed".into())]);
        Ok(Change { values, given: vec![Filter::eq("status", goal.get("status"))] })
    })
}
