//! Amounts of money, exact from the database to the reader.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Number, Value};

/// An amount in the user's currency. Read from a JSON number or text, shown as `$1,234.50`, never a binary float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(Decimal);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount of whole cents.
    pub fn from_cents(cents: i64) -> Self {
        Self(Decimal::new(cents, 2))
    }

    /// Reads a JSON number or text; none for anything else.
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_str().parse().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The amount as a decimal.
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Rounded to whole cents, half a cent away from zero.
    pub fn rounded(self) -> Self {
        Self(self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    }

    /// Whether it has no fraction of a cent.
    pub fn is_whole_cents(self) -> bool {
        self.0.normalize().scale() <= 2
    }

    /// Whether it is more than zero.
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Whether it is less than zero.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }
}

/// A text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyError;

impl From<Money> for Decimal {
    fn from(amount: Money) -> Self {
        amount.0
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an amount such as 1234.50")
    }
}

impl std::error::Error for MoneyError {}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads `1234.5`, `$1,234.50`, `-5`, `-$5.00`, `1.2e3`. Commas only where they part thousands.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let text = text.trim();
        let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let digits = unsigned.strip_prefix('$').unwrap_or(unsigned);
        if !digits.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return Err(MoneyError);
        }
        // Nearly always digits and a point: every row that is read has several amounts.
        let amount = match digits.bytes().find(|byte| !byte.is_ascii_digit() && *byte != b'.') {
            None => Decimal::from_str_exact(digits).map_err(|_| MoneyError)?,
            Some(_) if digits.contains('_') => return Err(MoneyError),
            Some(_) => match digits.split_once(',') {
                Some((first, rest)) => parse_grouped(first, rest)?,
                None if digits.contains(['e', 'E']) => Decimal::from_scientific(digits).map_err(|_| MoneyError)?,
                None => return Err(MoneyError),
            },
        };
        Ok(Self(if negative { -amount } else { amount }))
    }
}

fn parse_grouped(first: &str, rest: &str) -> Result<Decimal, MoneyError> {
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if first.len() > 3 || whole.split(',').any(|group| group.len() != 3) {
        return Err(MoneyError);
    }
    let mut plain = format!("{first}{}", whole.replace(',', ""));
    if let Some(fraction) = fraction {
        plain.push('.');
        plain.push_str(fraction);
    }
    Decimal::from_str_exact(&plain).map_err(|_| MoneyError)
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = self.rounded();
        let cents = format!("{:.2}", rounded.0.abs());
        let (whole, fraction) = cents.split_once('.').unwrap_or((&cents, "00"));
        let mut text = String::with_capacity(cents.len() + whole.len() / 3 + 2);
        text.push_str(if rounded.is_negative() { "-$" } else { "$" });
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                text.push(',');
            }
            text.push(digit);
        }
        text.push('.');
        text.push_str(fraction);
        f.write_str(&text)
    }
}

impl From<Decimal> for Money {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

impl From<Money> for Value {
    /// A JSON number with every digit.
    fn from(money: Money) -> Self {
        Number::from_str(&money.0.to_string()).map_or(Value::Null, Value::Number)
    }
}

impl Serialize for Money {
    /// A JSON number with every digit, as the database takes it. For the reader use its text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value)
            .ok_or_else(|| de::Error::custom(format_args!("expected an amount such as 1234.50, got {value}")))
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

impl Add for Money {
    type Output = Self;

    /// Saturates at 79 quintillion.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<Decimal> for Money {
    type Output = Self;

    fn mul(self, factor: Decimal) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn an_amount_is_shown_with_thousands_and_two_decimals() {
        for (amount, shown) in [
            ("0", "$0.00"),
            ("5", "$5.00"),
            ("-5", "-$5.00"),
            ("999.999", "$1,000.00"),
            ("1234.5", "$1,234.50"),
            ("1234567.891", "$1,234,567.89"),
            ("-0.004", "$0.00"),
            ("-1234567", "-$1,234,567.00"),
            ("0.005", "$0.01"),
        ] {
            assert_eq!(money(amount).to_string(), shown, "{amount}");
        }
    }

    #[test]
    fn an_amount_is_read_exactly_from_a_number_or_text() {
        let read = |json: &str| serde_json::from_str::<Money>(json).unwrap();
        assert_eq!(read("0.1") + read("0.2"), read("0.3"));
        assert_eq!(read("12345678901234567890.12").decimal().to_string(), "12345678901234567890.12");
        assert_eq!(read("\"1234.50\""), read("1234.5"));
        assert_eq!(read("\"$1,234.50\""), read("1234.5"));
        assert_eq!(read("\"-$5.00\""), read("-5"));
        assert_eq!(read("1e3"), read("1000"));
        assert_eq!(serde_json::from_value::<Money>(json!(0.1)).unwrap(), read("0.1"));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", "ten", "1,5", "1,23,456", "12345,678", "--5", "$", "-", "1.2.3", "NaN", "1,234.5.6", "$-5", "1_000"]
        {
            assert_eq!(text.parse::<Money>(), Err(MoneyError), "{text}");
        }
        let error = serde_json::from_str::<Money>("true").unwrap_err().to_string();
        assert!(error.starts_with("expected an amount such as 1234.50, got true"), "{error}");
    }

    #[test]
    fn an_amount_is_written_as_a_number_with_every_digit() {
        assert_eq!(serde_json::to_string(&money("1234.50")).unwrap(), "1234.50");
        assert_eq!(Value::from(money("12345678901234567890.12")).to_string(), "12345678901234567890.12");
    }
}
