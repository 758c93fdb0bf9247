//! `agenda`: what is on, day by day.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, Period, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::calendar::{self, Entry, OCCUPYING};
use crate::person;
use crate::window;

/// For the model.
pub const DESCRIPTION: &str = "The agenda: what is on the calendar on a day, in a week or over another period, ordered by \
time, without what was cancelled. The coming seven days if no period is given.\n\
Examples: \"What's on my calendar tomorrow?\" \"What does my week look like?\" \"Where do I have to be today?\" \"What is on the schedule next week?\" \"What is Tanya doing on Friday?\"";

const DEFAULT_DAYS: u64 = 7;

/// Rows shown: more is no agenda.
const MAX_ROWS: u32 = 100;

const COLUMNS: [&str; 12] = [
    "id",
    "title",
    "client_name",
    "appointment_date",
    "start_time",
    "end_time",
    "duration_minutes",
    "location",
    "appointment_type",
    "status",
    "assigned_to",
    "notes",
];

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name: today, tomorrow, this_week.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. The same day if left out.
    pub to: Option<NaiveDate>,
    /// Only appointments of this person: somebody of the crew, or a client.
    pub person: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period = window::days(arguments.period, arguments.from, arguments.to, context.today(), DEFAULT_DAYS)?;
    let person = arguments.person.as_deref().map(str::trim).unwrap_or_default();
    let query = in_order(person)
        .matching(Filter::gte("appointment_date", period.from))
        .matching(Filter::lte("appointment_date", period.to))
        .matching(Filter::neq("status", "cancelled"))
        .limit(MAX_ROWS)
        .counted();
    let page = context.select(&query)?;
    let read = page.rows.len() as u64;
    let mut rows = page.rows;
    rows.retain(|row| is_of(row, person));
    // "Luis" is no part of "Luisa".
    let total = page.total.unwrap_or(read) - (read - rows.len() as u64);

    let of = if person.is_empty() { String::new() } else { format!(" of {person}") };
    let shown: Vec<Map<String, Value>> = rows.iter().filter_map(shown).collect();
    let mut answer =
        Answer::new().title(format!("Agenda{of} {}", window::during(period))).rows(shown).total_rows(total);
    if total > 0 {
        answer = answer.fact("Appointments", total);
    }
    let clashes = clashes(&rows);
    if clashes > 0 {
        answer = answer.fact("Conflicts", clashes).next("Which of my appointments conflict?");
    }
    if total > rows.len() as u64 {
        answer = answer.note(format!("These are the first {} of {total}: ask for fewer days.", rows.len()));
    }
    let is_client = rows.iter().any(|row| person::names(row.text("client_name"), person));
    if !person.is_empty() && !is_client {
        answer = with_everybodys(context, answer, period);
    }
    if total == 0 && period.to >= context.today() {
        answer = with_next(context, answer, person, period)?;
    }
    Ok(answer)
}

/// Appointments in their order: of a person, or of all when it is empty.
fn in_order(person: &str) -> Query {
    let query =
        Query::new("appointments", &COLUMNS).ascending("appointment_date").ascending("start_time").ascending("id");
    if person.is_empty() {
        return query;
    }
    let either = ["assigned_to", "client_name"].map(|column| Filter::holds_text(column, person));
    query.matching(either.to_vec())
}

fn is_of(row: &Row, person: &str) -> bool {
    let names = |column| person::names(row.text(column), person);
    person.is_empty() || names("assigned_to") || names("client_name")
}

/// Says what is on besides the appointments of somebody of the crew: where nobody is named, everybody may have to go.
fn with_everybodys(context: &mut Context<'_>, answer: Answer, period: Period) -> Answer {
    // Without them it is an agenda all the same.
    let mut entries = calendar::within(context, period).unwrap_or_default();
    entries.retain(|entry| entry.assigned_to.is_empty());
    let count = entries.len();
    match entries.first() {
        None => answer,
        Some(only) if count == 1 => answer.note(format!("Nobody is named for {only}.")),
        Some(first) => answer.note(format!("Nobody is named for {count} more, the first is {first}.")),
    }
}

/// Says what comes after days without anything.
fn with_next(context: &mut Context<'_>, answer: Answer, person: &str, period: Period) -> Result<Answer, ToolError> {
    let query = in_order(person)
        .matching(Filter::gt("appointment_date", period.to))
        .matching(Filter::one_of("status", OCCUPYING))
        .limit(10);
    let rows = context.select(&query)?.rows;
    let next = rows.iter().filter(|row| is_of(row, person)).find_map(Entry::of);
    Ok(match next {
        Some(next) => answer.note(format!("The next one is {next}.")),
        None => answer.note("Nothing is on the calendar after that, either."),
    })
}

/// Pairs that somebody can't both keep.
fn clashes(rows: &[Row]) -> usize {
    let entries: Vec<Entry> =
        rows.iter().filter(|row| OCCUPYING.contains(&row.text("status"))).filter_map(Entry::of).collect();
    calendar::overlaps(&entries).len()
}

fn shown(row: &Row) -> Option<Map<String, Value>> {
    let entry = Entry::of(row)?;
    Some(columns([
        ("id", row.get("id").clone()),
        ("date", entry.date.to_string().into()),
        ("day", window::weekday(entry.date).into()),
        ("time", entry.time().into()),
        ("title", row.get("title").clone()),
        ("client_name", row.get("client_name").clone()),
        ("location", row.get("location").clone()),
        ("status", row.get("status").clone()),
        ("assigned_to", row.get("assigned_to").clone()),
        ("notes", row.get("notes").clone()),
    ]))
}
