//! Numbers with what they count.

use std::fmt;

use rust_decimal::Decimal;

use crate::Money;

/// An exact number and its unit: `$1,234.50` in dollars, `85%` in percent, `12 projects` otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity<'unit> {
    value: Decimal,
    unit: &'unit str,
}

impl<'unit> Quantity<'unit> {
    /// So much of a unit, as people write it: `USD`, `projects`, or nothing.
    pub fn new(value: impl Into<Decimal>, unit: &'unit str) -> Self {
        Self { value: value.into(), unit: unit.trim() }
    }

    /// Whether a unit means dollars.
    pub fn is_dollars(unit: &str) -> bool {
        matches!(unit.trim().to_ascii_lowercase().as_str(), "$" | "usd" | "dollar" | "dollars" | "us dollars")
    }
}

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = Money::from(self.value).to_string();
        if Self::is_dollars(self.unit) {
            return f.write_str(&money);
        }
        let number = money.replace('$', "");
        f.write_str(number.trim_end_matches('0').trim_end_matches('.'))?;
        match self.unit.to_ascii_lowercase().as_str() {
            "" => Ok(()),
            "%" | "percent" => f.write_str("%"),
            _ if self.value == Decimal::ONE => write!(f, " {}", singular(self.unit)),
            _ => write!(f, " {}", self.unit),
        }
    }
}

/// "clients" of one: `client`.
fn singular(unit: &str) -> String {
    match (unit.strip_suffix("ies"), unit.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => unit.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_in_its_unit() {
        for (value, unit, shown) in [
            ("120000.00", "USD", "$120,000.00"),
            ("-5", " dollars ", "-$5.00"),
            ("10.00", "projects", "10 projects"),
            ("3.63", "stars", "3.63 stars"),
            ("0.00", "clients", "0 clients"),
            ("1234567.891", "sq ft", "1,234,567.89 sq ft"),
            ("84.50", "%", "84.5%"),
            ("100", "", "100"),
            ("1.00", "new clients", "1 new client"),
            ("1", "properties", "1 property"),
            ("1", "sq ft", "1 sq ft"),
            ("1", "USD", "$1.00"),
        ] {
            assert_eq!(Quantity::new(value.parse::<Decimal>().unwrap(), unit).to_string(), shown);
        }
    }
}
