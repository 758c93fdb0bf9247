//! The projects table, and what holds for every project that is written.

use canvalo_sdk::{Column, Context, Link, Numbering, Order, Row, Table, ToolError};
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use crate::lifecycle::{self, Project, STATUSES, Status, Step};

/// The table.
pub static PROJECTS: Table = Table {
    name: "projects",
    singular: "project",
    label: "name",
    columns: &[
        Column::text("project_number").describe("Leave out for the next free number."),
        Column::text("name").required().describe("What the job is, in a few words."),
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name").describe("Whose job it is."),
        Column::one_of("status", STATUSES).describe("A new project is a draft unless work is going on."),
        Column::text("description"),
        Column::text("location").describe("Where the job is."),
        Column::decimal("square_footage").at_least(0),
        Column::text("paint_type"),
        Column::text("surface_type"),
        Column::text("paint_brand"),
        Column::text("paint_color"),
        Column::integer("number_of_coats").at_least(0),
        Column::boolean("primer_needed"),
        Column::date("start_date"),
        Column::date("end_date"),
        Column::integer("estimated_duration_days").at_least(1),
        Column::date("actual_completion_date").describe("Only of a completed project."),
        Column::money("estimated_cost"),
        Column::money("actual_cost").describe("What it has cost so far, in all."),
        Column::money("budget"),
        Column::tags("assigned_team")
            .describe("All names of the crew. To add or take off somebody: assign_crew, unassign_crew."),
        Column::integer("completion_percentage").range(0, 100),
        Column::text("notes"),
        Column::tags("tags"),
        Column::timestamp("created_at").read_only(),
    ],
    search: &["name", "client_name", "project_number", "location"],
    shown: &[
        "project_number",
        "name",
        "client_name",
        "status",
        "start_date",
        "end_date",
        "completion_percentage",
        "budget",
    ],
    order: Order::Descending("start_date"),
    totals: &["budget", "actual_cost"],
    examples: r#"Examples: "Show me all projects" "What jobs are active right now?" "Which projects are on hold?" "Everything we did for Maria Gonzalez" "What starts next month?""#,
    numbering: Some(Numbering { column: "project_number", first: "PRJ-1001" }),
    links: &[Link::CLIENT],
    told_apart_by: &["project_number", "client_name"],
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
};

/// What a step needs to know of a project.
pub(crate) fn as_read(row: &Row) -> Project {
    let status = Status::of(row.text("status")).unwrap_or(Status::Draft);
    Project { status, start: row.date("start_date"), end: row.date("end_date") }
}

/// Gives new projects that are done already what done projects have.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        if row.get("status").is_some_and(|status| status == "completed") {
            row.insert("completion_percentage".to_owned(), 100.into());
            row.entry("actual_completion_date").or_insert_with(|| json!(context.today()));
        }
        check(&Row(row.clone()), context.today()).map_err(|why| ToolError::refused(format!("{at}{why}")))?;
    }
    Ok(())
}

/// A status that changes takes the step that leads there, with all that belongs to it.
fn complete_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let refused = |why: String| ToolError::refused(format!("{}: {why}", PROJECTS.name_of(row)));
    for list in ["assigned_team", "tags"] {
        if let Some(emptied) = changes.get_mut(list).filter(|value| value.is_null()) {
            *emptied = json!([]);
        }
    }
    let before = Project { status: as_read(row).status, ..as_read(&changed(row, changes)) };
    let wanted = changes.get("status").and_then(Value::as_str).and_then(Status::of);
    if let Some(wanted) = wanted.filter(|wanted| *wanted != before.status) {
        let step = Step::between(before.status, wanted).ok_or_else(|| {
            let (from, to) = (before.status.word(), wanted.word());
            refused(format!("it is {from}, which can't become {to}."))
        })?;
        let completed = changes.get("actual_completion_date").and_then(Value::as_str).and_then(|day| day.parse().ok());
        let day = completed.filter(|_| step == Step::Complete);
        for (column, value) in lifecycle::changes(before, step, day, context.today()).map_err(refused)? {
            // What the user says about the start goes before what starting would set.
            if !(step == Step::Start && changes.contains_key(&column)) {
                changes.insert(column, value);
            }
        }
    }
    if CHECKED.iter().any(|column| changes.contains_key(*column)) {
        check(&changed(row, changes), context.today()).map_err(refused)?;
    }
    Ok(())
}

/// The columns that [`check`] looks at. What was wrong with them before doesn't keep others from being changed.
const CHECKED: &[&str] = &["status", "start_date", "end_date", "actual_completion_date", "completion_percentage"];

/// What holds for every project.
fn check(row: &Row, today: NaiveDate) -> Result<(), String> {
    let (start, end, completed) = (row.date("start_date"), row.date("end_date"), row.date("actual_completion_date"));
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        return Err(format!("it would end on {end}, before it starts on {start}."));
    }
    let is_completed = row.text("status") == "completed";
    match completed {
        Some(_) if !is_completed => {
            return Err(
                "only a completed project has a completion date. Complete it with change_project_status.".into()
            );
        }
        Some(day) if day > today => return Err(format!("it can't be completed on {day}, which is in the future.")),
        Some(day) if start.is_some_and(|start| day < start) => {
            let start = start.unwrap_or(day);
            return Err(format!("it would be completed on {day}, before it starts on {start}."));
        }
        _ => {}
    }
    if is_completed && row.get("completion_percentage").as_i64().is_some_and(|done| done != 100) {
        return Err("it is completed, so it is 100% done. Reopen it with change_project_status if it isn't.".into());
    }
    Ok(())
}

/// The row as it will be.
fn changed(row: &Row, changes: &Map<String, Value>) -> Row {
    let mut changed = row.clone();
    changed.0.extend(changes.clone());
    changed
}
