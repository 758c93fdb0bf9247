//! What holds for every new appointment: a time that is to come, free, and at a known place.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::events::Level;
use canvalo_sdk::{Context, Period, Row, ToolError};
use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use crate::calendar::{self, Entry};
use crate::clock::Clock;
use crate::free::{self, Search};
use crate::hours::Hours;
use crate::slot::{Slot, usual_minutes};
use crate::window;

/// Days searched for a free time instead of one that is taken.
const DAYS_AHEAD: u64 = 14;

/// Completes new appointments, or refuses them all: in the past, or at a time that is taken.
pub fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    complete_times(context, rows)?;
    refuse_clashes(context, rows)?;
    fill_locations(context, rows);
    Ok(())
}

/// Gives new appointments the times they lack, and refuses what is over.
pub fn complete_times(context: &Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let refused = |problem: String| ToolError::Refused(format!("{}{problem}", position(index, count)));
        let given = Row(row.clone());
        if !matches!(given.text("status"), "" | "scheduled" | "confirmed") {
            return Err(refused("A new appointment is scheduled or confirmed.".to_owned()));
        }
        let minutes = given.get("duration_minutes").as_u64().and_then(|minutes| minutes.try_into().ok());
        let (start, end) = (Clock::of(&given, "start_time"), Clock::of(&given, "end_time"));
        let usual = usual_minutes(given.text("appointment_type"));
        let slot = Slot::given(start, end, minutes, usual).map_err(&refused)?;
        if let Some(slot) = slot {
            slot.write(row);
        }
        let Some(date) = given.date("appointment_date") else { continue };
        still_to_come(context, date, slot).map_err(&refused)?;
    }
    Ok(())
}

/// Refuses days and times that are over.
pub fn still_to_come(context: &Context<'_>, date: NaiveDate, slot: Option<Slot>) -> Result<(), String> {
    if date < context.today() {
        return Err(format!("{} is over.", window::shown(date)));
    }
    match slot.filter(|slot| free::is_past(date, *slot, context.now())) {
        Some(slot) => Err(format!("{} today is over: it is {}.", slot.starts(), context.now().format("%H:%M"))),
        None => Ok(()),
    }
}

/// Refuses new appointments at a time that is taken, by one that is there or by another of them, and says by which and
/// what is free instead.
pub fn refuse_clashes(context: &mut Context<'_>, rows: &[Map<String, Value>]) -> Result<(), ToolError> {
    let new: Vec<Option<Entry>> = rows.iter().map(Entry::of_new).collect();
    let mut days: Vec<NaiveDate> =
        new.iter().flatten().filter(|entry| entry.slot.is_some()).map(|entry| entry.date).collect();
    days.sort();
    days.dedup();
    let taken = calendar::on(context, &days)?;
    for (index, entry) in new.iter().enumerate() {
        let Some(entry) = entry else { continue };
        let earlier = new[..index].iter().flatten();
        if let Some(other) = taken.iter().chain(earlier.clone()).find(|other| other.clashes_with(entry)) {
            let instead = instead(context, entry, &earlier.cloned().collect::<Vec<_>>())?;
            let (at, time) = (position(index, rows.len()), entry.time());
            return Err(ToolError::Refused(format!("{at}{time} is taken by {other}. Nothing was booked. {instead}")));
        }
    }
    Ok(())
}

/// The next free time as long as the one that is taken.
fn instead(context: &mut Context<'_>, entry: &Entry, new: &[Entry]) -> Result<String, ToolError> {
    let Some(slot) = entry.slot else { return Ok(String::new()) };
    let last = entry.date.checked_add_days(Days::new(DAYS_AHEAD - 1)).unwrap_or(entry.date);
    let period = Period { from: entry.date, to: last };
    let mut entries = calendar::within(context, period)?;
    entries.extend_from_slice(new);
    let now = context.now();
    let search = Search { period, minutes: slot.minutes(), person: &entry.assigned_to, hours: Hours::usual(), now };
    let after = |(day, free): &(NaiveDate, Slot)| {
        let start = if *day == entry.date { free.start.max(slot.start.next_multiple_of(15)) } else { free.start };
        (start + slot.minutes() <= free.end).then_some((*day, Slot { start, end: start + slot.minutes() }))
    };
    let next = search.stretches(&entries).iter().find_map(after);
    Ok(match next {
        Some((day, free)) => {
            format!(
                "The next free time is {} at {free}. Which time should it be, or should it be double-booked?",
                window::shown(day)
            )
        }
        None => format!("Nothing of that length is free in the {DAYS_AHEAD} days from then on."),
    })
}

/// Appointments with a client are at the client's address unless said otherwise. One without a place is still one.
pub fn fill_locations(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) {
    let client = |row: &Map<String, Value>| {
        let id = row.get("client_id").and_then(Value::as_str).map(str::to_owned);
        id.filter(|_| row.get("location").and_then(Value::as_str).is_none_or(str::is_empty))
    };
    let mut ids: Vec<String> = rows.iter().filter_map(client).collect();
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return;
    }
    let query = Query::new("contacts", &["id", "address", "city"]).matching(Filter::one_of("id", &ids)).limit(16);
    let contacts = match context.select(&query) {
        Ok(page) => page.rows,
        Err(error) => return context.log(Level::Info, &format!("no addresses for new appointments: {error}")),
    };
    for row in rows {
        let Some(id) = client(row) else { continue };
        let Some(contact) = contacts.iter().find(|contact| contact.text("id") == id) else { continue };
        let place: Vec<&str> = ["address", "city"].iter().map(|column| contact.text(column)).collect();
        let place = place.into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ");
        if !place.is_empty() {
            row.insert("location".to_owned(), place.into());
        }
    }
}

fn position(index: usize, count: usize) -> String {
    if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) }
}
