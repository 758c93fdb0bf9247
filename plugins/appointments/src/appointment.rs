//! The appointments table, and what holds for every appointment that is changed.

use canvalo_sdk::{Column, Context, Link, Order, Row, Table, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::booking;
use crate::calendar::{self, Entry, OCCUPYING};
use crate::clock::Clock;
use crate::slot::{Slot, usual_minutes};

/// What an appointment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AppointmentType {
    Consultation,
    Estimate,
    Painting,
    FollowUp,
}

impl AppointmentType {
    /// As the table spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Consultation => "consultation",
            Self::Estimate => "estimate",
            Self::Painting => "painting",
            Self::FollowUp => "follow-up",
        }
    }
}

/// The table.
pub static APPOINTMENTS: Table = Table {
    name: "appointments",
    singular: "appointment",
    label: "title",
    columns: &[
        Column::text("title").required().describe("What it is, in a few words: Estimate for Maria Lopez."),
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name").describe("Who it is with."),
        Column::uuid("project_id").describe("The project's id, if a tool returned it. Never a name."),
        Column::text("project_name"),
        Column::date("appointment_date").required(),
        Column::time("start_time").describe("In the user's time zone. Leave out when no time was said."),
        Column::time("end_time").describe("Leave out when it is not known: it follows from the duration."),
        Column::integer("duration_minutes")
            .range(1, 1440)
            .describe("If left out: painting 480, a follow-up 30, everything else 60."),
        Column::text("location").describe("The client's address if left out."),
        Column::one_of("appointment_type", &["consultation", "estimate", "painting", "follow-up"]),
        Column::one_of(
            "status",
            &["scheduled", "confirmed", "in-progress", "completed", "cancelled", "no-show", "rescheduled"],
        ),
        Column::text("assigned_to").describe("Who of the crew goes there. Nobody named means everybody."),
        Column::boolean("reminder_sent"),
        Column::text("notes"),
    ],
    search: &["title", "client_name", "project_name", "assigned_to", "location"],
    shown: &[
        "title",
        "client_name",
        "appointment_date",
        "start_time",
        "end_time",
        "appointment_type",
        "status",
        "assigned_to",
        "location",
    ],
    order: Order::Descending("appointment_date"),
    links: &[Link::CLIENT, Link::PROJECT],
    told_apart_by: &["appointment_date", "start_time", "client_name"],
    examples: r#"Examples: "Show me all appointments" "What appointments do I have this week?" "Which appointments were no-shows?" "When is my appointment with John Smith?" "Which visits are not confirmed yet?" "All painting appointments of the Harbor Street project""#,
    before_create: Some(booking::complete_new),
    before_update: Some(complete_changes),
    ..Table::EMPTY
};

/// Moving is the work of another tool; what else changes has to fit the calendar.
fn complete_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let name = APPOINTMENTS.name_of(row).to_owned();
    let refused = |problem: String| ToolError::refused(format!("{name}: {problem}"));
    // A model that repeats the time as it is moves nothing.
    for column in ["appointment_date", "start_time"] {
        let given = changes.shift_remove(column);
        if given.is_some_and(|given| given != *row.get(column)) {
            return Err(refused("use reschedule_appointment to move it to another date or time.".to_owned()));
        }
    }
    if changes.is_empty() {
        return Err(refused("that is when it is already.".to_owned()));
    }
    allow_status(row, changes, context).map_err(&refused)?;
    keep_times_in_step(row, changes).map_err(&refused)?;

    let affects = |column: &&str| changes.contains_key(*column);
    if !["assigned_to", "duration_minutes", "status"].iter().any(affects) {
        return Ok(());
    }
    let mut after = row.clone();
    after.0.extend(changes.clone());
    let Some(entry) = Entry::of(&after).filter(|entry| entry.date >= context.today()) else { return Ok(()) };
    if !OCCUPYING.contains(&after.text("status")) {
        return Ok(());
    }
    let others = calendar::on(context, &[entry.date])?;
    match others.iter().find(|other| other.id != entry.id && other.clashes_with(&entry)) {
        Some(other) => {
            Err(refused(format!("it would clash with {other}. reschedule_appointment changes it all the same.")))
        }
        None => Ok(()),
    }
}

/// Nothing is over before its day, and `rescheduled` is not said without moving it.
fn allow_status(row: &Row, changes: &Map<String, Value>, context: &Context<'_>) -> Result<(), String> {
    let status = changes.get("status").and_then(Value::as_str).filter(|status| *status != row.text("status"));
    match (status, row.date("appointment_date")) {
        (Some("rescheduled"), _) => Err("use reschedule_appointment to move it to another date or time.".to_owned()),
        (Some(status @ ("completed" | "no-show" | "in-progress")), Some(date)) if date > context.today() => {
            Err(format!("it is on {date}, so it can't be {status} yet."))
        }
        _ => Ok(()),
    }
}

/// A new end gives a new length, and the other way round.
fn keep_times_in_step(row: &Row, changes: &mut Map<String, Value>) -> Result<(), String> {
    if !changes.contains_key("end_time") && !changes.contains_key("duration_minutes") {
        return Ok(());
    }
    let minutes = changes.get("duration_minutes").and_then(Value::as_u64).and_then(|minutes| minutes.try_into().ok());
    let end = Clock::of(&Row(changes.clone()), "end_time");
    let usual = usual_minutes(row.text("appointment_type"));
    if let Some(slot) = Slot::given(Clock::of(row, "start_time"), end, minutes, usual)? {
        slot.write(changes);
        changes.shift_remove("start_time");
    }
    Ok(())
}
