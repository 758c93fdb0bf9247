//! When a task is due.

use canvalo_sdk::{NamedPeriod, Period, ToolError};
use chrono::{Days, NaiveDate};

/// Days of a period of which only the start is known: what can be planned ahead.
const DAYS: u64 = 14;

/// "today", "tomorrow", "in 5 days", "2 days overdue".
pub fn shown(due: NaiveDate, today: NaiveDate) -> String {
    match (due - today).num_days() {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "1 day overdue".to_owned(),
        days if days < 0 => format!("{} days overdue", -days),
        days => format!("in {days} days"),
    }
}

/// What "upcoming" means: the period that is asked for, or from today to the end of next week. This week alone would be
/// nothing on a Friday.
pub fn upcoming(
    named: Option<NamedPeriod>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Period, ToolError> {
    match (named, from, to) {
        (None, None, None) => {
            let next_week = Period::given(None, None, None, NamedPeriod::NextWeek, today)?;
            Ok(Period { from: today, to: next_week.to })
        }
        (named, from, to) => {
            let to = to.or_else(|| from?.checked_add_days(Days::new(DAYS - 1)));
            Period::given(named, from, to, NamedPeriod::ThisWeek, today)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_due_date_is_said_by_its_distance_from_today() {
        for (today, due, words) in [
            ("2028-02-28", "2028-02-29", "tomorrow"),
            ("2027-02-28", "2027-03-01", "tomorrow"),
            ("2028-02-28", "2028-03-01", "in 2 days"),
            ("2026-03-09", "2026-03-09", "today"),
            ("2026-03-01", "2026-02-28", "1 day overdue"),
            ("2026-01-01", "2025-12-01", "31 days overdue"),
        ] {
            assert_eq!(shown(date(due), date(today)), words);
        }
    }

    #[test]
    fn upcoming_reaches_from_today_to_the_end_of_next_week() {
        for (today, to) in [("2026-03-09", "2026-03-22"), ("2026-03-15", "2026-03-22"), ("2026-12-31", "2027-01-10")] {
            let today = date(today);
            assert_eq!(upcoming(None, None, None, today).unwrap(), Period { from: today, to: date(to) });
        }
    }

    #[test]
    fn a_period_that_is_asked_for_is_taken_whole() {
        let today = date("2026-03-11");
        let week = upcoming(Some(NamedPeriod::ThisWeek), None, None, today).unwrap();
        assert_eq!(week, Period { from: date("2026-03-09"), to: date("2026-03-15") });
        let start = upcoming(None, Some(date("2026-03-30")), None, today).unwrap();
        assert_eq!(start, Period { from: date("2026-03-30"), to: date("2026-04-12") });
        assert!(upcoming(None, Some(today), Some(date("2026-03-10")), today).is_err());
        assert!(upcoming(None, None, Some(today), today).is_err());
    }
}
