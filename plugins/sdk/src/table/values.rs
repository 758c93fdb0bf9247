//! Values on their way to the database: checked before the call, with messages that say what is allowed.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::column::MAX_TEXT;
use super::{Column, Kind, Table};
use crate::{Money, ToolError};

/// Checks a new row.
pub(super) fn new_row(
    table: &Table,
    given: Map<String, Value>,
    at: &str,
    zone: Tz,
) -> Result<Map<String, Value>, ToolError> {
    let row = written(table, given, at, zone)?;
    let missing =
        table.columns.iter().filter(|column| column.required && row.get(column.name).is_none_or(Value::is_null));
    let missing: Vec<String> = missing.map(|column| format!("`{}`", column.name)).collect();
    if missing.is_empty() {
        return Ok(row);
    }
    Err(ToolError::Arguments(format!("{at}A new {} needs {}.", table.singular, missing.join(" and "))))
}

/// Checks changes: null empties a column that may be empty.
pub(super) fn changes(
    table: &Table,
    given: Map<String, Value>,
    at: &str,
    zone: Tz,
) -> Result<Map<String, Value>, ToolError> {
    let changes = written(table, given, at, zone)?;
    if changes.is_empty() {
        return Err(ToolError::Arguments(format!("{at}There is nothing to change: name at least one column.")));
    }
    let emptied =
        table.columns.iter().find(|column| column.required && changes.get(column.name).is_some_and(Value::is_null));
    match emptied {
        Some(column) => Err(ToolError::Arguments(format!("{at}`{}` can't be emptied.", column.name))),
        None => Ok(changes),
    }
}

fn written(table: &Table, given: Map<String, Value>, at: &str, zone: Tz) -> Result<Map<String, Value>, ToolError> {
    let mut row = Map::with_capacity(given.len());
    for (name, value) in given {
        let Some(column) = table.column(&name).filter(|column| column.is_writable()) else {
            return Err(ToolError::Arguments(format!("{at}{}", not_writable(table, &name))));
        };
        let value = check(column, value, zone).map_err(|message| ToolError::Arguments(format!("{at}{message}")))?;
        row.insert(name, value);
    }
    Ok(row)
}

fn not_writable(table: &Table, name: &str) -> String {
    if table.column(name).is_some() || matches!(name, "id" | "user_id" | "created_at" | "updated_at") {
        return format!("`{name}` can't be written with this tool; leave it out.");
    }
    let names: Vec<&str> =
        table.columns.iter().filter(|column| column.is_writable()).map(|column| column.name).collect();
    format!("{} have no `{name}`. What can be written: {}.", table.heading(), names.join(", "))
}

/// Checks one value and gives it the form the database takes.
pub(super) fn check(column: &Column, value: Value, zone: Tz) -> Result<Value, String> {
    // People and models empty a date with "".
    let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
    if value.is_null() || blank {
        return Ok(Value::Null);
    }
    let name = column.name;
    let expected = |what: &str| format!("`{name}`: expected {what}, got {}.", shown(&value));
    match column.kind {
        Kind::Text => match value {
            Value::String(text) if text.chars().count() > MAX_TEXT => {
                Err(format!("`{name}`: text of at most {MAX_TEXT} characters."))
            }
            Value::String(text) => Ok(text.trim().into()),
            Value::Number(number) => Ok(number.to_string().into()),
            other => Err(format!("`{name}`: expected text, got {}.", shown(&other))),
        },
        Kind::Money => {
            let amount = Money::from_json(&value).ok_or_else(|| expected("an amount such as 1234.50"))?;
            if !amount.is_whole_cents() {
                return Err(expected("an amount in whole cents"));
            }
            in_range(column, amount.decimal())?;
            Ok(amount.into())
        }
        Kind::Decimal => {
            let number = Money::from_json(&value).ok_or_else(|| expected("a number"))?;
            in_range(column, number.decimal())?;
            Ok(number.into())
        }
        Kind::Integer => {
            let number = Money::from_json(&value).map(Money::decimal).filter(|number| number.fract().is_zero());
            let number = number.ok_or_else(|| expected("a whole number"))?;
            in_range(column, number)?;
            let digits = number.trunc().normalize().to_string();
            digits
                .parse::<i64>()
                .map(|number| Value::Number(Number::from(number)))
                .map_err(|_| expected("a smaller number"))
        }
        Kind::Boolean => match &value {
            Value::Bool(_) => Ok(value),
            Value::String(text) if text == "true" || text == "false" => Ok((text == "true").into()),
            _ => Err(expected("true or false")),
        },
        Kind::Date => {
            date(&value).map(|date| date.to_string().into()).ok_or_else(|| expected("a date such as 2026-03-09"))
        }
        Kind::Time => time(&value).ok_or_else(|| expected("a time such as 14:30")),
        Kind::Timestamp => instant(&value, zone)
            .map(|at| at.to_rfc3339().into())
            .ok_or_else(|| expected("a time such as 2026-03-09T14:30:00-05:00")),
        Kind::Uuid => match value.as_str().map(str::trim) {
            Some(text) if is_uuid(text) => Ok(text.to_ascii_lowercase().into()),
            _ => Err(expected("an id as the tools return it, not a name")),
        },
        Kind::OneOf(words) => {
            one_of(words, &value).map(Value::from).ok_or_else(|| expected(&format!("one of {}", words.join(", "))))
        }
        Kind::Tags => match &value {
            Value::Array(tags) if tags.iter().all(Value::is_string) => Ok(value),
            Value::String(tag) => Ok(Value::Array(vec![tag.trim().into()])),
            _ => Err(expected("a list of words")),
        },
        Kind::Json(_) => match value {
            Value::Array(_) | Value::Object(_) => Ok(value),
            other => Err(format!("`{name}`: expected a list or an object, got {}.", shown(&other))),
        },
    }
}

/// A word of a list, however it is spelled: `In Progress` is `in-progress`.
pub(super) fn one_of(words: &'static [&'static str], value: &Value) -> Option<&'static str> {
    let given = value.as_str()?.trim().to_ascii_lowercase().replace([' ', '_'], "-");
    words.iter().copied().find(|word| *word == given)
}

/// A date, or the date of an instant.
pub(super) fn date(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?.trim();
    text.parse().ok().or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.date_naive()))
}

/// Whether it has the form of an id.
pub(super) fn is_uuid(text: &str) -> bool {
    let fits =
        |(at, byte): (usize, u8)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

fn time(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let time =
        NaiveTime::parse_from_str(text, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M")).ok()?;
    Some(time.format("%H:%M:%S").to_string().into())
}

/// An instant; one without an offset is in the user's zone, a date is its first moment there.
fn instant(value: &Value, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let text = value.as_str()?.trim();
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant);
    }
    let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let local = local.or_else(|| date(value).map(|date| date.and_time(NaiveTime::MIN)))?;
    Some(local.and_local_timezone(zone).earliest()?.fixed_offset())
}

fn in_range(column: &Column, number: Decimal) -> Result<(), String> {
    let (min, max) = (column.min.map(Decimal::from), column.max.map(Decimal::from));
    if min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max) {
        return Ok(());
    }
    let allowed = match (column.min, column.max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(0), None) => "zero or more".to_owned(),
        (Some(min), None) => format!("at least {min}"),
        (None, max) => format!("at most {}", max.unwrap_or_default()),
    };
    Err(format!("`{}`: must be {allowed}, got {number}.", column.name))
}

/// A value as it came, cut to what a message can hold.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}
