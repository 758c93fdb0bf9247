//! `book_appointment`: a new appointment with somebody. Without a time it offers some and books nothing.

use canvalo_sdk::data::Insertion;
use canvalo_sdk::{Answer, Column, Context, Link, NamedPeriod, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::appointment::{APPOINTMENTS, AppointmentType};
use crate::booking;
use crate::calendar::{self, Entry};
use crate::clock::Clock;
use crate::slot::{Slot, usual_minutes};
use crate::tools::offer::{self, Wish};
use crate::window;

/// For the model.
pub const DESCRIPTION: &str = "Books one appointment with a client: a meeting, a visit, an estimate. Looks the client up in the \
contacts. Give a time only if the user said one: without date and time it books nothing and offers free times to choose \
from. Refuses a time that is taken.\n\
Examples: \"Schedule a meeting with John Smith next week\" \"Book an estimate with Maria Lopez on Thursday at 10am\" \"Set up a follow-up with Dana Reed tomorrow at 3pm\" \"Add a site visit at Bayview for 90 minutes\" \"Schedule Tom Nguyen on Friday at 9am anyway, double-book it\"";

/// Days searched for free times when nobody says which: this week and the next.
const DEFAULT_DAYS: u64 = 14;

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Who it is with: the client, by the name the user said.
    pub client: String,
    /// Which days, by name, if the user didn't say the date: next_week.
    pub period: Option<NamedPeriod>,
    /// The day, if the user said which. Never make one up.
    pub date: Option<NaiveDate>,
    /// When it starts, if the user said so. Never make one up.
    pub start_time: Option<Clock>,
    /// When it ends, if the user said so.
    pub end_time: Option<Clock>,
    /// How long it takes. If left out: painting 480, a follow-up 30, everything else 60.
    #[schemars(range(min = 1, max = 1440))]
    pub duration_minutes: Option<u32>,
    /// What it is for. Leave out for a meeting.
    pub appointment_type: Option<AppointmentType>,
    /// Who of the crew goes there, if the user said so.
    pub assigned_to: Option<String>,
    /// What it is called. Leave out for a title made of type and client.
    pub title: Option<String>,
    /// The project it is for, by name.
    pub project: Option<String>,
    /// Where, if not at the client's address.
    pub location: Option<String>,
    /// Something to remember.
    pub notes: Option<String>,
    /// True only if the user wants it although the time is taken.
    pub double_book: Option<bool>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let mut rows = [draft(&arguments)?];
    Link::CLIENT.complete(context, &mut rows).map_err(with_way_out)?;
    Link::PROJECT.complete(context, &mut rows).map_err(with_way_out)?;
    let [mut row] = rows;
    let client = row.get("client_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !row.contains_key("title") {
        row.insert("title".to_owned(), title(arguments.appointment_type, &client).into());
    }
    let days = window::days(arguments.period, arguments.date, arguments.date, context.today(), DEFAULT_DAYS)?;
    let usual = usual_minutes(arguments.appointment_type.map(AppointmentType::word).unwrap_or_default());
    let slot = Slot::given(arguments.start_time, arguments.end_time, arguments.duration_minutes, usual)
        .map_err(ToolError::Arguments)?;
    match slot {
        Some(slot) if days.from == days.to => {
            row.insert("appointment_date".to_owned(), days.from.to_string().into());
            slot.write(&mut row);
            book(context, row, arguments.double_book.unwrap_or(false))
        }
        _ => {
            let minutes = slot.map(Slot::minutes).or(arguments.duration_minutes).unwrap_or(usual);
            if !(1..=crate::slot::DAY).contains(&minutes) {
                return Err(ToolError::arguments(format!(
                    "`duration_minutes`: must be from 1 to 1440, got {minutes}."
                )));
            }
            let person = arguments.assigned_to.as_deref().map(str::trim).unwrap_or_default();
            let wish = Wish { period: days, minutes, person, at: arguments.start_time, moved: "" };
            let what = row.get("title").and_then(Value::as_str).unwrap_or_default();
            let heading = format!("Not booked yet: free times for {what} {}", window::during(days));
            let answer = offer::answer(context, heading, &wish, |day, slot| say(&arguments, &client, day, slot))?;
            Ok(with_contact(answer, &row))
        }
    }
}

/// Two clients may have the same whole name. This tool takes no ids, the table's own does.
fn with_way_out(error: ToolError) -> ToolError {
    match error {
        ToolError::Arguments(message) => {
            ToolError::Arguments(message.replace("Use `", "Use create_appointments with `"))
        }
        other => other,
    }
}

/// What the arguments say of the new row besides its time.
fn draft(arguments: &Arguments) -> Result<Map<String, Value>, ToolError> {
    let mut row = Map::new();
    let texts = [
        ("client_name", Some(&arguments.client)),
        ("title", arguments.title.as_ref()),
        ("project_name", arguments.project.as_ref()),
        ("assigned_to", arguments.assigned_to.as_ref()),
        ("location", arguments.location.as_ref()),
        ("notes", arguments.notes.as_ref()),
    ];
    for (column, text) in texts {
        if let Some(text) = text.map(|text| text.trim()).filter(|text| !text.is_empty()) {
            row.insert(column.to_owned(), text.into());
        }
    }
    if !row.contains_key("client_name") {
        return Err(ToolError::arguments("`client`: who is it with?"));
    }
    if let Some(kind) = arguments.appointment_type {
        row.insert("appointment_type".to_owned(), kind.word().into());
    }
    Ok(row)
}

fn book(context: &mut Context<'_>, row: Map<String, Value>, double_book: bool) -> Result<Answer, ToolError> {
    let mut rows = [row];
    booking::complete_times(context, &mut rows)?;
    let mut clashes = Vec::new();
    if double_book {
        let entry = Entry::of_new(&rows[0]);
        let days: Vec<NaiveDate> = entry.iter().map(|entry| entry.date).collect();
        clashes = calendar::on(context, &days)?;
        clashes.retain(|other| entry.as_ref().is_some_and(|entry| entry.clashes_with(other)));
    } else {
        booking::refuse_clashes(context, &rows)?;
    }
    booking::fill_locations(context, &mut rows);
    let mut returning = vec!["id"];
    returning.extend(APPOINTMENTS.columns.iter().map(Column::name));
    let created = context.insert(&Insertion::new("appointments", &rows, &returning))?;
    let [new] = created.as_slice() else { return Err(ToolError::refused("Nothing was booked.")) };
    let mut answer = booked(new);
    for other in clashes {
        answer = answer.note(format!("It clashes with {other}."));
    }
    Ok(with_contact(answer, &rows[0]))
}

fn booked(row: &Row) -> Answer {
    let Some(entry) = Entry::of(row) else { return Answer::new().title("Booked") };
    let mut shown = columns([
        ("id", row.get("id").clone()),
        ("client_name", row.get("client_name").clone()),
        ("date", entry.date.to_string().into()),
        ("day", window::weekday(entry.date).into()),
        ("time", entry.time().into()),
        ("location", row.get("location").clone()),
        ("assigned_to", row.get("assigned_to").clone()),
        ("project_name", row.get("project_name").clone()),
        ("status", row.get("status").clone()),
    ]);
    shown.retain(|_, value| !value.is_null());
    Answer::new().title(format!("Booked: {}", entry.title)).rows(vec![shown])
}

/// Says so when the client is nobody the user has in the contacts.
fn with_contact(answer: Answer, row: &Map<String, Value>) -> Answer {
    match row.get("client_name").and_then(Value::as_str) {
        Some(client) if !row.contains_key("client_id") => answer.note(format!("{client} is not among the contacts.")),
        _ => answer,
    }
}

fn title(kind: Option<AppointmentType>, client: &str) -> String {
    match kind {
        None => format!("Meeting with {client}"),
        Some(AppointmentType::Consultation) => format!("Consultation with {client}"),
        Some(AppointmentType::Estimate) => format!("Estimate for {client}"),
        Some(AppointmentType::Painting) => format!("Painting for {client}"),
        Some(AppointmentType::FollowUp) => format!("Follow-up with {client}"),
    }
}

/// The sentence that books an offered time.
fn say(arguments: &Arguments, client: &str, day: NaiveDate, slot: Slot) -> String {
    let what = match arguments.appointment_type {
        None => "a meeting",
        Some(AppointmentType::Consultation) => "a consultation",
        Some(AppointmentType::Estimate) => "an estimate",
        Some(AppointmentType::Painting) => "painting",
        Some(AppointmentType::FollowUp) => "a follow-up",
    };
    let length = arguments.duration_minutes.map(|minutes| format!(" for {minutes} minutes")).unwrap_or_default();
    format!("Schedule {what} with {client} on {day} at {}{length}", slot.starts())
}
