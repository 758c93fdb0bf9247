//! Shares of a whole, exact and without a division by zero.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// A ratio in percent, shown with one decimal: `12.5%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(Decimal);

impl Percent {
    /// This part of a whole; none when the whole is zero.
    pub fn of(part: impl Into<Decimal>, whole: impl Into<Decimal>) -> Option<Self> {
        let ratio = part.into().checked_div(whole.into())?;
        Some(Self(ratio.checked_mul(Decimal::ONE_HUNDRED)?))
    }

    /// The figure: 12.5 for 12.5 %.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// For an answer: `12.5%`, or a dash where there is nothing to divide by.
    pub fn shown(percent: Option<Self>) -> String {
        percent.map_or_else(|| "–".to_owned(), |percent| percent.to_string())
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = self.0.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero);
        write!(f, "{}%", rounded.normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_to_one_decimal_and_nothing_has_none() {
        let shown = |part: i64, whole: i64| Percent::shown(Percent::of(part, whole));
        assert_eq!(shown(1, 8), "12.5%");
        assert_eq!(shown(2, 3), "66.7%");
        assert_eq!(shown(3, 3), "100%");
        assert_eq!(shown(-1, 3), "-33.3%");
        assert_eq!(shown(0, 5), "0%");
        assert_eq!(shown(5, 0), "–");
    }
}
