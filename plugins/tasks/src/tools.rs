//! The tools besides those of the table.

pub mod assign;
pub mod checklist;
pub mod complete;
pub mod done;
pub mod overdue;
pub mod upcoming;
pub mod workload;

use canvalo_sdk::data::{Condition, Filter};
use canvalo_sdk::{Row, ToolError};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::task::OPEN;

/// The priorities that can't wait.
pub(crate) const PRESSING: [&str; 2] = ["urgent", "high"];

/// Tasks that are still to do.
pub(crate) fn open() -> Condition {
    Filter::one_of("status", OPEN).into()
}

/// Tasks of a person, by the name or a part of it.
pub(crate) fn of_person(person: &str) -> Condition {
    Filter::holds_text("assigned_to", person.trim()).into()
}

/// Tasks that nobody has.
pub(crate) fn nobodys() -> Condition {
    vec![Filter::is_null("assigned_to"), Filter::eq("assigned_to", "")].into()
}

/// All tasks, and those that can't wait, from groups by `priority` with a count called `tasks`.
pub(crate) fn counted(groups: &[Row]) -> (i64, i64) {
    let pressing = groups.iter().filter(|group| PRESSING.contains(&group.text("priority")));
    (groups.iter().map(|group| group.integer("tasks")).sum(), pressing.map(|group| group.integer("tasks")).sum())
}

/// The task: its title, or its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TaskName(pub String);

/// A checklist item: its text, or words of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ItemText(pub String);

impl From<String> for TaskName {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<String> for ItemText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A list of texts. Models give a single one without the list.
pub(crate) fn one_or_several<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let wrong = |got: &Value| D::Error::custom(format!("expected a list of texts, got {got}"));
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(vec![text.into()]),
        Value::Array(members) => {
            let text = |member: Value| match member {
                Value::String(text) => Ok(text.into()),
                other => Err(wrong(&other)),
            };
            members.into_iter().map(text).collect()
        }
        other => Err(wrong(&other)),
    }
}

pub(crate) fn names(tasks: Vec<TaskName>) -> Vec<String> {
    tasks.into_iter().map(|task| task.0).collect()
}

/// Texts from 1 to a number of them.
pub(crate) fn texts(items: Vec<ItemText>, most: usize) -> Result<Vec<String>, ToolError> {
    match items.len() {
        count if count == 0 || count > most => {
            Err(ToolError::arguments(format!("`items`: from 1 to {most} at a time, got {count}.")))
        }
        _ => Ok(items.into_iter().map(|item| item.0).collect()),
    }
}
