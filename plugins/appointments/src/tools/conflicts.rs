//! `appointment_conflicts`: who has to be at two places at once.

use canvalo_sdk::{Answer, Context, NamedPeriod, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::calendar;
use crate::person;
use crate::window;

/// For the model.
pub const DESCRIPTION: &str = "Checks the calendar for conflicts: appointments that overlap and need the same person. \
Appointments of different people don't conflict; one that is assigned to nobody needs everybody. The coming 31 days if no \
period is given.\n\
Examples: \"Are we double-booked anywhere?\" \"Any conflicts next week?\" \"Do any of my appointments overlap?\" \"Does Tanya have a clash on Friday?\"";

const DEFAULT_DAYS: u64 = 31;

/// Rows shown; the count is over all.
const MAX_ROWS: usize = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name: this_week, next_week.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. The same day if left out.
    pub to: Option<NaiveDate>,
    /// Only conflicts of this person of the crew.
    pub assigned_to: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period = window::days(arguments.period, arguments.from, arguments.to, context.today(), DEFAULT_DAYS)?;
    let person = arguments.assigned_to.as_deref().map(str::trim).unwrap_or_default();
    let mut entries = calendar::within(context, period)?;
    entries.retain(|entry| person::shared(&entry.assigned_to, person));
    let pairs = calendar::overlaps(&entries);
    let rows = pairs.iter().take(MAX_ROWS).map(|(one, other, shared)| {
        columns([
            ("date", one.date.to_string().into()),
            ("day", window::weekday(one.date).into()),
            ("overlap", shared.to_string().into()),
            ("first", format!("{} {}", one.time(), one.what()).into()),
            ("second", format!("{} {}", other.time(), other.what()).into()),
        ])
    });
    let whose = if person.is_empty() { String::new() } else { format!(" of {person}") };
    let mut answer = Answer::new()
        .title(format!("Conflicts{whose} {}", window::during(period)))
        .rows(rows.collect())
        .total_rows(pairs.len() as u64)
        .fact("Conflicts", pairs.len())
        .fact("Appointments checked", entries.len());
    if let Some((one, _, _)) = pairs.first() {
        answer = answer.next(format!("When is there free time on {}?", one.date));
    }
    if pairs.len() > MAX_ROWS {
        answer = answer.note(format!("These are the first {MAX_ROWS} of {}.", pairs.len()));
    }
    Ok(match calendar::without_time(&entries) {
        Some(note) => answer.note(note),
        None => answer,
    })
}
