//! How a goal's progress stands against the time that has passed.
//!
//! Days count once they are over: on its first day nothing is expected of a goal yet, and on its last day that day is
//! still left. What is expected grows evenly from day to day.

use canvalo_sdk::{Percent, Row};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// So many per cent of the target above or below what is expected still count as on track: 18 days of a year's goal.
pub const TOLERANCE: i64 = 5;

const DAYS_OF_WEEK: i64 = 7;

/// A month is a twelfth of 365.25 days.
const DAYS_OF_MONTH: Decimal = Decimal::from_parts(304_375, 0, 0, false, 4);

/// How a goal stands, in the order of attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its last day is over and the target isn't reached.
    Overdue,
    /// Less than expected by now.
    Behind,
    /// About as much as expected by now.
    OnTrack,
    /// More than expected by now.
    Ahead,
    /// The target is reached.
    Reached,
    /// Its first day is still to come.
    NotStarted,
    /// It has no target, or no dates to hold it against.
    Unknown,
}

impl Standing {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Overdue, Self::Behind, Self::OnTrack, Self::Ahead, Self::Reached, Self::NotStarted, Self::Unknown];

    /// For the reader.
    pub fn words(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Behind => "behind",
            Self::OnTrack => "on track",
            Self::Ahead => "ahead",
            Self::Reached => "reached",
            Self::NotStarted => "not started",
            Self::Unknown => "can't tell",
        }
    }
}

/// What is to be reached by when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// The value to reach.
    pub target: Decimal,
    /// The value by now.
    pub current: Decimal,
    /// The first day.
    pub start: Option<NaiveDate>,
    /// The last day.
    pub end: Option<NaiveDate>,
    /// Whether the value is a level, such as an average rating, that doesn't grow with the days.
    pub level: bool,
}

/// How an aim stands on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Ahead, behind, …
    pub standing: Standing,
    /// How much of the target is reached; none without a target.
    pub progress: Option<Percent>,
    /// How much of the time has passed; none without dates.
    pub passed: Option<Percent>,
    /// The value on the last day if it goes on like this; none where nothing can be told.
    pub projected: Option<Decimal>,
    /// What is missing to the target, from zero.
    pub missing: Decimal,
    /// The days left, today included; negative when the last day is over.
    pub days_left: Option<i64>,
    /// What is needed each week from now on, where a week is left.
    pub per_week: Option<Decimal>,
    /// What is needed each month from now on, where a month is left.
    pub per_month: Option<Decimal>,
}

impl Aim {
    /// Reads it from a goal.
    pub fn of(goal: &Row) -> Self {
        Self {
            target: goal.decimal("target_value").unwrap_or_default(),
            current: goal.decimal("current_value").unwrap_or_default(),
            start: goal.date("start_date"),
            end: goal.date("end_date"),
            level: is_level(goal.text("goal_type"), goal.text("unit")),
        }
    }

    /// How it stands.
    pub fn pace(&self, today: NaiveDate) -> Pace {
        let days = self.start.zip(self.end).filter(|(start, end)| start <= end).map(|(start, end)| Days {
            whole: (end - start).num_days() + 1,
            over: (today.min(end.succ_opt().unwrap_or(end)) - start).num_days().max(0),
        });
        let standing = self.standing(days, today);
        let missing = (self.target - self.current).max(Decimal::ZERO);
        // A goal that hasn't started has its own days, not those until then.
        let days_left = self.end.map(|end| match self.start.filter(|start| *start > today && end >= *start) {
            Some(start) => (end - start).num_days() + 1,
            None if end < today => (end - today).num_days(),
            None => (end - today).num_days() + 1,
        });
        let grows = !self.level && missing > Decimal::ZERO;
        let needed = |days: Decimal| {
            let left = days_left.filter(|left| grows && Decimal::from(*left) >= days)?;
            share(missing, days, left.into())
        };
        let runs = matches!(standing, Standing::Behind | Standing::OnTrack | Standing::Ahead | Standing::Reached)
            && !self.level
            && self.end.is_some_and(|end| end >= today);
        Pace {
            standing,
            progress: Percent::of(self.current, self.target),
            passed: days.and_then(|days| Percent::of(days.over, days.whole)),
            projected: days.filter(|_| runs).and_then(|days| share(self.current, days.whole.into(), days.over.into())),
            missing,
            days_left,
            per_week: needed(DAYS_OF_WEEK.into()),
            per_month: needed(DAYS_OF_MONTH),
        }
    }

    fn standing(&self, days: Option<Days>, today: NaiveDate) -> Standing {
        if self.target <= Decimal::ZERO {
            return Standing::Unknown;
        }
        if self.current >= self.target {
            return Standing::Reached;
        }
        if self.end.is_some_and(|end| end < today) {
            return Standing::Overdue;
        }
        if self.start.is_some_and(|start| start > today) {
            return Standing::NotStarted;
        }
        // A level should be there all the time.
        let expected = if self.level { Some(Days { whole: 1, over: 1 }) } else { days };
        expected.and_then(|days| self.lead(days)).unwrap_or(Standing::Unknown)
    }

    /// Compares without dividing, so that nothing is rounded.
    fn lead(&self, days: Days) -> Option<Standing> {
        let whole = Decimal::from(days.whole);
        let lead = self.current.checked_mul(whole)?.checked_sub(self.target.checked_mul(Decimal::from(days.over))?)?;
        let tolerance = self.target.checked_mul(whole)?.checked_mul(Decimal::new(TOLERANCE, 2))?;
        Some(if lead < -tolerance {
            Standing::Behind
        } else if lead > tolerance {
            Standing::Ahead
        } else {
            Standing::OnTrack
        })
    }
}

/// The days of a goal, and how many of them are over.
#[derive(Debug, Clone, Copy)]
struct Days {
    whole: i64,
    over: i64,
}

/// This part of an amount; none of nothing.
pub fn share(amount: Decimal, part: Decimal, whole: Decimal) -> Option<Decimal> {
    amount.checked_mul(part)?.checked_div(whole)
}

/// Whether a goal's value is a level: satisfaction is an average unless something is counted.
fn is_level(goal_type: &str, unit: &str) -> bool {
    const AVERAGES: [&str; 12] =
        ["", "star", "stars", "rating", "average", "average rating", "point", "points", "score", "nps", "%", "percent"];
    goal_type == "satisfaction" && AVERAGES.contains(&unit.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn aim(target: &str, current: &str, start: &str, end: &str) -> Aim {
        let day = |text: &str| (!text.is_empty()).then(|| date(text));
        Aim { target: decimal(target), current: decimal(current), start: day(start), end: day(end), level: false }
    }

    /// Standing, projection, days left, a week's and a month's need.
    fn told(aim: &Aim, today: &str) -> String {
        let pace = aim.pace(date(today));
        let number = |number: Option<Decimal>| number.map_or("-".to_owned(), |n| n.round_dp(2).normalize().to_string());
        let left = pace.days_left.map_or("-".to_owned(), |left| left.to_string());
        let words = pace.standing.words();
        format!("{words} {} {left} {} {}", number(pace.projected), number(pace.per_week), number(pace.per_month))
    }

    #[test]
    fn progress_is_held_against_the_days_that_are_over() {
        // 100 days, from which 60 are over on the 61st.
        let hundred = |current: &str| aim("1000", current, "2026-01-01", "2026-04-10");
        for (current, today, expected) in [
            ("0", "2026-01-01", "on track - 100 70 304.38"),
            ("1", "2026-01-01", "on track - 100 69.93 304.07"),
            ("50.01", "2026-01-01", "ahead - 100 66.5 289.15"),
            ("600", "2026-03-02", "on track 1000 40 70 304.38"),
            ("550", "2026-03-02", "on track 916.67 40 78.75 342.42"),
            ("549.99", "2026-03-02", "behind 916.65 40 78.75 342.43"),
            ("650", "2026-03-02", "on track 1083.33 40 61.25 266.33"),
            ("650.01", "2026-03-02", "ahead 1083.35 40 61.25 266.32"),
            ("0", "2026-03-02", "behind 0 40 175 760.94"),
            ("990", "2026-04-04", "ahead 1064.52 7 10 -"),
            ("990", "2026-04-10", "on track 1000 1 - -"),
            ("990", "2026-04-11", "overdue - -1 - -"),
            ("1000", "2026-03-02", "reached 1666.67 40 - -"),
            ("1200", "2026-04-11", "reached - -1 - -"),
            ("0", "2025-12-31", "not started - 100 70 304.38"),
        ] {
            assert_eq!(told(&hundred(current), today), expected, "{current} on {today}");
        }
    }

    #[test]
    fn leap_days_month_ends_and_single_days_count_as_they_are() {
        assert_eq!(told(&aim("29", "14", "2028-02-01", "2028-02-29"), "2028-02-15"), "on track 29 15 7 -");
        assert_eq!(told(&aim("31", "30", "2026-03-01", "2026-03-31"), "2026-03-31"), "on track 31 1 - -");
        assert_eq!(told(&aim("2", "1", "2026-03-09", "2026-03-09"), "2026-03-09"), "ahead - 1 - -");
        let year = aim("366", "59", "2028-01-01", "2028-12-31").pace(date("2028-03-01"));
        assert_eq!((year.passed, year.days_left), (Percent::of(60, 366), Some(306)));
    }

    #[test]
    fn without_dates_or_a_target_nothing_is_made_up() {
        for (aim, expected) in [
            (aim("10", "3", "2026-01-01", ""), "can't tell - - - -"),
            (aim("10", "3", "", ""), "can't tell - - - -"),
            (aim("10", "10", "", ""), "reached - - - -"),
            (aim("10", "3", "", "2026-03-31"), "can't tell - 23 2.13 -"),
            (aim("10", "3", "", "2026-03-08"), "overdue - -1 - -"),
            (aim("0", "0", "2026-01-01", "2026-12-31"), "can't tell - 298 - -"),
            (aim("-5", "0", "2026-01-01", "2026-12-31"), "can't tell - 298 - -"),
            (aim("10", "3", "2026-12-31", "2026-01-01"), "overdue - -67 - -"),
            (aim("79228162514264337593543950335", "1", "2026-01-01", "2026-12-31"), "can't tell - 298 - -"),
        ] {
            assert_eq!(told(&aim, "2026-03-09"), expected, "{aim:?}");
        }
    }

    #[test]
    fn a_level_is_held_against_its_target_and_not_against_the_days() {
        let rating = |current: &str| Aim { level: true, ..aim("4.5", current, "2026-03-01", "2026-12-31") };
        assert_eq!(told(&rating("4.4"), "2026-03-09"), "on track - 298 - -");
        assert_eq!(told(&rating("4.27"), "2026-12-31"), "behind - 1 - -");
        assert_eq!(told(&rating("4.5"), "2026-03-09"), "reached - 298 - -");
        assert_eq!(told(&rating("4.4"), "2027-01-01"), "overdue - -1 - -");
        assert!(is_level("satisfaction", " Stars ") && is_level("satisfaction", ""));
        assert!(!is_level("satisfaction", "reviews") && !is_level("revenue", "USD"));
    }
}
