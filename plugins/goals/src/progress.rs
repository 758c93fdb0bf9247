//! A step of progress.

use rust_decimal::Decimal;

/// What a goal's value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This.
    To(Decimal),
    /// So much more, or less when negative.
    By(Decimal),
}

/// The largest value the table holds.
const MAX: i64 = 999_999_999_999;

impl Step {
    /// The value after it, or in plain words why not.
    pub fn from(self, current: Decimal) -> Result<Decimal, String> {
        let (given, after) = match self {
            Self::To(value) => (value, Some(value)),
            Self::By(value) if value.is_zero() => {
                return Err("there is nothing to add.".to_owned());
            }
            Self::By(value) => (value, current.checked_add(value)),
        };
        if given.normalize().scale() > 2 {
            return Err("progress has at most two decimals.".to_owned());
        }
        match after.filter(|after| *after <= Decimal::from(MAX)) {
            Some(after) if after < Decimal::ZERO => Err("progress can't go below zero.".to_owned()),
            Some(after) => Ok(after),
            None => Err("that is more than a goal can hold.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_step_sets_or_adds_exactly() {
        for (step, after) in [
            (Step::To(number("52000.10")), "52000.10"),
            (Step::To(number("0")), "0"),
            (Step::By(number("0.20")), "1.30"),
            (Step::By(number("-1.10")), "0.00"),
        ] {
            assert_eq!(step.from(number("1.10")).unwrap(), number(after), "{step:?}");
        }
    }

    #[test]
    fn a_step_to_nowhere_is_refused() {
        for (step, problem) in [
            (Step::To(number("-1")), "progress can't go below zero."),
            (Step::By(number("-1.11")), "progress can't go below zero."),
            (Step::By(number("0.00")), "there is nothing to add."),
            (Step::To(number("1.005")), "progress has at most two decimals."),
            (Step::To(number("1000000000000")), "that is more than a goal can hold."),
            (Step::By(Decimal::MAX), "that is more than a goal can hold."),
        ] {
            assert_eq!(step.from(number("1.10")).unwrap_err(), problem);
        }
    }
}
