//! Free times to choose from, when nobody said which.

use canvalo_sdk::{Answer, Context, Period, ToolError, columns};
use chrono::NaiveDate;

use crate::calendar;
use crate::clock::Clock;
use crate::free::Search;
use crate::hours::Hours;
use crate::slot::{Slot, length};
use crate::window;

/// Times offered: enough for a choice, few enough to read out on the phone.
const MAX_OFFERED: usize = 6;

/// What needs a time.
pub struct Wish<'a> {
    /// The days to look at.
    pub period: Period,
    /// Its length.
    pub minutes: u32,
    /// Who has to be free; empty for everybody.
    pub person: &'a str,
    /// The time of day, if that was said.
    pub at: Option<Clock>,
    /// The appointment that is being moved: it isn't in its own way. Empty for a new one.
    pub moved: &'a str,
}

/// Offers free times and says how to take one. Nothing is written.
pub fn answer(
    context: &mut Context<'_>,
    title: String,
    wish: &Wish<'_>,
    take: impl Fn(NaiveDate, Slot) -> String,
) -> Result<Answer, ToolError> {
    let Wish { period, minutes, person, at, moved } = *wish;
    if period.to < context.today() {
        return Err(ToolError::Refused(format!("{} is over.", window::shown(period.to))));
    }
    let mut entries = calendar::within(context, period)?;
    entries.retain(|entry| moved.is_empty() || entry.id != moved);
    let search = Search { period, minutes, person, hours: Hours::usual(), now: context.now() };
    let free = search.offers(&entries, at);
    let rows = free.iter().take(MAX_OFFERED).map(|(day, slot)| {
        columns([
            ("date", day.to_string().into()),
            ("day", window::weekday(*day).into()),
            ("start", slot.starts().into()),
            ("end", slot.ends().into()),
        ])
    });
    let mut answer = Answer::new().title(title).rows(rows.collect()).fact("Length", length(minutes));
    if !person.is_empty() {
        answer = answer.fact("For", person);
    }
    let done = if moved.is_empty() { "booked" } else { "moved" };
    answer = match free.first() {
        Some((day, slot)) => {
            let more = if free.len() > MAX_OFFERED { ", or should it be on other days" } else { "" };
            answer.note(format!("Nothing is {done} yet. Which of these times is it{more}?")).next(take(*day, *slot))
        }
        None => {
            let days = window::during(period);
            answer.note(format!("Nothing is {done}: no working hours are free {days}. Say other days, or a time."))
        }
    };
    Ok(match calendar::without_time(&entries) {
        Some(note) => answer.note(note),
        None => answer,
    })
}
