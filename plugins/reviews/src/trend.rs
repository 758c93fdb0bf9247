//! How ratings develop.

use canvalo_sdk::Period;
use chrono::{Datelike, Months, NaiveDate};
use rust_decimal::{Decimal, RoundingStrategy};

/// What a trend is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
}

/// The reviews of a month, a quarter or several of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub reviews: i64,
    /// All their stars.
    pub stars: i64,
}

/// Where ratings are heading, with the averages that say so.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    Rising { older: Decimal, newer: Decimal },
    Steady { older: Decimal, newer: Decimal },
    Falling { older: Decimal, newer: Decimal },
    TooFew,
}

/// Fewer reviews than this say nothing about a trend: one of them would decide it.
const MIN_REVIEWS: i64 = 3;

/// The smallest difference of averages that counts, in tenths of a star. Sites show one decimal, and a single step of
/// it is chance.
const TENTHS: i64 = 2;

impl Tally {
    /// The average rating; none without reviews.
    pub fn average(self) -> Option<Decimal> {
        Decimal::from(self.stars).checked_div(Decimal::from(self.reviews))
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { reviews: self.reviews + other.reviews, stars: self.stars + other.stars }
    }
}

/// An average for people: `4.25`, or a dash where there is none.
pub fn shown(average: Option<Decimal>) -> String {
    let rounded = |average: Decimal| average.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    average.map_or_else(|| "–".to_owned(), |average| rounded(average).normalize().to_string())
}

/// The first days of the months or quarters that a period touches.
pub fn firsts(period: &Period, unit: Unit) -> Vec<NaiveDate> {
    let first = |month: NaiveDate| match unit {
        Unit::Month => month,
        Unit::Quarter => month.checked_sub_months(Months::new(month.month0() % 3)).unwrap_or(month),
    };
    let mut firsts: Vec<NaiveDate> = period.months().into_iter().map(first).collect();
    firsts.dedup();
    firsts
}

/// "2026-03" or "2026-Q1".
pub fn name(first: NaiveDate, unit: Unit) -> String {
    match unit {
        Unit::Month => first.format("%Y-%m").to_string(),
        Unit::Quarter => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
    }
}

/// Compares the newer half of the months or quarters that have reviews with the older half; of an odd number the middle
/// one counts for neither. The averages have to differ by 0.2 stars for a rise or fall, and each half needs 3 reviews.
pub fn direction(oldest_first: &[Tally]) -> Direction {
    let rated: Vec<Tally> = oldest_first.iter().copied().filter(|tally| tally.reviews > 0).collect();
    let half = rated.len() / 2;
    let sum = |tallies: &[Tally]| tallies.iter().copied().fold(Tally::default(), Tally::and);
    let (older, newer) = (sum(&rated[..half]), sum(&rated[rated.len() - half..]));
    if older.reviews < MIN_REVIEWS || newer.reviews < MIN_REVIEWS {
        return Direction::TooFew;
    }
    let (Some(older), Some(newer)) = (older.average(), newer.average()) else {
        return Direction::TooFew;
    };
    let threshold = Decimal::new(TENTHS, 1);
    match newer - older {
        difference if difference >= threshold => Direction::Rising { older, newer },
        difference if difference <= -threshold => Direction::Falling { older, newer },
        _ => Direction::Steady { older, newer },
    }
}

impl Direction {
    /// In words, with the figures.
    pub fn shown(self) -> String {
        let halves = |word: &str, older, newer| {
            let (older, newer) = (shown(Some(older)), shown(Some(newer)));
            format!("{word}: {newer} in the newer half, {older} in the older half")
        };
        match self {
            Self::Rising { older, newer } => halves("rising", older, newer),
            Self::Steady { older, newer } => halves("steady", older, newer),
            Self::Falling { older, newer } => halves("falling", older, newer),
            Self::TooFew => "too few reviews to tell".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tallies(ratings: &[&[i64]]) -> Vec<Tally> {
        let tally =
            |ratings: &&[i64]| Tally { reviews: i64::try_from(ratings.len()).unwrap(), stars: ratings.iter().sum() };
        ratings.iter().map(tally).collect()
    }

    fn word(ratings: &[&[i64]]) -> String {
        direction(&tallies(ratings)).shown()
    }

    fn digits(text: &str) -> Vec<i64> {
        text.chars().filter_map(|digit| digit.to_digit(10)).map(i64::from).collect()
    }

    #[test]
    fn the_newer_half_against_the_older_says_where_ratings_go() {
        assert_eq!(word(&[&[3, 4, 3], &[5, 5, 4, 5]]), "rising: 4.75 in the newer half, 3.33 in the older half");
        assert!(word(&[&[5, 5, 5], &[1, 1, 1]]).starts_with("falling: 1 "));
        assert!(word(&[&[4, 4, 4, 4, 4], &[4, 4, 4, 4, 5]]).starts_with("rising"), "0.2 exactly is a rise");
        assert!(word(&[&[4, 4, 4, 4, 5], &[4, 4, 4, 4, 4]]).starts_with("falling"), "and a fall");
        assert!(word(&[&[4, 4, 4, 4, 4, 4], &[4, 4, 4, 4, 4, 5]]).starts_with("steady"));
    }

    #[test]
    fn months_without_reviews_and_the_middle_one_count_for_neither_half() {
        let older_and_newer = "steady: 4 in the newer half, 4 in the older half";
        assert_eq!(word(&[&[4, 4, 4], &[], &[1, 1, 1, 1], &[], &[], &[4, 4, 4]]), older_and_newer);
    }

    #[test]
    fn few_reviews_say_nothing() {
        for ratings in ["", "5", "555555", "11|555", "111|55", "55|5|5|5"] {
            let months: Vec<Vec<i64>> = ratings.split('|').map(digits).collect();
            let months: Vec<&[i64]> = months.iter().map(Vec::as_slice).collect();
            assert_eq!(word(&months), "too few reviews to tell", "{ratings}");
        }
    }

    #[test]
    fn an_average_has_at_most_two_decimals_and_nothing_has_none() {
        let average = |reviews, stars| shown(Tally { reviews, stars }.average());
        assert_eq!([average(8, 29), average(3, 13), average(2, 9), average(1, 5)], ["3.63", "4.33", "4.5", "5"]);
        assert_eq!(average(0, 0), "–");
    }

    #[test]
    fn a_cut_quarter_begins_before_its_period() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let period = Period { from: date("2027-11-30"), to: date("2028-02-29") };
        let names = |unit| firsts(&period, unit).into_iter().map(|first| name(first, unit)).collect::<Vec<_>>();
        assert_eq!(names(Unit::Month), ["2027-11", "2027-12", "2028-01", "2028-02"]);
        assert_eq!(names(Unit::Quarter), ["2027-Q4", "2028-Q1"]);
        assert_eq!(firsts(&period, Unit::Quarter)[0], date("2027-10-01"));
    }
}
