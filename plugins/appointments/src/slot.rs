//! A stretch of one day. Appointments are dates and local times, so no time zone and no change of clocks matters here.

use std::fmt;

use canvalo_sdk::Row;
use serde_json::{Map, Value};

use crate::clock::Clock;

/// The minutes of a day.
pub const DAY: u32 = 24 * 60;

/// From its first minute to the one after its last, since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The first minute.
    pub start: u32,
    /// The minute after the last.
    pub end: u32,
}

impl Slot {
    /// So many minutes from a time on, if they end on the same day.
    pub fn lasting(start: Clock, minutes: u32) -> Option<Self> {
        let end = start.minutes().checked_add(minutes).filter(|end| *end < DAY)?;
        Some(Self { start: start.minutes(), end })
    }

    /// Its length.
    pub fn minutes(self) -> u32 {
        self.end - self.start
    }

    /// Whether two share a minute. One that begins when the other ends doesn't.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The time an appointment takes; none without a start. What has no usable end lasts as long as it is said to, or as
    /// such appointments usually do, and until midnight at most.
    pub fn of(row: &Row) -> Option<Self> {
        let start = Clock::of(row, "start_time")?.minutes();
        let ends = Clock::of(row, "end_time").map(Clock::minutes).filter(|end| *end > start);
        let minutes = u32::try_from(row.integer("duration_minutes")).ok().filter(|minutes| *minutes > 0);
        let minutes = minutes.unwrap_or_else(|| usual_minutes(row.text("appointment_type")));
        Some(Self { start, end: ends.unwrap_or_else(|| start.saturating_add(minutes).min(DAY)) })
    }

    /// The time that a start, an end and a length give together; none without a start. Says what is wrong with them.
    pub fn given(
        start: Option<Clock>,
        end: Option<Clock>,
        minutes: Option<u32>,
        usual: u32,
    ) -> Result<Option<Self>, String> {
        let Some(start) = start else {
            return match end {
                Some(end) => Err(format!("It ends at {end}, but when does it start? Give `start_time`.")),
                None => Ok(None),
            };
        };
        if minutes.is_some_and(|minutes| !(1..=DAY).contains(&minutes)) {
            return Err(format!("`duration_minutes`: must be from 1 to {DAY}."));
        }
        let Some(end) = end else {
            let minutes = minutes.unwrap_or(usual);
            let slot = Self::lasting(start, minutes);
            return slot.map(Some).ok_or_else(|| format!("{minutes} minutes from {start} on end after midnight."));
        };
        if end <= start {
            return Err(format!("It would end at {end}, but it starts at {start}."));
        }
        let slot = Self { start: start.minutes(), end: end.minutes() };
        match minutes.filter(|minutes| *minutes != slot.minutes()) {
            Some(minutes) => {
                Err(format!("From {start} to {end} is {}, not {minutes} minutes.", length(slot.minutes())))
            }
            None => Ok(Some(slot)),
        }
    }

    /// Writes start, end and length into a row.
    pub fn write(self, row: &mut Map<String, Value>) {
        row.insert("start_time".to_owned(), format!("{}:00", self.starts()).into());
        row.insert("end_time".to_owned(), format!("{}:00", self.ends()).into());
        row.insert("duration_minutes".to_owned(), self.minutes().into());
    }

    /// `09:00`.
    pub fn starts(self) -> String {
        clock(self.start)
    }

    /// `10:30`.
    pub fn ends(self) -> String {
        clock(self.end)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.starts(), self.ends())
    }
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How long an appointment is when nobody says so: a follow-up is a short look, painting takes the day.
pub fn usual_minutes(appointment_type: &str) -> u32 {
    match appointment_type {
        "follow-up" => 30,
        "painting" => 480,
        _ => 60,
    }
}

/// "45 min", "2 h", "1 h 30 min".
pub fn length(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clock(text: &str) -> Clock {
        serde_json::from_value(text.into()).unwrap()
    }

    fn row(start: Value, end: Value, minutes: Value, kind: &str) -> Row {
        let row =
            json!({ "start_time": start, "end_time": end, "duration_minutes": minutes, "appointment_type": kind });
        Row(row.as_object().unwrap().clone())
    }

    #[test]
    fn neighbours_do_not_overlap_and_a_shared_minute_does() {
        let slot = |start, end| Slot { start, end };
        for (one, other, overlaps) in [
            (slot(60, 120), slot(120, 180), false),
            (slot(60, 121), slot(120, 180), true),
            (slot(0, 1440), slot(600, 601), true),
            (slot(600, 660), slot(600, 660), true),
            (slot(60, 120), slot(180, 240), false),
        ] {
            assert_eq!((one.overlaps(other), other.overlaps(one)), (overlaps, overlaps), "{one} and {other}");
        }
    }

    #[test]
    fn the_time_of_a_row_is_as_long_as_it_says_or_as_such_appointments_are() {
        let null = Value::Null;
        for (row, taken) in [
            (row(json!("09:00:00"), json!("10:30:00"), json!(15), "estimate"), Some("09:00-10:30")),
            (row(json!("09:00:00"), null.clone(), json!(45), "estimate"), Some("09:00-09:45")),
            (row(json!("09:00"), null.clone(), null.clone(), "estimate"), Some("09:00-10:00")),
            (row(json!("09:00"), null.clone(), null.clone(), "follow-up"), Some("09:00-09:30")),
            (row(json!("07:00"), null.clone(), null.clone(), "painting"), Some("07:00-15:00")),
            (row(json!("22:00"), json!("02:00"), null.clone(), "painting"), Some("22:00-24:00")),
            (row(json!("09:00"), json!("09:00"), json!(-5), "estimate"), Some("09:00-10:00")),
            (row(null.clone(), json!("10:00"), json!(60), "estimate"), None),
        ] {
            assert_eq!(Slot::of(&row).map(|slot| slot.to_string()).as_deref(), taken, "{row:?}");
        }
    }

    #[test]
    fn start_end_and_length_complete_each_other() {
        let nine = Some(clock("9:00"));
        let given = |end: Option<&str>, minutes| Slot::given(nine, end.map(clock), minutes, 60);
        assert_eq!(given(None, None).unwrap().unwrap().to_string(), "09:00-10:00");
        assert_eq!(given(None, Some(90)).unwrap().unwrap().to_string(), "09:00-10:30");
        assert_eq!(given(Some("11:00"), None).unwrap().unwrap().minutes(), 120);
        assert_eq!(given(Some("10:00"), Some(60)).unwrap().unwrap().to_string(), "09:00-10:00");
        assert_eq!(Slot::given(None, None, Some(60), 60), Ok(None));
        for (given, problem) in [
            (given(Some("9:00"), None), "It would end at 09:00, but it starts at 09:00."),
            (given(Some("8:00"), Some(60)), "It would end at 08:00, but it starts at 09:00."),
            (given(Some("10:00"), Some(90)), "From 09:00 to 10:00 is 1 h, not 90 minutes."),
            (given(None, Some(900)), "900 minutes from 09:00 on end after midnight."),
            (given(None, Some(0)), "`duration_minutes`: must be from 1 to 1440."),
            (given(None, Some(u32::MAX)), "`duration_minutes`: must be from 1 to 1440."),
            (Slot::given(None, nine, None, 60), "It ends at 09:00, but when does it start? Give `start_time`."),
        ] {
            assert_eq!(given.unwrap_err(), problem);
        }
    }

    #[test]
    fn lengths_read_as_hours_and_minutes() {
        assert_eq!([0, 45, 60, 90, 540].map(length), ["0 min", "45 min", "1 h", "1 h 30 min", "9 h"]);
    }
}
