//! `assign_tasks` and `set_task_priority`.

use canvalo_sdk::{Answer, Change, Context, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{TaskName, names, one_or_several};
use crate::task::TASKS;

/// For the model.
pub const DESCRIPTION: &str = "Assigns one task or several to a person, or to nobody.\n\
Examples: \"Assign the scaffolding deposit to Joe\" \"Give both sanding tasks to Ana\" \"Put Marcus on the sprayer service\" \"Change the lockbox task to nobody\"";

/// For the model.
pub const DESCRIPTION_PRIORITY: &str = "Sets the priority of one task or several: low, medium, high or urgent.\n\
Examples: \"Make the insurance renewal urgent\" \"Set both tasks to low priority\" \"Bump the epoxy order to high\"";

/// Words for taking a task from whoever has it.
const NOBODY: [&str; 4] = ["nobody", "no one", "none", "unassigned"];

/// Characters of a person's name.
const MAX_NAME: usize = 100;

/// Arguments of `assign_tasks`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The tasks, 1 to 16.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 16))]
    pub tasks: Vec<TaskName>,
    /// Who is to do them: one person's name, or nobody.
    pub assigned_to: String,
}

/// Arguments of `set_task_priority`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Prioritise {
    /// The tasks, 1 to 16.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 16))]
    pub tasks: Vec<TaskName>,
    /// How important they are.
    pub priority: Priority,
}

/// How important a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    Low,
    Medium,
    High,
    Urgent,
}

impl Priority {
    /// As the table spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

const SHOWN: [&str; 5] = ["title", "assigned_to", "priority", "due_date", "status"];

/// Runs `assign_tasks`.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let person = arguments.assigned_to.trim();
    let (person, done) = match person.chars().count() {
        0 => return Err(ToolError::arguments("`assigned_to`: who is to do it? Nobody is an answer, too.")),
        length if length > MAX_NAME => {
            return Err(ToolError::arguments(format!("`assigned_to`: a name of at most {MAX_NAME} characters.")));
        }
        _ if NOBODY.contains(&person.to_lowercase().as_str()) => (Value::Null, "unassigned"),
        _ => (Value::from(person), "assigned"),
    };
    TASKS.step(context, &names(arguments.tasks), done, &SHOWN, |_| {
        Ok(Change { values: columns([("assigned_to", person.clone())]), given: Vec::new() })
    })
}

/// Runs `set_task_priority`.
pub fn prioritise(context: &mut Context<'_>, Prioritise { tasks, priority }: Prioritise) -> Result<Answer, ToolError> {
    TASKS.step(context, &names(tasks), &format!("set to {}", priority.word()), &SHOWN, |_| {
        Ok(Change { values: columns([("priority", priority.word().into())]), given: Vec::new() })
    })
}
