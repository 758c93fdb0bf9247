//! Which days a question is about.

use canvalo_sdk::{NamedPeriod, Period, ToolError};
use chrono::{Datelike, Days, NaiveDate};

/// Days of one question: a month is what a calendar shows at once.
pub const MAX_DAYS: i64 = 31;

/// The days that the arguments `period`, `from` and `to` name; from today on where nothing is given.
///
/// Dates go before the name, but must be in the period it names: of two contradictory answers to "when", neither is
/// taken for granted.
pub fn days(
    named: Option<NamedPeriod>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
    default: u64,
) -> Result<Period, ToolError> {
    let too_far = || ToolError::arguments("That is beyond the calendar.");
    let named = named.map(|name| name.resolve(today).ok_or_else(too_far)).transpose()?;
    let dated = match (from, to) {
        (None, None) => None,
        (from, to) => {
            let from = from.unwrap_or(today);
            Some(Period { from, to: to.unwrap_or(from) })
        }
    };
    if let (Some(named), Some(dated)) = (named, dated)
        && !(named.contains(dated.from) && named.contains(dated.to))
    {
        return Err(contradiction(named, dated));
    }
    let period = match dated.or(named) {
        Some(period) => period,
        None => Period { from: today, to: today.checked_add_days(Days::new(default - 1)).ok_or_else(too_far)? },
    };
    if period.from > period.to {
        return Err(ToolError::arguments("The period ends before it starts: `from` must not be after `to`."));
    }
    if period.days() > MAX_DAYS {
        let days = period.days();
        return Err(ToolError::arguments(format!("These are {days} days: at most {MAX_DAYS} at a time.")));
    }
    Ok(period)
}

/// "Tuesday next week" easily becomes the coming Tuesday and the next week: the one that fits is suggested.
fn contradiction(named: Period, dated: Period) -> ToolError {
    let meant = named.from.iter_days().take(7).find(|day| day.weekday() == dated.from.weekday());
    let meant = meant.filter(|day| dated.days() == 1 && named.contains(*day));
    let meant = meant.map(|day| format!(" Is {} meant?", shown(day))).unwrap_or_default();
    let dated = if dated.days() == 1 { shown(dated.from) } else { format!("{} to {}", dated.from, dated.to) };
    ToolError::Arguments(format!("{dated} is not within {} to {}.{meant}", named.from, named.to))
}

/// "Tuesday 2026-03-17".
pub fn shown(day: NaiveDate) -> String {
    format!("{} {day}", weekday(day))
}

/// "Tuesday".
pub fn weekday(day: NaiveDate) -> String {
    day.format("%A").to_string()
}

/// "on Tuesday 2026-03-17", "from 2026-03-16 to 2026-03-22".
pub fn during(period: Period) -> String {
    if period.from == period.to {
        format!("on {}", shown(period.from))
    } else {
        format!("from {} to {}", period.from, period.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn window(named: Option<NamedPeriod>, from: &str, to: &str) -> Result<(String, String), String> {
        let given = |text: &str| (!text.is_empty()).then(|| date(text));
        let period = days(named, given(from), given(to), date("2026-03-09"), 7).map_err(|error| error.message())?;
        Ok((period.from.to_string(), period.to.to_string()))
    }

    #[test]
    fn next_week_is_monday_to_sunday_after_this_one() {
        for today in ["2026-03-09", "2026-03-12", "2026-03-15"] {
            let period = days(Some(NamedPeriod::NextWeek), None, None, date(today), 7).unwrap();
            assert_eq!((period.from, period.to), (date("2026-03-16"), date("2026-03-22")), "{today}");
        }
    }

    #[test]
    fn dates_go_before_names_and_a_missing_end_is_the_same_day() {
        let expected = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        assert_eq!(window(None, "", ""), expected("2026-03-09", "2026-03-15"));
        assert_eq!(window(None, "2026-03-20", ""), expected("2026-03-20", "2026-03-20"));
        assert_eq!(window(None, "", "2026-03-11"), expected("2026-03-09", "2026-03-11"));
        assert_eq!(window(Some(NamedPeriod::NextWeek), "2026-03-17", ""), expected("2026-03-17", "2026-03-17"));
        assert_eq!(window(Some(NamedPeriod::ThisMonth), "", ""), expected("2026-03-01", "2026-03-31"));
    }

    #[test]
    fn contradictions_and_long_periods_are_refused() {
        assert_eq!(
            window(Some(NamedPeriod::NextWeek), "2026-03-10", "2026-03-10").unwrap_err(),
            "Tuesday 2026-03-10 is not within 2026-03-16 to 2026-03-22. Is Tuesday 2026-03-17 meant?"
        );
        assert_eq!(
            window(Some(NamedPeriod::Tomorrow), "2026-03-09", "2026-03-11").unwrap_err(),
            "2026-03-09 to 2026-03-11 is not within 2026-03-10 to 2026-03-10."
        );
        assert_eq!(window(None, "2026-03-01", "2026-04-01").unwrap_err(), "These are 32 days: at most 31 at a time.");
        assert!(window(Some(NamedPeriod::ThisQuarter), "", "").unwrap_err().starts_with("These are 90 days"));
        assert!(window(None, "2026-03-02", "2026-03-01").unwrap_err().starts_with("The period ends before it starts"));
        assert!(window(None, "", "2026-03-08").unwrap_err().starts_with("The period ends before it starts"));
    }
}
