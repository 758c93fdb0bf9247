//! When people work.

use canvalo_sdk::ToolError;
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike, Weekday};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::clock::Clock;
use crate::slot::Slot;

/// A day of the week, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Monday => Self::Mon,
            Day::Tuesday => Self::Tue,
            Day::Wednesday => Self::Wed,
            Day::Thursday => Self::Thu,
            Day::Friday => Self::Fri,
            Day::Saturday => Self::Sat,
            Day::Sunday => Self::Sun,
        }
    }
}

/// Working hours: the same on each working day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    days: Vec<Weekday>,
    open: Slot,
}

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const WORKDAY: Slot = Slot { start: 8 * 60, end: 17 * 60 };

impl Hours {
    /// Monday to Friday from 08:00 to 17:00.
    pub fn usual() -> Self {
        Self { days: WORKDAYS.to_vec(), open: WORKDAY }
    }

    /// The usual hours, where the arguments don't say otherwise.
    pub fn given(days: &[Day], earliest: Option<Clock>, latest: Option<Clock>) -> Result<Self, ToolError> {
        let days = if days.is_empty() { WORKDAYS.to_vec() } else { days.iter().copied().map(Weekday::from).collect() };
        let start = earliest.map_or(WORKDAY.start, Clock::minutes);
        // "After 5pm" has no end of its own.
        let end = latest.map_or(if start < WORKDAY.end { WORKDAY.end } else { 22 * 60 }, Clock::minutes);
        if start >= end {
            return Err(ToolError::arguments(
                "The day would end before it starts: `earliest` must be before `latest`.",
            ));
        }
        Ok(Self { days, open: Slot { start, end } })
    }

    /// Whether people work on a day of the week.
    pub fn works(&self, day: NaiveDate) -> bool {
        self.days.contains(&day.weekday())
    }

    /// What is left of a day's working hours; none when it is over or nobody works.
    pub fn on(&self, day: NaiveDate, now: DateTime<FixedOffset>) -> Option<Slot> {
        if !self.works(day) || day < now.date_naive() {
            return None;
        }
        let start = if day == now.date_naive() { self.open.start.max(minute(now)) } else { self.open.start };
        (start < self.open.end).then_some(Slot { start, end: self.open.end })
    }

    /// The hours of a working day.
    pub fn open(&self) -> Slot {
        self.open
    }
}

/// The minute of the day that an appointment can still start at: the current one, if it has only begun.
pub fn minute(now: DateTime<FixedOffset>) -> u32 {
    now.hour() * 60 + now.minute() + u32::from(now.second() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    fn clock(text: &str) -> Option<Clock> {
        Some(serde_json::from_value(text.into()).unwrap())
    }

    #[test]
    fn only_what_is_left_of_a_working_day_counts() {
        let hours = Hours::usual();
        let on = |day: &str, at: &str| hours.on(day.parse().unwrap(), now(at)).map(|slot| slot.to_string());
        assert_eq!(on("2026-03-10", "2026-03-09T16:20:00-05:00").as_deref(), Some("08:00-17:00"));
        assert_eq!(on("2026-03-09", "2026-03-09T16:20:00-05:00").as_deref(), Some("16:20-17:00"));
        assert_eq!(on("2026-03-09", "2026-03-09T16:20:01-05:00").as_deref(), Some("16:21-17:00"));
        assert_eq!(on("2026-03-09", "2026-03-09T06:00:00-05:00").as_deref(), Some("08:00-17:00"));
        for (day, at) in [
            ("2026-03-09", "2026-03-09T17:00:00-05:00"),
            ("2026-03-08", "2026-03-09T06:00:00-05:00"),
            ("2026-03-14", "2026-03-09T06:00:00-05:00"),
        ] {
            assert_eq!(on(day, at), None, "{day}");
        }
    }

    #[test]
    fn arguments_change_days_and_hours() {
        let saturday = Hours::given(&[Day::Saturday], clock("7:00"), clock("12:00")).unwrap();
        let at = now("2026-03-09T16:20:00-05:00");
        let on = |hours: &Hours, day: &str| hours.on(day.parse().unwrap(), at).map(|slot| slot.to_string());
        assert_eq!(on(&saturday, "2026-03-14").as_deref(), Some("07:00-12:00"));
        assert_eq!(on(&saturday, "2026-03-13"), None);
        let evening = Hours::given(&[], clock("17:30"), None).unwrap();
        assert_eq!(on(&evening, "2026-03-13").as_deref(), Some("17:30-22:00"));
        assert!(Hours::given(&[], clock("17:00"), clock("9:00")).is_err());
        assert!(Hours::given(&[], clock("23:00"), None).is_err());
        assert_eq!(Hours::given(&[], None, None).unwrap(), Hours::usual());
    }
}
