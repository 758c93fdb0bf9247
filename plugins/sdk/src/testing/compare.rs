//! Filters as the database evaluates them.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use crate::data::{Condition, DataError, Filter, InvalidRequest, Operator};
use crate::{Money, Row};

pub(super) fn matches(row: &Row, conditions: &[Condition]) -> Result<bool, DataError> {
    for condition in conditions {
        let holds = match condition {
            Condition::All(filter) => holds(row, filter)?,
            Condition::Any(filters) if filters.is_empty() || filters.len() > 16 => {
                return Err(invalid(None, "an any-condition holds 1 to 16 comparisons"));
            }
            Condition::Any(filters) => {
                filters.iter().map(|filter| holds(row, filter)).collect::<Result<Vec<_>, _>>()?.contains(&true)
            }
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn invalid(column: Option<&str>, message: &str) -> DataError {
    DataError::Invalid(InvalidRequest { column: column.map(str::to_owned), message: message.to_owned() })
}

fn holds(row: &Row, filter: &Filter) -> Result<bool, DataError> {
    let wanted: Value = serde_json::from_str(&filter.value)
        .map_err(|error| invalid(Some(&filter.column), &format!("the value is no JSON: {error}")))?;
    let value = row.get(&filter.column);
    let order = || order(value, &wanted);
    let holds = match filter.operator {
        Operator::IsNull => return Ok(value.is_null() != filter.negate),
        // As in SQL, a comparison with null is neither true nor false.
        _ if value.is_null() => return Ok(false),
        Operator::Eq => order() == Ordering::Equal,
        Operator::Neq => order() != Ordering::Equal,
        Operator::Lt => order() == Ordering::Less,
        Operator::Lte => order() != Ordering::Greater,
        Operator::Gt => order() == Ordering::Greater,
        Operator::Gte => order() != Ordering::Less,
        Operator::Like => like(value.as_str().unwrap_or_default(), wanted.as_str().unwrap_or_default()),
        Operator::Ilike => like(
            &value.as_str().unwrap_or_default().to_lowercase(),
            &wanted.as_str().unwrap_or_default().to_lowercase(),
        ),
        Operator::OneOf => match wanted.as_array() {
            Some(values) if (1..=200).contains(&values.len()) => {
                values.iter().any(|wanted| self::order(value, wanted) == Ordering::Equal)
            }
            _ => return Err(invalid(Some(&filter.column), "one-of takes 1 to 200 values")),
        },
        Operator::Contains if wanted.is_array() || wanted.is_object() => contains(value, &wanted),
        Operator::Contains => return Err(invalid(Some(&filter.column), "contains takes an array or an object")),
    };
    Ok(holds != filter.negate)
}

/// As `@>` of arrays and of `jsonb`: members in any order, objects with these members and maybe others.
fn contains(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Array(members), Value::Array(wanted)) => {
            wanted.iter().all(|wanted| members.iter().any(|member| contains(member, wanted)))
        }
        (Value::Object(members), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| members.get(name).is_some_and(|member| contains(member, wanted)))
        }
        _ => value == wanted,
    }
}

/// Numbers by value, everything else by its text; null last.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => match (a.is_null(), b.is_null()) {
            (false, false) => text(a).cmp(&text(b)),
            (a, b) => a.cmp(&b),
        },
    }
}

pub(super) fn number(value: &Value) -> Option<Decimal> {
    value.is_number().then(|| Money::from_json(value)).flatten().map(Money::decimal)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
            ends.into_iter().any(|index| like(&text[index..], rest))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_contains_its_parts_and_an_array_its_members() {
        let steps = json!([{ "item": "Sand", "completed": true }, { "item": "Spray", "completed": false }]);
        for (value, wanted, holds) in [
            (&steps, json!([{ "completed": false }]), true),
            (&steps, json!([{ "item": "Sand", "completed": false }]), false),
            (&steps, json!([{}]), true),
            (&json!([]), json!([{}]), false),
            (&json!(["a", "b"]), json!(["b"]), true),
            (&json!(["a", "b"]), json!(["c"]), false),
        ] {
            assert_eq!(contains(value, &wanted), holds, "{value} {wanted}");
        }
    }
}
