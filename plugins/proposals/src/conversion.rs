//! How many proposals become jobs.

use canvalo_sdk::{Money, Percent};

/// Proposals of one kind: how many, and what they ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// The sum of their totals.
    pub value: Money,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { count: self.count + other.count, value: self.value + other.value }
    }
}

impl Tally {
    /// The share of these among all, by number and by value; none where there are none.
    pub fn share_of(self, all: Self) -> (Option<Percent>, Option<Percent>) {
        (Percent::of(self.count, all.count), Percent::of(self.value, all.value))
    }

    /// What one of them asks for on average, in whole cents.
    pub fn average(self) -> Option<Money> {
        let average = self.value.decimal().checked_div(self.count.into())?;
        Some(Money::from(average).rounded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(count: i64, cents: i64) -> Tally {
        Tally { count, value: Money::from_cents(cents) }
    }

    #[test]
    fn a_rate_by_number_and_one_by_value_and_neither_of_nothing() {
        let shown = |(number, value)| (Percent::shown(number), Percent::shown(value));
        let both = |number: &str, value: &str| (number.to_owned(), value.to_owned());
        assert_eq!(shown(tally(1, 30_000).share_of(tally(3, 40_000))), both("33.3%", "75%"));
        assert_eq!(shown(tally(0, 0).share_of(tally(2, 40_000))), both("0%", "0%"));
        assert_eq!(shown(tally(0, 0).share_of(tally(0, 0))), both("–", "–"));
        assert_eq!(shown(tally(1, 0).share_of(tally(2, 0))), both("50%", "–"));
    }

    #[test]
    fn an_average_is_in_whole_cents_and_nothing_has_none() {
        assert_eq!(tally(3, 10_000).average(), Some(Money::from_cents(3_333)));
        assert_eq!(tally(0, 0).average(), None);
        assert_eq!(tally(1, 5) + tally(2, 7), tally(3, 12));
    }
}
