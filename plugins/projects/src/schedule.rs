//! Whether a project is late: past its end, or less done than its time is gone.

use chrono::NaiveDate;

/// Percentage points behind plan that count. Less is within what people estimate completion to.
pub const TOLERANCE: i64 = 10;

/// What was planned and how much is done, of a project that is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The first day.
    pub start: Option<NaiveDate>,
    /// The last day.
    pub end: Option<NaiveDate>,
    /// How much is done, 0 to 100.
    pub completion: i64,
}

/// How a project is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Its last day is this many days ago.
    PastEnd(i64),
    /// So many percentage points less are done than time is gone.
    Behind(i64),
}

impl Plan {
    /// The share of its time that is gone at the start of today, 0 to 100: none on the first day, all after the last.
    /// None without both dates, or when they are the wrong way round.
    pub fn time_gone(&self, today: NaiveDate) -> Option<i64> {
        let (start, end) = (self.start?, self.end?);
        let days = (end - start).num_days() + 1;
        (days > 0).then(|| (100 * (today - start).num_days() / days).clamp(0, 100))
    }

    /// Whether and how it is late.
    pub fn late(&self, today: NaiveDate) -> Option<Late> {
        if let Some(end) = self.end.filter(|end| *end < today) {
            return Some(Late::PastEnd((today - end).num_days()));
        }
        let behind = self.time_gone(today)? - self.completion;
        (behind > TOLERANCE).then_some(Late::Behind(behind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn plan(start: &str, end: &str, completion: i64) -> Plan {
        Plan { start: Some(date(start)), end: Some(date(end)), completion }
    }

    #[test]
    fn time_is_gone_by_whole_days_from_none_on_the_first_to_all_after_the_last() {
        let ten_days = plan("2028-02-25", "2028-03-05", 0);
        for (today, gone) in
            [("2028-02-01", 0), ("2028-02-25", 0), ("2028-02-26", 10), ("2028-03-01", 50), ("2028-03-05", 90)]
        {
            assert_eq!(ten_days.time_gone(date(today)), Some(gone), "{today}");
        }
        assert_eq!(ten_days.time_gone(date("2028-03-06")), Some(100));
        assert_eq!(plan("2028-02-29", "2028-02-29", 0).time_gone(date("2028-02-29")), Some(0));
        assert_eq!(plan("2028-03-02", "2028-03-01", 0).time_gone(date("2028-03-01")), None);
        assert_eq!(Plan { start: None, ..ten_days }.time_gone(date("2028-03-01")), None);
    }

    #[test]
    fn late_is_past_the_end_or_clearly_behind() {
        let today = date("2028-03-01");
        for (plan, late) in [
            (plan("2028-02-25", "2028-02-29", 90), Some(Late::PastEnd(1))),
            (plan("2028-02-25", "2028-03-05", 39), Some(Late::Behind(11))),
            (plan("2028-02-25", "2028-03-05", 40), None),
            (plan("2028-02-25", "2028-03-05", 90), None),
            (plan("2028-02-25", "2028-03-01", 100), None),
            (plan("2028-04-01", "2028-04-30", 0), None),
            (Plan { start: None, end: Some(date("2028-02-01")), completion: 0 }, Some(Late::PastEnd(29))),
            (Plan { start: Some(date("2028-02-01")), end: None, completion: 0 }, None),
        ] {
            assert_eq!(plan.late(today), late, "{plan:?}");
        }
    }
}
