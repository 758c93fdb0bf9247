//! `cancel_appointments`: it doesn't take place, and stays in the books.

use std::collections::BTreeSet;

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::appointment::APPOINTMENTS;
use crate::calendar::{Entry, OCCUPYING};
use crate::named::{self, Name};
use crate::tools::MAX_CHANGED;

/// For the model.
pub const DESCRIPTION: &str = "Cancels one appointment or several and says for each what happened. Their time is free again; \
they stay on record, nothing is deleted.\n\
Examples: \"Cancel my appointment with Dana Reed\" \"Call off the walk-through at Bayview\" \"Cancel the Smith and the Lopez estimates, it is going to rain\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The appointments to cancel, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub appointments: Vec<Name>,
    /// Why, if the user said so. Goes into the notes.
    pub reason: Option<String>,
}

const RETURNING: [&str; 8] =
    ["id", "title", "client_name", "appointment_date", "start_time", "end_time", "assigned_to", "status"];

/// Runs it.
pub fn run(context: &mut Context<'_>, Arguments { appointments, reason }: Arguments) -> Result<Answer, ToolError> {
    if appointments.is_empty() || appointments.len() > MAX_CHANGED {
        let count = appointments.len();
        return Err(ToolError::arguments(format!("`appointments`: from 1 to {MAX_CHANGED} at a time, got {count}.")));
    }
    let mut seen = BTreeSet::new();
    let mut modifications = Vec::new();
    let mut results: Vec<Result<Row, ToolError>> = Vec::with_capacity(appointments.len());
    for row in named::find(context, &appointments)? {
        let checked = row.and_then(|row| cancellable(row, &mut seen));
        if let Ok(row) = &checked {
            let change =
                Modification::by_id("appointments", row.text("id"), changes(row, reason.as_deref()), &RETURNING);
            modifications.push(change.matching(Filter::one_of("status", OCCUPYING)));
        }
        results.push(checked);
    }
    let mut updated = context.update_many(&modifications).into_iter();
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = match updated.next() {
            Some(Ok(mut rows)) if !rows.is_empty() => Ok(rows.swap_remove(0)),
            Some(Err(error)) if error != DataError::NotFound => Err(error.into()),
            _ => Err(ToolError::refused("it changed in the meantime. Look at it again first.")),
        };
    }
    let count = results.iter().flatten().count();
    if count == 0 {
        let problem = results.into_iter().find_map(Result::err);
        return Err(problem.unwrap_or_else(|| ToolError::refused("Nothing was cancelled.")));
    }
    let rows = results.iter().zip(&appointments).map(|(result, name)| shown(result, name));
    let title =
        if count == 1 { "Cancelled 1 appointment".to_owned() } else { format!("Cancelled {count} appointments") };
    Ok(Answer::new().title(title).rows(rows.collect()))
}

fn cancellable(row: Row, seen: &mut BTreeSet<String>) -> Result<Row, ToolError> {
    let name = APPOINTMENTS.name_of(&row).to_owned();
    if !OCCUPYING.contains(&row.text("status")) {
        let status = row.text("status");
        return Err(ToolError::Refused(format!("{name}: it is {status}, there is nothing to cancel.")));
    }
    if !seen.insert(row.text("id").to_owned()) {
        return Err(ToolError::Refused(format!("{name}: it is named more than once.")));
    }
    Ok(row)
}

fn changes(row: &Row, reason: Option<&str>) -> Value {
    let mut changes = json!({ "status": "cancelled" });
    if let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        changes["notes"] = format!("{}\nCancelled: {reason}", row.text("notes")).trim().into();
    }
    changes
}

fn shown(result: &Result<Row, ToolError>, name: &Name) -> Map<String, Value> {
    match result {
        Ok(row) => {
            let entry = Entry::of(row);
            columns([
                ("id", row.get("id").clone()),
                ("appointment", row.get("title").clone()),
                ("client_name", row.get("client_name").clone()),
                ("date", row.get("appointment_date").clone()),
                ("time", entry.map_or(Value::Null, |entry| entry.time().into())),
                ("result", "cancelled".into()),
            ])
        }
        Err(error) => columns([
            ("appointment", name.0.as_str().into()),
            ("result", format!("not cancelled: {}", error.message()).into()),
        ]),
    }
}
