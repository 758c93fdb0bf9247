//! The tasks table, and what holds for every task that is written.

use canvalo_sdk::{Column, Context, Link, Order, Row, Table, ToolError};
use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::checklist;

/// The table.
pub static TASKS: Table = Table {
    name: "tasks",
    singular: "task",
    label: "title",
    columns: &[
        Column::text("title").required().describe("What is to do, in a few words."),
        Column::text("description"),
        Column::uuid("project_id").describe("The project's id, if a tool returned it. Never a name."),
        Column::text("project_name"),
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name"),
        Column::one_of("status", &["todo", "in-progress", "completed", "cancelled"])
            .describe("Open are todo and in-progress. Which are overdue: ask overdue_tasks."),
        Column::one_of("priority", &["low", "medium", "high", "urgent"]).describe("Medium if left out."),
        Column::text("assigned_to").describe("The person who does it."),
        Column::date("due_date").describe("The day by which it is to be done."),
        Column::date("completed_date").describe("The day it was completed. Today if left out."),
        Column::tags("tags"),
        Column::json("checklist", checklist::SCHEMA),
        Column::text("notes"),
        Column::timestamp("updated_at").read_only(),
    ],
    search: &["title", "description", "assigned_to", "project_name", "client_name", "notes"],
    shown: &["title", "status", "priority", "assigned_to", "due_date", "completed_date", "project_name", "client_name"],
    // What is to do soon and what was done lately come before years of done tasks.
    order: Order::Descending("due_date"),
    links: &[Link::CLIENT, Link::PROJECT],
    told_apart_by: &["status", "due_date", "project_name"],
    examples: r#"Examples: "Show me all tasks" "What is Ana working on?" "Which tasks are urgent?" "Show me our open to-dos" "Open tasks for the Harbor Street project""#,
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
    ..Table::EMPTY
};

/// The statuses of tasks that are still to do.
pub const OPEN: [&str; 2] = ["todo", "in-progress"];

/// Gives new tasks what they lack. A new task due in the past is a slip (last year's date, a wrong weekday), so it is
/// refused unless it has been completed; a task that is there may be moved to any day, since it may have been due then.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let today = context.today();
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        let refused = |problem: String| ToolError::refused(format!("{at}{problem}"));
        tidy(row).map_err(&refused)?;
        settle(None, row, today).map_err(&refused)?;
        let due = row.get("due_date").and_then(date);
        if let Some(due) = due.filter(|due| *due < today && status(row) != Some("completed")) {
            return Err(refused(format!(
                "It would be due on {due}, which has passed. Give a day from {today} on, or say that it is completed."
            )));
        }
        row.retain(|_, value| !value.is_null());
    }
    Ok(())
}

fn complete_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let refused = |problem: String| ToolError::refused(format!("{}: {problem}", TASKS.name_of(row)));
    tidy(changes).map_err(refused)?;
    settle(Some(row), changes, context.today()).map_err(refused)
}

/// Brings values into the form that tasks are kept in.
fn tidy(row: &mut Map<String, Value>) -> Result<(), String> {
    for name in ["status", "priority"] {
        if row.get(name).is_some_and(Value::is_null) {
            return Err(format!("`{name}` can't be emptied."));
        }
    }
    if let Some(list) = row.get_mut("checklist") {
        *list = checklist::tidy(list)?;
    }
    if let Some(tags) = row.get_mut("tags").filter(|tags| tags.is_null()) {
        *tags = Value::Array(Vec::new());
    }
    // Nobody is null, so that nobody is one group.
    if let Some(person) = row.get_mut("assigned_to").filter(|person| person.as_str() == Some("")) {
        *person = Value::Null;
    }
    Ok(())
}

/// Keeps status and completed date in step: a completed task has a date that isn't in the future, any other has none.
fn settle(before: Option<&Row>, row: &mut Map<String, Value>, today: NaiveDate) -> Result<(), String> {
    let was = before.map_or("", |before| before.text("status"));
    let completed = status(row).unwrap_or(was) == "completed";
    let dated = before.is_some_and(|before| before.date("completed_date").is_some());
    match row.get("completed_date").and_then(date) {
        Some(_) if !completed => return Err("only a completed task has a completed date.".to_owned()),
        Some(done) if done > today => {
            return Err(format!("it can't have been completed on {done}: that day is still to come."));
        }
        Some(_) => {}
        None if completed && (was != "completed" || !dated || row.contains_key("completed_date")) => {
            row.insert("completed_date".to_owned(), today.to_string().into());
        }
        None if !completed && dated => {
            row.insert("completed_date".to_owned(), Value::Null);
        }
        None => {}
    }
    Ok(())
}

fn status(row: &Map<String, Value>) -> Option<&str> {
    row.get("status").and_then(Value::as_str)
}

fn date(value: &Value) -> Option<NaiveDate> {
    value.as_str()?.parse().ok()
}
