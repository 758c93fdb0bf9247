//! Periods of the calendar.

use chrono::{Datelike, Months, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;

/// A period by its name, relative to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Named {
    ThisMonth,
    LastMonth,
    ThisQuarter,
    LastQuarter,
    ThisYear,
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

impl Named {
    /// The whole period, also where part of it is still to come. None beyond the calendar's end.
    pub fn resolve(self, today: NaiveDate) -> Option<Period> {
        let month = first_of_month(today);
        let quarter = month.checked_sub_months(Months::new(month.month0() % 3))?;
        let year = month.checked_sub_months(Months::new(month.month0()))?;
        let (from, months) = match self {
            Self::ThisMonth => (month, 1),
            Self::LastMonth => (month.checked_sub_months(Months::new(1))?, 1),
            Self::ThisQuarter => (quarter, 3),
            Self::LastQuarter => (quarter.checked_sub_months(Months::new(3))?, 3),
            Self::ThisYear => (year, 12),
            Self::LastYear => (year.checked_sub_months(Months::new(12))?, 12),
        };
        Some(Period { from, to: from.checked_add_months(Months::new(months))?.pred_opt()? })
    }
}

impl Period {
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
        use Named::*;
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
        ] {
            let period = name.resolve(date(today)).unwrap();
            assert_eq!(period, Period { from: date(from), to: date(to) }, "{name:?} on {today}");
        }
        assert_eq!(Named::LastYear.resolve(NaiveDate::MIN), None);
    }

    #[test]
    fn months_of_a_period_include_the_ones_it_cuts() {
        let period = Period { from: date("2025-11-30"), to: date("2026-02-01") };
        let months: Vec<String> = period.months().iter().map(ToString::to_string).collect();
        assert_eq!(months, ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]);
    }
}
