//! Figures over groups of rows.

use std::cmp::Ordering;

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{Store, compare};
use crate::data::{AggregateFunction, Aggregation, CalendarUnit, DataError, GroupKey, Measure};
use crate::{Money, Row};

impl Store {
    pub(super) fn aggregate(&self, aggregation: &Aggregation) -> Result<Vec<String>, DataError> {
        if aggregation.measures.is_empty() || aggregation.limit == 0 {
            return Err(compare::invalid(None, "an aggregation needs measures and a limit from 1"));
        }
        let mut groups: Vec<(Vec<Value>, Vec<Row>)> = Vec::new();
        for row in self.table(&aggregation.table)? {
            if !compare::matches(&row, &aggregation.conditions)? {
                continue;
            }
            let keys: Vec<Value> = aggregation.group_by.iter().map(|key| group(&row, key)).collect();
            match groups.iter_mut().find(|(known, _)| *known == keys) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((keys, vec![row])),
            }
        }
        if aggregation.group_by.is_empty() && groups.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        groups.sort_by(|(a, _), (b, _)| {
            let orders = a.iter().zip(b).map(|(a, b)| compare::order(a, b));
            orders.fold(Ordering::Equal, Ordering::then)
        });
        let groups = groups.iter().take(aggregation.limit as usize).map(|(keys, rows)| {
            let keys = aggregation.group_by.iter().zip(keys).map(|(key, value)| (key.column.clone(), value.clone()));
            let figures = aggregation.measures.iter().map(|measure| (measure.name.clone(), figure(measure, rows)));
            Value::Object(keys.chain(figures).collect::<Map<_, _>>()).to_string()
        });
        Ok(groups.collect())
    }
}

fn group(row: &Row, key: &GroupKey) -> Value {
    let (Some(unit), Some(date)) = (key.unit, row.date(&key.column)) else {
        return row.get(&key.column).clone();
    };
    let first = |month: u32| NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date);
    let start = match unit {
        CalendarUnit::Day => date,
        CalendarUnit::Week => date - Days::new(u64::from(date.weekday().num_days_from_monday())),
        CalendarUnit::Month => first(date.month()),
        CalendarUnit::Quarter => first((date.month() - 1) / 3 * 3 + 1),
        CalendarUnit::Year => first(1),
    };
    start.to_string().into()
}

fn figure(measure: &Measure, rows: &[Row]) -> Value {
    let Some(column) = &measure.column else {
        return rows.len().into();
    };
    let values: Vec<&Value> = rows.iter().map(|row| row.get(column)).filter(|value| !value.is_null()).collect();
    let sum = || values.iter().filter_map(|value| compare::number(value)).sum::<Decimal>();
    match measure.function {
        AggregateFunction::Count => values.len().into(),
        _ if values.is_empty() => Value::Null,
        AggregateFunction::Sum => Money::from(sum()).into(),
        AggregateFunction::Avg => Money::from(sum() / Decimal::from(values.len())).into(),
        AggregateFunction::Min => values.into_iter().min_by(|a, b| compare::order(a, b)).cloned().unwrap_or_default(),
        AggregateFunction::Max => values.into_iter().max_by(|a, b| compare::order(a, b)).cloned().unwrap_or_default(),
    }
}
