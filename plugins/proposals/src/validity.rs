//! How long a proposal is still valid.

use chrono::NaiveDate;

/// In words, by its last valid day.
pub fn shown(until: NaiveDate, today: NaiveDate) -> String {
    match (until - today).num_days() {
        0 => "last day today".to_owned(),
        1 => "1 day left".to_owned(),
        days @ 2.. => format!("{days} days left"),
        -1 => "ended yesterday".to_owned(),
        days => format!("ended {} days ago", -days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_still_counts() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (until, words) in [
            ("2028-02-28", "ended yesterday"),
            ("2028-01-31", "ended 29 days ago"),
            ("2028-02-29", "last day today"),
            ("2028-03-01", "1 day left"),
            ("2028-03-31", "31 days left"),
        ] {
            assert_eq!(shown(date(until), date("2028-02-29")), words);
        }
    }
}
