//! `reschedule_appointment` and `reschedule_appointments`: another date, another time, another person.

use std::collections::BTreeSet;

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::events::Level;
use canvalo_sdk::{Answer, Context, NamedPeriod, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::appointment::APPOINTMENTS;
use crate::booking;
use crate::calendar::{self, Entry, OCCUPYING};
use crate::clock::Clock;
use crate::named::{self, Name};
use crate::slot::{Slot, usual_minutes};
use crate::tools::MAX_CHANGED;
use crate::tools::offer::{self, Wish};
use crate::window;

/// For the model.
pub const DESCRIPTION: &str = "Moves one appointment to another date or time, keeping its length, and says if it clashes then. \
With days but no time it moves nothing and offers free times. Also gives it to somebody else or changes its length. For \
several use reschedule_appointments.\n\
Examples: \"Move the Nguyen walk-through to Friday at 2pm\" \"Reschedule John Smith to next week\" \"Push my 10 o'clock with Maria Lopez to tomorrow\" \"Change the estimate on Thursday to 3pm\" \"Postpone the site visit to March 20\"";

/// For the model.
pub const DESCRIPTION_MANY: &str = "Moves several appointments at once and says for each what happened and whether it clashes \
then: one that can't be moved doesn't keep the others from it.\n\
Examples: \"Move both estimates by a day\" \"Push all of tomorrow's visits back, it is going to rain\" \"Swap the Smith and the Lopez visit\"";

/// Where one appointment goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The appointment: its title, the client's name, or its id.
    pub appointment: Name,
    /// The new day. The same as now if left out.
    pub date: Option<NaiveDate>,
    /// The new start. The same as now if left out.
    pub start_time: Option<Clock>,
    /// The new days, by name, if the user didn't say the date: next_week.
    pub period: Option<NamedPeriod>,
    /// Its new length. The same as now if left out.
    #[schemars(range(min = 1, max = 1440))]
    pub duration_minutes: Option<u32>,
    /// Who of the crew goes there from now on, if that changes.
    pub assigned_to: Option<String>,
}

/// Where one of several goes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Move {
    /// The appointment: its title, the client's name, or its id.
    pub appointment: Name,
    /// The new day. The same as now if left out.
    pub date: Option<NaiveDate>,
    /// The new start. The same as now if left out.
    pub start_time: Option<Clock>,
    /// Its new length. The same as now if left out.
    #[schemars(range(min = 1, max = 1440))]
    pub duration_minutes: Option<u32>,
    /// Who of the crew goes there from now on, if that changes.
    pub assigned_to: Option<String>,
}

/// Several moves.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Moves {
    /// The moves, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub moves: Vec<Move>,
}

const RETURNING: [&str; 10] = [
    "id",
    "title",
    "client_name",
    "appointment_date",
    "start_time",
    "end_time",
    "duration_minutes",
    "appointment_type",
    "assigned_to",
    "status",
];

/// Runs `reschedule_appointment`.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let Arguments { appointment, date, start_time, period, duration_minutes, assigned_to } = arguments;
    let mut to = Move { appointment, date, start_time, duration_minutes, assigned_to };
    if period.is_some() {
        let days = window::days(period, date, date, context.today(), 1)?;
        if days.from != days.to {
            return offer(context, &to, days);
        }
        to.date = Some(days.from);
    }
    let moved = move_all(context, std::slice::from_ref(&to))?.pop();
    let moved = moved.unwrap_or_else(|| Err(ToolError::refused("Nothing was moved.")))?;
    let what = if moved.is_elsewhen() { "Moved" } else { "Changed" };
    let mut answer = Answer::new().title(format!("{what}: {}", moved.after.title)).rows(vec![moved.shown()]);
    if moved.is_elsewhen() {
        answer = answer.fact("Was", format!("{}, {}", window::shown(moved.before.date), moved.before.time()));
    }
    if moved.was_confirmed && moved.is_elsewhen() {
        answer = answer.note("It was confirmed for the old time, so it is back to scheduled.");
    }
    let clashes = moved.clashes();
    Ok(if clashes.is_empty() { answer } else { answer.note(clashes) })
}

/// Runs `reschedule_appointments`.
pub fn run_many(context: &mut Context<'_>, Moves { moves }: Moves) -> Result<Answer, ToolError> {
    if moves.is_empty() || moves.len() > MAX_CHANGED {
        let count = moves.len();
        return Err(ToolError::arguments(format!("`moves`: from 1 to {MAX_CHANGED} at a time, got {count}.")));
    }
    let results = move_all(context, &moves)?;
    let count = results.iter().flatten().count();
    if count == 0 {
        let problem = results.into_iter().find_map(Result::err);
        return Err(problem.unwrap_or_else(|| ToolError::refused("Nothing was moved.")));
    }
    let rows = results.iter().zip(&moves).map(|(result, to)| match result {
        Ok(moved) => {
            let mut row = moved.shown();
            let clashes = moved.clashes();
            let result = if clashes.is_empty() { "moved".to_owned() } else { format!("moved. {clashes}") };
            row.insert("result".to_owned(), result.into());
            row
        }
        Err(error) => columns([
            ("appointment", to.appointment.0.as_str().into()),
            ("result", format!("not moved: {}", error.message()).into()),
        ]),
    });
    Ok(Answer::new().title(format!("Moved {count} of {} appointments", results.len())).rows(rows.collect()))
}

/// Free times for an appointment that should be on other days, nobody said when.
fn offer(context: &mut Context<'_>, to: &Move, days: canvalo_sdk::Period) -> Result<Answer, ToolError> {
    let found = named::find(context, std::slice::from_ref(&to.appointment))?.pop();
    let row = found.unwrap_or_else(|| Err(ToolError::refused("There is no such appointment.")))?;
    let planned = plan(&row, to)?;
    let minutes = planned.slot.map_or_else(|| usual_minutes(row.text("appointment_type")), Slot::minutes);
    let title = format!("Not moved yet: free times for {} {}", planned.title, window::during(days));
    let wish = Wish { period: days, minutes, person: &planned.assigned_to, at: to.start_time, moved: &planned.id };
    let name = if planned.client.is_empty() { &planned.title } else { &planned.client };
    offer::answer(context, title, &wish, |day, slot| format!("Move {name} to {day} at {}", slot.starts()))
}

/// An appointment that was moved.
struct Moved {
    before: Entry,
    after: Entry,
    status: String,
    was_confirmed: bool,
    /// What it clashes with now; none when that could not be read.
    clashing: Option<Vec<Entry>>,
}

impl Moved {
    fn is_elsewhen(&self) -> bool {
        is_elsewhen(&self.before, &self.after)
    }

    fn shown(&self) -> Map<String, Value> {
        let entry = &self.after;
        let mut shown = columns([
            ("id", entry.id.as_str().into()),
            ("appointment", entry.title.as_str().into()),
            ("client_name", entry.client.as_str().into()),
            ("date", entry.date.to_string().into()),
            ("day", window::weekday(entry.date).into()),
            ("time", entry.time().into()),
            ("assigned_to", entry.assigned_to.as_str().into()),
            ("status", self.status.as_str().into()),
        ]);
        shown.retain(|_, value| value != "");
        shown
    }

    /// A sentence; empty when it clashes with nothing.
    fn clashes(&self) -> String {
        match self.clashing.as_deref() {
            Some([]) => String::new(),
            Some(others) => {
                let others: Vec<String> = others.iter().map(ToString::to_string).collect();
                format!("It clashes with {}.", others.join(" and with "))
            }
            None => "Whether it clashes with anything could not be checked.".to_owned(),
        }
    }
}

fn is_elsewhen(before: &Entry, after: &Entry) -> bool {
    let start = |entry: &Entry| (entry.date, entry.slot.map(|slot| slot.start));
    start(before) != start(after)
}

/// Moves appointments, each on its own, and then looks for clashes, so that two may change places.
fn move_all(context: &mut Context<'_>, moves: &[Move]) -> Result<Vec<Result<Moved, ToolError>>, ToolError> {
    let names: Vec<Name> = moves.iter().map(|to| to.appointment.clone()).collect();
    let mut seen = BTreeSet::new();
    let mut modifications = Vec::new();
    let mut planned: Vec<Result<Row, ToolError>> = Vec::with_capacity(moves.len());
    for (row, to) in named::find(context, &names)?.into_iter().zip(moves) {
        let checked = row.and_then(|row| {
            let name = APPOINTMENTS.name_of(&row).to_owned();
            let after = check(context, &row, to)?;
            if !seen.insert(row.text("id").to_owned()) {
                return Err(ToolError::Refused(format!("{name}: it is named more than once.")));
            }
            let change = Modification::by_id("appointments", row.text("id"), changes(&row, &after), &RETURNING);
            // Nothing that was cancelled or moved by somebody else in the meantime.
            let unchanged = Filter::eq("appointment_date", row.get("appointment_date"));
            modifications.push(change.matching(Filter::one_of("status", OCCUPYING)).matching(unchanged));
            Ok(row)
        });
        planned.push(checked);
    }
    let mut updated = context.update_many(&modifications).into_iter();
    let mut results = Vec::with_capacity(moves.len());
    for before in planned {
        results.push(before.and_then(|before| {
            let name = APPOINTMENTS.name_of(&before).to_owned();
            let stale = || ToolError::Refused(format!("{name}: it changed in the meantime. Look at it again first."));
            let after = match updated.next() {
                Some(Ok(mut rows)) if !rows.is_empty() => rows.swap_remove(0),
                Some(Err(error)) if error != DataError::NotFound => return Err(error.into()),
                _ => return Err(stale()),
            };
            let (Some(old), Some(new)) = (Entry::of(&before), Entry::of(&after)) else { return Err(stale()) };
            let (status, was_confirmed) = (after.text("status").to_owned(), before.text("status") == "confirmed");
            Ok(Moved { before: old, after: new, status, was_confirmed, clashing: None })
        }));
    }
    note_clashes(context, &mut results);
    Ok(results)
}

/// What is moved is moved: an answer that can't say what it clashes with is still one.
fn note_clashes(context: &mut Context<'_>, results: &mut [Result<Moved, ToolError>]) {
    let mut days: Vec<NaiveDate> = results.iter().flatten().map(|moved| moved.after.date).collect();
    days.sort();
    days.dedup();
    let entries = match calendar::on(context, &days) {
        Ok(entries) => entries,
        Err(error) => return context.log(Level::Warn, &format!("clashes not checked: {}", error.message())),
    };
    for moved in results.iter_mut().flatten() {
        let others = entries.iter().filter(|other| other.id != moved.after.id && other.clashes_with(&moved.after));
        moved.clashing = Some(others.cloned().collect());
    }
}

/// The appointment as it would be, or why it can't be.
fn check(context: &Context<'_>, row: &Row, to: &Move) -> Result<Entry, ToolError> {
    let name = APPOINTMENTS.name_of(row).to_owned();
    let refused = |why: String| ToolError::Refused(format!("{name}: {why}"));
    let after = plan(row, to)?;
    if Entry::of(row).is_some_and(|before| before == after) {
        return Err(refused("that is when it is already. To which date or time should it go?".to_owned()));
    }
    booking::still_to_come(context, after.date, after.slot).map_err(refused)?;
    Ok(after)
}

/// The appointment with what the arguments change of it.
fn plan(row: &Row, to: &Move) -> Result<Entry, ToolError> {
    let name = APPOINTMENTS.name_of(row).to_owned();
    let refused = |why: String| ToolError::Refused(format!("{name}: {why}"));
    let status = row.text("status");
    if !OCCUPYING.contains(&status) {
        return Err(refused(format!("it is {status}. Book a new one instead.")));
    }
    let Some(mut entry) = Entry::of(row) else { return Err(refused("it has no date.".to_owned())) };
    entry.date = to.date.unwrap_or(entry.date);
    let usual = entry.slot.map_or_else(|| usual_minutes(row.text("appointment_type")), Slot::minutes);
    let start = to.start_time.or_else(|| Clock::of(row, "start_time"));
    entry.slot = Slot::given(start, None, to.duration_minutes, usual).map_err(refused)?;
    if let Some(person) = to.assigned_to.as_deref().map(str::trim).filter(|person| !person.is_empty()) {
        entry.assigned_to = person.to_owned();
    }
    Ok(entry)
}

/// What is written. A new time has to be confirmed again, and the reminder named the old one.
fn changes(row: &Row, after: &Entry) -> Map<String, Value> {
    let mut changes = Map::new();
    if let Some(slot) = after.slot {
        slot.write(&mut changes);
    }
    changes.insert("appointment_date".to_owned(), after.date.to_string().into());
    if after.assigned_to != row.text("assigned_to").trim() {
        changes.insert("assigned_to".to_owned(), after.assigned_to.as_str().into());
    }
    if Entry::of(row).is_none_or(|before| is_elsewhen(&before, after)) {
        changes.insert("status".to_owned(), "scheduled".into());
        changes.insert("reminder_sent".to_owned(), false.into());
    }
    changes
}
