//! JSON in the SDK's type.

use std::collections::HashMap;

use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// A value in the SDK's type. A number that its types can't hold exactly becomes text with the same digits.
pub(super) fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => {
            exact_number(number).map_or_else(|| Document::String(number.to_string()), Document::Number)
        }
        Value::String(text) => Document::String(text.clone()),
        Value::Array(members) => Document::Array(members.iter().map(document).collect()),
        Value::Object(members) => Document::Object(
            members.iter().map(|(key, value)| (key.clone(), document(value))).collect::<HashMap<_, _>>(),
        ),
    }
}

/// Whether [`document`] changes nothing.
pub(super) fn exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => exact_number(number).is_some(),
        Value::Array(members) => members.iter().all(exact),
        Value::Object(members) => members.values().all(exact),
        _ => true,
    }
}

fn exact_number(number: &serde_json::Number) -> Option<Number> {
    if let Some(natural) = number.as_u64() {
        return Some(Number::PosInt(natural));
    }
    if let Some(integer) = number.as_i64() {
        return Some(Number::NegInt(integer));
    }
    let float = number.as_f64().filter(|float| float.is_finite())?;
    let text = number.to_string();
    // `Display` of a float writes the shortest digits that mean it, and never an exponent.
    let same = text.contains(['e', 'E']) || plain(&text) == plain(&float.to_string());
    same.then_some(Number::Float(float))
}

/// Decimal digits without the zeros that don't count.
fn plain(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        let parsed = |text: &str| document(&serde_json::from_str(text).unwrap());
        assert_eq!(parsed("18446744073709551615"), Document::Number(Number::PosInt(u64::MAX)));
        assert_eq!(parsed("-3"), Document::Number(Number::NegInt(-3)));
        assert_eq!(parsed("1234.50"), Document::Number(Number::Float(1234.5)));
        assert_eq!(parsed("12345678901234567.89"), Document::String("12345678901234567.89".into()));
        assert_eq!(parsed("99999999999999999999999"), Document::String("99999999999999999999999".into()));
    }
}
