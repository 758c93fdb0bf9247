//! The goals table, and what holds for every goal that is written.
//!
//! A goal is active until somebody completes or cancels it. Reaching the target completes nothing, for revenue goes on
//! growing and ratings fall again; and whether a goal is overdue follows from its last day, whatever its status says.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Column, Context, Order, Quantity, Row, Table, ToolError};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a goal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum GoalType {
    Revenue,
    Projects,
    Clients,
    Satisfaction,
}

impl GoalType {
    /// As the table spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Projects => "projects",
            Self::Clients => "clients",
            Self::Satisfaction => "satisfaction",
        }
    }
}

/// The statuses of a goal that is still pursued.
pub const OPEN: [&str; 2] = ["active", "overdue"];

/// The largest value: fourteen digits, two of them decimals.
const MAX: i64 = 999_999_999_999;

/// For the tool that creates goals.
pub(crate) const EXAMPLES_OF_NEW: &str = r#"Examples: "Set a goal of $50,000 in revenue this quarter" "New goal: ten exteriors by the end of June" "I want to win five clients this month""#;

/// For the tool that changes goals.
pub(crate) const EXAMPLES_OF_CHANGES: &str = r#"Examples: "Move the deadline of the commercial clients goal to June 30" "Raise the revenue target to $60,000" "Cancel the rating goal""#;

/// The table.
pub static GOALS: Table = Table {
    name: "goals",
    singular: "goal",
    label: "title",
    columns: &[
        Column::text("title").required(),
        Column::text("description"),
        Column::one_of("goal_type", &["revenue", "projects", "clients", "satisfaction"]).required(),
        Column::decimal("target_value").required().range(0, MAX).in_unit_of("unit").describe("The value to reach."),
        Column::decimal("current_value").range(0, MAX).in_unit_of("unit").describe("The value so far. 0 if left out."),
        Column::text("unit").describe("USD for money, otherwise what is counted. Leave out for the type's own."),
        Column::date("start_date").describe("Today if left out."),
        Column::date("end_date").describe("The deadline."),
        // A row may say overdue; nobody has to, for it follows from the last day.
        Column::one_of("status", &["active", "completed", "cancelled"])
            .describe("Leave out for a new goal. To complete one: complete_goals. What is overdue: goal_progress."),
        Column::decimal("progress_percentage").read_only(),
        Column::text("notes"),
    ],
    search: &["title", "description"],
    shown: &["title", "goal_type", "current_value", "target_value", "progress_percentage", "end_date", "status"],
    order: Order::Ascending("end_date"),
    examples: r#"Examples: "Show me all goals" "List my revenue goals" "Which goals did we complete?" "Which targets end this quarter?""#,
    told_apart_by: &["start_date", "end_date"],
    before_create: Some(complete_new),
    before_update: Some(complete_changes),
    ..Table::EMPTY
};

/// Gives new goals a first day and a unit. A title that an open goal has is refused: people name goals by it.
fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let (today, count) = (context.today(), rows.len());
    refuse_known(context, rows)?;
    for (index, row) in rows.iter_mut().enumerate() {
        row.entry("start_date").or_insert_with(|| today.to_string().into());
        let unit = match row.get("goal_type").and_then(Value::as_str) {
            Some("revenue") => "USD",
            Some("projects") => "projects",
            Some("clients") => "clients",
            _ => "stars",
        };
        row.entry("unit").or_insert_with(|| unit.into());
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        let goal = Row(row.clone());
        check(&goal)
            .and_then(|()| if goal.text("status") == "completed" { check_reached(&goal) } else { Ok(()) })
            .map_err(|problem| ToolError::refused(format!("{at}{problem}")))?;
    }
    Ok(())
}

fn refuse_known(context: &mut Context<'_>, rows: &[Map<String, Value>]) -> Result<(), ToolError> {
    let titles: Vec<&str> = rows.iter().filter_map(|row| row.get("title")?.as_str()).collect();
    let same: Vec<Filter> = titles.iter().map(|title| Filter::ilike("title", title)).collect();
    let query = Query::new(GOALS.name, &["title"]).matching(Filter::one_of("status", OPEN)).matching(same);
    // A `*` in a title is a wildcard to the database.
    let known = |row: &&Row| titles.iter().any(|title| title.to_lowercase() == row.text("title").to_lowercase());
    match context.select(&query)?.rows.iter().find(known) {
        Some(row) => Err(ToolError::refused(format!(
            "There is an open goal {:?} already. Change that one, or choose another title.",
            row.text("title")
        ))),
        None => Ok(()),
    }
}

/// Keeps status and dates in step when a goal changes.
fn complete_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let today = context.today();
    let refused = |problem: String| ToolError::refused(format!("{}: {problem}", GOALS.name_of(row)));
    if changes.get("status").is_some_and(Value::is_null) {
        return Err(refused("`status` can't be emptied.".to_owned()));
    }
    if changes.get("current_value").is_some_and(Value::is_null) {
        changes.insert("current_value".to_owned(), json!(0));
    }
    let mut after = row.clone();
    after.0.extend(changes.clone());
    check(&after).map_err(refused)?;
    if changes.get("status").is_some_and(|status| status == "completed") {
        check_reached(&after).map_err(refused)?;
    } else if changes.contains_key("end_date")
        && after.text("status") == "overdue"
        && after.date("end_date").is_none_or(|end| end >= today)
    {
        // With more time it is overdue no longer.
        changes.insert("status".to_owned(), "active".into());
    }
    Ok(())
}

fn check(goal: &Row) -> Result<(), String> {
    let target = goal.decimal("target_value").unwrap_or_default();
    if target <= Decimal::ZERO {
        return Err("`target_value` must be more than zero.".to_owned());
    }
    for name in ["target_value", "current_value"] {
        if goal.decimal(name).is_some_and(|value| value.normalize().scale() > 2) {
            return Err(format!("`{name}` can have at most two decimals."));
        }
    }
    match (goal.date("start_date"), goal.date("end_date")) {
        (Some(start), Some(end)) if end < start => Err(format!("it would end on {end}, before it starts on {start}.")),
        _ => Ok(()),
    }
}

/// Whether it may be completed; says in plain words what is missing.
pub fn check_reached(goal: &Row) -> Result<(), String> {
    let value = |name: &str| goal.decimal(name).unwrap_or_default();
    if value("current_value") >= value("target_value") {
        return Ok(());
    }
    Err(format!(
        "it stands at {}, so it isn't reached. Record the progress first, lower the target, or cancel it.",
        values(goal)
    ))
}

/// "$46,300.00 of $120,000.00", "7 of 10 projects".
pub fn values(goal: &Row) -> String {
    let unit = goal.text("unit");
    let value = |name: &str, unit| Quantity::new(goal.decimal(name).unwrap_or_default(), unit).to_string();
    let first = if Quantity::is_dollars(unit) { unit } else { "" };
    format!("{} of {}", value("current_value", first), value("target_value", unit))
}
