//! What is taken: the appointments that will take place, or do.

use std::fmt;

use canvalo_sdk::data::{Condition, Filter, Query};
use canvalo_sdk::{Context, Period, Row, ToolError};
use chrono::NaiveDate;
use serde_json::{Map, Value};

use crate::person;
use crate::slot::Slot;

/// The states of an appointment that takes time. `rescheduled` is one: it marks an appointment that was moved and still
/// takes place, and an hour that is offered too seldom costs less than one that is promised twice.
pub const OCCUPYING: &[&str] = &["scheduled", "confirmed", "in-progress", "rescheduled"];

/// Appointments read for one answer: six a day for a month.
const MAX_READ: u32 = 200;

const COLUMNS: &[&str] = &[
    "id",
    "title",
    "client_name",
    "appointment_date",
    "start_time",
    "end_time",
    "duration_minutes",
    "appointment_type",
    "assigned_to",
];

/// An appointment as far as the calendar is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id; empty for one that is not written yet.
    pub id: String,
    /// The day.
    pub date: NaiveDate,
    /// The time, if it has one. Without one it takes no particular time.
    pub slot: Option<Slot>,
    /// What it is.
    pub title: String,
    /// Who it is with; empty if nobody.
    pub client: String,
    /// Who goes there; empty if nobody is named.
    pub assigned_to: String,
}

impl Entry {
    /// Of a row; none without a date.
    pub fn of(row: &Row) -> Option<Self> {
        let text = |column: &str| row.text(column).trim().to_owned();
        Some(Self {
            id: text("id"),
            date: row.date("appointment_date")?,
            slot: Slot::of(row),
            title: text("title"),
            client: text("client_name"),
            assigned_to: text("assigned_to"),
        })
    }

    /// Of a row about to be written.
    pub fn of_new(row: &Map<String, Value>) -> Option<Self> {
        Self::of(&Row(row.clone()))
    }

    /// Whether somebody would have to be at both at the same time.
    pub fn clashes_with(&self, other: &Self) -> bool {
        self.date == other.date
            && person::shared(&self.assigned_to, &other.assigned_to)
            && self.slot.zip(other.slot).is_some_and(|(one, other)| one.overlaps(other))
    }

    /// What it is, for whom and who goes, without the day: `Cabinet estimate, Maria Lopez (Tanya)`.
    pub fn what(&self) -> String {
        let client = if self.client.is_empty() || person::names(&self.title, &self.client) {
            String::new()
        } else {
            format!(", {}", self.client)
        };
        let who = if self.assigned_to.is_empty() { String::new() } else { format!(" ({})", self.assigned_to) };
        format!("{}{client}{who}", self.title)
    }

    /// The time; a dash where there is none.
    pub fn time(&self) -> String {
        self.slot.map_or_else(|| "–".to_owned(), |slot| slot.to_string())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} at {}", self.what(), self.date, self.time())
    }
}

/// The appointments that take time in a period, in order.
pub fn within(context: &mut Context<'_>, period: Period) -> Result<Vec<Entry>, ToolError> {
    let from = Filter::gte("appointment_date", period.from).into();
    read(context, [from, Filter::lte("appointment_date", period.to).into()])
}

/// The appointments that take time on these days, in order.
pub fn on(context: &mut Context<'_>, days: &[NaiveDate]) -> Result<Vec<Entry>, ToolError> {
    if days.is_empty() {
        return Ok(Vec::new());
    }
    read(context, [Filter::one_of("appointment_date", days).into()])
}

/// A part of them would make times look free that are not, so it is all or nothing.
fn read(context: &mut Context<'_>, days: impl IntoIterator<Item = Condition>) -> Result<Vec<Entry>, ToolError> {
    let mut query = Query::new("appointments", COLUMNS)
        .matching(Filter::one_of("status", OCCUPYING))
        .ascending("appointment_date")
        .ascending("start_time")
        .ascending("id")
        .limit(MAX_READ)
        .counted();
    query.conditions.extend(days);
    let page = context.select(&query)?;
    if page.total.is_some_and(|total| total > page.rows.len() as u64) {
        let total = page.total.unwrap_or_default();
        return Err(ToolError::Refused(format!("There are {total} appointments in these days: ask for fewer days.")));
    }
    Ok(page.rows.iter().filter_map(Entry::of).collect())
}

/// Each pair that somebody can't both keep, and the time they share, in order.
pub fn overlaps(entries: &[Entry]) -> Vec<(&Entry, &Entry, Slot)> {
    let mut sorted: Vec<(&Entry, Slot)> = entries.iter().filter_map(|entry| Some((entry, entry.slot?))).collect();
    sorted.sort_by_key(|(entry, slot)| (entry.date, *slot));
    let mut pairs = Vec::new();
    for (index, (one, slot)) in sorted.iter().enumerate() {
        let near = sorted[index + 1..].iter().take_while(|(other, at)| other.date == one.date && at.start < slot.end);
        pairs.extend(
            near.filter(|(other, _)| one.clashes_with(other))
                .map(|(other, at)| (*one, *other, Slot { start: at.start, end: at.end.min(slot.end) })),
        );
    }
    pairs
}

/// Says which appointments have no time, so that nobody takes their days for free.
pub fn without_time(entries: &[Entry]) -> Option<String> {
    let open: Vec<String> = entries
        .iter()
        .filter(|entry| entry.slot.is_none())
        .map(|entry| format!("{} on {}", entry.what(), entry.date))
        .collect();
    match open.as_slice() {
        [] => None,
        [only] => Some(format!("One appointment has no time yet and may be in the way: {only}.")),
        [first, rest @ ..] => {
            let count = rest.len() + 1;
            Some(format!("{count} appointments have no time yet and may be in the way, the first is {first}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(date: &str, start: Value, assigned_to: Value) -> Entry {
        let row = json!({ "title": "Estimate", "client_name": "Maria Lopez", "appointment_date": date, "start_time": start,
            "duration_minutes": 60, "assigned_to": assigned_to });
        Entry::of_new(row.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_clash_is_the_same_person_at_the_same_time_of_the_same_day() {
        let one = entry("2026-03-10", json!("09:00"), json!("Tanya"));
        for (other, clashes) in [
            (entry("2026-03-10", json!("09:30"), json!("Tanya")), true),
            (entry("2026-03-10", json!("10:00"), json!("Tanya")), false),
            (entry("2026-03-10", json!("09:30"), json!("Luis")), false),
            (entry("2026-03-10", json!("09:30"), Value::Null), true),
            (entry("2026-03-11", json!("09:30"), json!("Tanya")), false),
            (entry("2026-03-10", Value::Null, json!("Tanya")), false),
        ] {
            assert_eq!((one.clashes_with(&other), other.clashes_with(&one)), (clashes, clashes), "{other:?}");
        }
        assert!(Entry::of(&Row::default()).is_none());
    }

    #[test]
    fn an_entry_says_what_when_and_who_and_names_the_client_once() {
        let mut entry = entry("2026-03-10", json!("09:00"), json!("Tanya"));
        assert_eq!(entry.to_string(), "Estimate, Maria Lopez (Tanya) on 2026-03-10 at 09:00-10:00");
        entry.title = "Estimate for Maria Lopez".to_owned();
        entry.assigned_to.clear();
        assert_eq!(entry.what(), "Estimate for Maria Lopez");
    }

    fn taken(id: &str, date: &str, start: u32, end: u32, assigned_to: &str) -> Entry {
        Entry {
            id: id.to_owned(),
            date: date.parse().unwrap(),
            slot: (end > 0).then_some(Slot { start, end }),
            title: String::new(),
            client: String::new(),
            assigned_to: assigned_to.to_owned(),
        }
    }

    #[test]
    fn each_pair_is_found_once_with_the_time_it_shares() {
        let entries = [
            taken("d", "2026-03-10", 600, 660, "Tanya"),
            taken("a", "2026-03-10", 480, 720, "Tanya"),
            taken("b", "2026-03-10", 500, 540, "Luis"),
            taken("c", "2026-03-10", 690, 780, ""),
            taken("e", "2026-03-10", 0, 0, "Tanya"),
            taken("f", "2026-03-11", 480, 720, "Tanya"),
            taken("g", "2026-03-11", 720, 780, "Tanya"),
        ];
        let found: Vec<String> =
            overlaps(&entries).iter().map(|(one, other, slot)| format!("{}{} {slot}", one.id, other.id)).collect();
        assert_eq!(found, ["ad 10:00-11:00", "ac 11:30-12:00"]);
        assert!(overlaps(&[]).is_empty());
    }
}
