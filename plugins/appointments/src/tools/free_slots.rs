//! `free_slots`: when somebody is free.

use canvalo_sdk::{Answer, Context, NamedPeriod, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::calendar;
use crate::clock::Clock;
use crate::free::Search;
use crate::hours::{Day, Hours};
use crate::slot::{DAY, length};
use crate::window;

/// For the model.
pub const DESCRIPTION: &str = "Finds free time: when the user, or one person of the crew, is available for so many minutes \
over some days, at most 31. Monday to Friday from 08:00 to 17:00 unless days or hours are given; never a time that is \
over.\n\
Examples: \"When am I free this week?\" \"Is Tanya available on Wednesday afternoon?\" \"Find a free 90 minutes slot next week\" \"When can we fit in a site visit?\" \"Any openings on Saturday?\"";

const DEFAULT_DAYS: u64 = 7;
const DEFAULT_MINUTES: u32 = 60;

/// Rows shown: two a day for a month.
const MAX_ROWS: usize = 60;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name: tomorrow, this_week, next_week.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. The same day if left out.
    pub to: Option<NaiveDate>,
    /// How long it has to be free, in minutes. 60 if left out.
    #[schemars(range(min = 1, max = 1440))]
    pub duration_minutes: Option<u32>,
    /// Whose time: somebody of the crew. Leave out for times when nobody has anything.
    pub assigned_to: Option<String>,
    /// Not before this time of day: 12:00 for the afternoon. 08:00 if left out.
    pub earliest: Option<Clock>,
    /// To be over by this time of day: 12:00 for the morning. 17:00 if left out.
    pub latest: Option<Clock>,
    /// Days of the week. Monday to Friday if left out.
    pub days: Option<Vec<Day>>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let minutes = arguments.duration_minutes.unwrap_or(DEFAULT_MINUTES);
    if !(1..=DAY).contains(&minutes) {
        return Err(ToolError::arguments(format!("`duration_minutes`: must be from 1 to {DAY}, got {minutes}.")));
    }
    let period = window::days(arguments.period, arguments.from, arguments.to, context.today(), DEFAULT_DAYS)?;
    let hours = Hours::given(arguments.days.as_deref().unwrap_or_default(), arguments.earliest, arguments.latest)?;
    let person = arguments.assigned_to.as_deref().map(str::trim).unwrap_or_default();
    let entries = calendar::within(context, period)?;
    let open = hours.open();
    let free = Search { period, minutes, person, hours, now: context.now() }.stretches(&entries);

    let rows = free.iter().take(MAX_ROWS).map(|(day, slot)| {
        columns([
            ("date", day.to_string().into()),
            ("day", window::weekday(*day).into()),
            ("free_from", slot.starts().into()),
            ("free_until", slot.ends().into()),
            ("length", length(slot.minutes()).into()),
        ])
    });
    let whose = if person.is_empty() { String::new() } else { format!(" of {person}") };
    let mut answer = Answer::new()
        .title(format!("Free time{whose} {}, {} or longer", window::during(period), length(minutes)))
        .rows(rows.collect())
        .total_rows(free.len() as u64);
    if let Some((day, slot)) = free.first() {
        answer = answer.fact("First free", format!("{} at {}", window::shown(*day), slot.starts()));
    } else if period.to < context.today() {
        answer = answer.note("These days are over.");
    } else {
        let days = if arguments.days.is_none() { "Monday to Friday" } else { "on the days asked for" };
        let (from, to) = (open.starts(), open.ends());
        answer = answer.note(format!("Nothing of that length is free between {from} and {to}, {days}."));
    }
    if free.len() > MAX_ROWS {
        answer = answer.note(format!("These are the first {MAX_ROWS} of {}.", free.len()));
    }
    Ok(match calendar::without_time(&entries) {
        Some(note) => answer.note(note),
        None => answer,
    })
}
