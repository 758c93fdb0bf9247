//! How long open invoices have been due.

use chrono::{Days, NaiveDate};

/// A range of days past due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// How it is called.
    pub name: &'static str,
    /// The fewest days past due; 0 is due today.
    pub from: u64,
    /// The most days past due; none is any number.
    pub to: Option<u64>,
}

/// The buckets, youngest first, without gaps.
pub const BUCKETS: [Bucket; 4] = [
    Bucket { name: "0-30 days", from: 0, to: Some(30) },
    Bucket { name: "31-60 days", from: 31, to: Some(60) },
    Bucket { name: "61-90 days", from: 61, to: Some(90) },
    Bucket { name: "90+ days", from: 91, to: None },
];

impl Bucket {
    /// The first due date in it, if there is one, and the last.
    pub fn due_dates(&self, today: NaiveDate) -> (Option<NaiveDate>, NaiveDate) {
        let before = |days| today.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN);
        (self.to.map(before), before(self.from))
    }

    /// Whether an invoice due then is in it.
    pub fn holds(&self, due: NaiveDate, today: NaiveDate) -> bool {
        let (first, last) = self.due_dates(today);
        first.is_none_or(|first| due >= first) && due <= last
    }
}

/// Days past due; 0 today, negative before.
pub fn days_past_due(due: NaiveDate, today: NaiveDate) -> i64 {
    (today - due).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_past_due_is_in_exactly_one_bucket() {
        let today = NaiveDate::from_ymd_opt(2028, 3, 1).unwrap();
        for (days, name) in [
            (0, "0-30 days"),
            (1, "0-30 days"),
            (30, "0-30 days"),
            (31, "31-60 days"),
            (60, "31-60 days"),
            (61, "61-90 days"),
            (90, "61-90 days"),
            (91, "90+ days"),
            (5000, "90+ days"),
        ] {
            let due = today - Days::new(days);
            assert_eq!(days_past_due(due, today), i64::try_from(days).unwrap());
            let names: Vec<_> =
                BUCKETS.iter().filter(|bucket| bucket.holds(due, today)).map(|bucket| bucket.name).collect();
            assert_eq!(names, [name], "{days} days");
        }
        assert!(!BUCKETS.iter().any(|bucket| bucket.holds(today + Days::new(1), today)), "not due yet");
    }
}
