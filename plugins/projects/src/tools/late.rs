//! `late_projects`: past their end, or behind plan.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Answer, Context, Page, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OPEN;
use crate::schedule::{Late, Plan, TOLERANCE};

/// For the model.
pub const DESCRIPTION: &str = "Lists the projects that are late: past their end date and not finished, or behind schedule because less \
is done than time is gone.\n\
Examples: \"Which projects are running late?\" \"What's behind schedule?\" \"Are we on track with our jobs?\" \"Which jobs should be finished by now?\"";

/// Rows past their end that are shown; the count is over all.
const MAX_PAST_END: u32 = 50;

/// Projects within their time that are looked at: more than anybody has going at once.
const MAX_RUNNING: u32 = 200;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only projects of this client: the name or a part of it. Leave out for all clients.
    pub client: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let query = |limit: u32| {
        let wanted = [
            "id",
            "project_number",
            "name",
            "client_name",
            "status",
            "start_date",
            "end_date",
            "completion_percentage",
        ];
        let query = Query::new("projects", &wanted).matching(Filter::one_of("status", OPEN)).limit(limit).counted();
        let query = query.ascending("end_date").ascending("id");
        match &arguments.client {
            Some(client) => query.matching(Filter::holds_text("client_name", client.trim())),
            None => query,
        }
    };
    let past_end = query(MAX_PAST_END).matching(Filter::lt("end_date", today));
    let running = query(MAX_RUNNING).matching(Filter::gte("end_date", today)).matching(Filter::lt("start_date", today));
    let mut pages = context.select_many(&[past_end, running]).into_iter();
    let mut next = || pages.next().unwrap_or_else(|| Ok(Page::default()));
    let (past_end, running) = (next()?, next()?);

    let count = |page: &Page| page.total.unwrap_or(page.rows.len() as u64);
    let mut behind: Vec<(i64, Map<String, Value>)> = Vec::new();
    for row in &running.rows {
        if let Some(Late::Behind(points)) = plan(row).late(today) {
            behind.push((points, shown(row, today)));
        }
    }
    behind.sort_by_key(|(points, _)| -points);
    let behind_count = behind.len() as u64;
    let rows = past_end.rows.iter().map(|row| shown(row, today)).chain(behind.into_iter().map(|(_, row)| row));
    let rows: Vec<_> = rows.collect();
    let (past_end_count, total) = (count(&past_end), count(&past_end) + behind_count);
    let cut = total > rows.len() as u64;
    let mut answer = Answer::new()
        .title("Late projects")
        .rows(rows)
        .total_rows(total)
        .fact("Past their end date", past_end_count)
        .fact("Behind schedule", behind_count)
        .note(format!("Behind schedule means more than {TOLERANCE} percentage points less done than time gone."));
    if cut {
        answer = answer.note(format!("Of those past their end date these are the {MAX_PAST_END} longest."));
    }
    if count(&running) > running.rows.len() as u64 {
        answer = answer.note(format!("Only the {MAX_RUNNING} that end first were looked at for being behind."));
    }
    Ok(answer)
}

fn plan(row: &Row) -> Plan {
    Plan { start: row.date("start_date"), end: row.date("end_date"), completion: row.integer("completion_percentage") }
}

fn shown(row: &Row, today: NaiveDate) -> Map<String, Value> {
    let plan = plan(row);
    let late = match plan.late(today) {
        Some(Late::PastEnd(1)) => "1 day past its end".to_owned(),
        Some(Late::PastEnd(days)) => format!("{days} days past its end"),
        Some(Late::Behind(points)) => format!("{points} points behind"),
        None => String::new(),
    };
    columns([
        ("id", row.get("id").clone()),
        ("project_number", row.get("project_number").clone()),
        ("name", row.get("name").clone()),
        ("client_name", row.get("client_name").clone()),
        ("status", row.get("status").clone()),
        ("end_date", row.get("end_date").clone()),
        ("done", format!("{}%", plan.completion).into()),
        ("time_gone", plan.time_gone(today).map_or(Value::Null, |gone| format!("{gone}%").into())),
        ("late", late.into()),
    ])
}
