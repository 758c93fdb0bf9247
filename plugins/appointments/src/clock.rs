//! A time of day as an argument: as people and models write it.

use std::borrow::Cow;
use std::fmt;

use canvalo_sdk::Row;
use chrono::{NaiveTime, Timelike};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// A time of day to the minute, in the user's time zone. Reads `14:30`, `14:30:00`, `2:30 PM` and `3pm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(u32);

impl Clock {
    /// Minutes since midnight.
    pub fn minutes(self) -> u32 {
        self.0
    }

    /// A column's time of day.
    pub fn of(row: &Row, column: &str) -> Option<Self> {
        row.time(column).map(Self::from)
    }

    fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase().replace(['.', ' '], "");
        let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
            (Some(clock), _) => (clock, Some(0)),
            (_, Some(clock)) => (clock, Some(12)),
            // The schema's format may be taken for one with a zone; the user's is the only one there is.
            _ => (lower.strip_suffix('z').unwrap_or(&lower), None),
        };
        let mut numbers = clock.split(':').map(|part| {
            let digits = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        });
        let hour = numbers.next()??;
        let minute = match numbers.next() {
            Some(minute) => minute?,
            None if half.is_some() => 0,
            None => return None,
        };
        let second = numbers.next().unwrap_or(Some(0))?;
        let hour = match half {
            Some(noon) if (1..=12).contains(&hour) => hour % 12 + noon,
            Some(_) => return None,
            None => hour,
        };
        (numbers.next().is_none() && hour < 24 && minute < 60 && second < 60).then_some(Self(hour * 60 + minute))
    }
}

impl From<NaiveTime> for Clock {
    fn from(time: NaiveTime) -> Self {
        Self(time.hour() * 60 + time.minute())
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        given
            .as_str()
            .and_then(Self::parse)
            .ok_or_else(|| de::Error::custom(format_args!("expected a time such as 14:30, got {given}")))
    }
}

impl JsonSchema for Clock {
    fn schema_name() -> Cow<'static, str> {
        "Clock".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_and_models_write_it() {
        for (text, read) in [
            ("14:30", "14:30"),
            ("08:00:00", "08:00"),
            ("9:05", "09:05"),
            ("15:00:00Z", "15:00"),
            ("3pm", "15:00"),
            ("3:15 PM", "15:15"),
            ("11 a.m.", "11:00"),
            ("12pm", "12:00"),
            ("12 AM", "00:00"),
            ("00:00", "00:00"),
            ("23:59", "23:59"),
        ] {
            assert_eq!(Clock::parse(text).map(|clock| clock.to_string()).as_deref(), Some(read), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in
            ["", "noonish", "24:00", "10:60", "10", "13pm", "0am", "-1:00", "+9:00", "10:00:00:00", "1e1:00", "١:00"]
        {
            assert_eq!(Clock::parse(text), None, "{text}");
        }
        let error = serde_json::from_value::<Clock>("soon".into()).unwrap_err();
        assert_eq!(error.to_string(), r#"expected a time such as 14:30, got "soon""#);
        let error = serde_json::from_value::<Clock>(9.into()).unwrap_err();
        assert_eq!(error.to_string(), "expected a time such as 14:30, got 9");
    }
}
