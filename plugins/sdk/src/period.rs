//! Periods of the calendar.

use chrono::{Datelike, Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ToolError;

/// A period by its name, relative to today. Weeks start on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum NamedPeriod {
    Today,
    Tomorrow,
    ThisWeek,
    NextWeek,
    LastWeek,
    ThisMonth,
    NextMonth,
    LastMonth,
    ThisQuarter,
    NextQuarter,
    LastQuarter,
    ThisYear,
    NextYear,
    LastYear,
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

impl NamedPeriod {
    /// The whole period, also where part of it is over or still to come. None beyond the calendar's end.
    pub fn resolve(self, today: NaiveDate) -> Option<Period> {
        let days =
            |from: NaiveDate, count: u64| Some(Period { from, to: from.checked_add_days(Days::new(count - 1))? });
        let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())));
        let month = first_of_month(today);
        let quarter = month.checked_sub_months(Months::new(month.month0() % 3));
        let year = month.checked_sub_months(Months::new(month.month0()));
        match self {
            Self::Today => days(today, 1),
            Self::Tomorrow => days(today.succ_opt()?, 1),
            Self::ThisWeek => days(monday?, 7),
            Self::NextWeek => days(monday?.checked_add_days(Days::new(7))?, 7),
            Self::LastWeek => days(monday?.checked_sub_days(Days::new(7))?, 7),
            Self::ThisMonth => months(month, 0, 1),
            Self::NextMonth => months(month, 1, 1),
            Self::LastMonth => months(month, -1, 1),
            Self::ThisQuarter => months(quarter?, 0, 3),
            Self::NextQuarter => months(quarter?, 1, 3),
            Self::LastQuarter => months(quarter?, -1, 3),
            Self::ThisYear => months(year?, 0, 12),
            Self::NextYear => months(year?, 1, 12),
            Self::LastYear => months(year?, -1, 12),
        }
    }
}

/// So many whole months, `steps` periods of that length after `first`.
fn months(first: NaiveDate, steps: i32, length: u32) -> Option<Period> {
    let step = Months::new(length * steps.unsigned_abs());
    let from = if steps < 0 { first.checked_sub_months(step)? } else { first.checked_add_months(step)? };
    Some(Period { from, to: from.checked_add_months(Months::new(length))?.pred_opt()? })
}

impl Period {
    /// The period that a tool's arguments `period`, `from` and `to` name: the dates before the name, today where only the
    /// end is missing, and the default when nothing is given.
    pub fn given(
        named: Option<NamedPeriod>,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        default: NamedPeriod,
        today: NaiveDate,
    ) -> Result<Self, ToolError> {
        let period = match (from, to) {
            (None, Some(_)) => return Err(ToolError::arguments("`to` needs `from`: when does the period start?")),
            (Some(from), to) => Some(Self { from, to: to.unwrap_or(today) }),
            (None, None) => named.unwrap_or(default).resolve(today),
        };
        period
            .filter(|period| period.from <= period.to)
            .ok_or_else(|| ToolError::arguments("The period ends before it starts: `from` must not be after `to`."))
    }

    /// Its number of days.
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// Whether a day is in it.
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }

    /// The first days of its months, the first and last cut by the period or not.
    pub fn months(&self) -> Vec<NaiveDate> {
        let first = first_of_month(self.from);
        let months = (0..).map_while(|count| first.checked_add_months(Months::new(count)));
        months.take_while(|month| *month <= self.to).collect()
    }
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_named_period_is_whole_across_leap_years_and_year_ends() {
        use NamedPeriod::*;
        for (today, name, from, to) in [
            ("2028-02-29", ThisMonth, "2028-02-01", "2028-02-29"),
            ("2027-02-28", ThisMonth, "2027-02-01", "2027-02-28"),
            ("2028-03-31", LastMonth, "2028-02-01", "2028-02-29"),
            ("2026-01-01", LastMonth, "2025-12-01", "2025-12-31"),
            ("2026-12-31", ThisMonth, "2026-12-01", "2026-12-31"),
            ("2026-03-31", ThisQuarter, "2026-01-01", "2026-03-31"),
            ("2026-04-01", ThisQuarter, "2026-04-01", "2026-06-30"),
            ("2026-02-15", LastQuarter, "2025-10-01", "2025-12-31"),
            ("2026-12-31", LastQuarter, "2026-07-01", "2026-09-30"),
            ("2028-02-29", ThisYear, "2028-01-01", "2028-12-31"),
            ("2028-02-29", LastYear, "2027-01-01", "2027-12-31"),
            ("2026-01-31", NextMonth, "2026-02-01", "2026-02-28"),
            ("2026-11-30", NextQuarter, "2027-01-01", "2027-03-31"),
            ("2026-11-30", NextYear, "2027-01-01", "2027-12-31"),
            ("2026-03-09", ThisWeek, "2026-03-09", "2026-03-15"),
            ("2026-03-15", NextWeek, "2026-03-16", "2026-03-22"),
            ("2026-01-01", LastWeek, "2025-12-22", "2025-12-28"),
            ("2026-12-31", Tomorrow, "2027-01-01", "2027-01-01"),
        ] {
            let period = name.resolve(date(today)).unwrap();
            assert_eq!(period, Period { from: date(from), to: date(to) }, "{name:?} on {today}");
        }
        assert_eq!(NamedPeriod::LastYear.resolve(NaiveDate::MIN), None);
    }

    #[test]
    fn months_of_a_period_include_the_ones_it_cuts() {
        let period = Period { from: date("2025-11-30"), to: date("2026-02-01") };
        let months: Vec<String> = period.months().iter().map(ToString::to_string).collect();
        assert_eq!(months, ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]);
    }
}
