//! Numbers that new rows get: `INV-1043` after `INV-1042`.

use serde_json::{Map, Value};

use super::Table;
use crate::data::Query;
use crate::{Context, ToolError};

/// A text column whose values count up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// The column: `invoice_number`.
    pub column: &'static str,
    /// The number of the very first row: `INV-1001`.
    pub first: &'static str,
}

/// The newest rows that a new number is derived from.
const NUMBERS_READ: u32 = 20;

/// Gives the rows without a number the next ones.
pub(super) fn fill(table: &Table, context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let Some(Numbering { column, first }) = table.numbering else {
        return Ok(());
    };
    let mut next = None;
    for row in rows.iter_mut().filter(|row| !row.contains_key(column)) {
        let number = match next.take() {
            Some(number) => number,
            None => latest(table, context, column)?.map_or_else(|| first.to_owned(), |latest| after(&latest)),
        };
        next = Some(after(&number));
        row.insert(column.to_owned(), number.into());
    }
    Ok(())
}

/// The highest number among the newest rows.
fn latest(table: &Table, context: &mut Context<'_>, column: &str) -> Result<Option<String>, ToolError> {
    let newest = Query::new(table.name, &[column]).descending("created_at").limit(NUMBERS_READ);
    let rows = context.select(&newest)?.rows;
    let numbers = rows.iter().map(|row| row.text(column)).filter(|number| !number.is_empty());
    Ok(numbers.max_by_key(|number| split(number).1).map(str::to_owned))
}

/// `INV-2026-009` becomes `INV-2026-010`; what ends without a number gets one.
fn after(last: &str) -> String {
    let (prefix, number, width) = split(last);
    match number.and_then(|number| number.checked_add(1)) {
        Some(next) => format!("{prefix}{next:0width$}"),
        None => format!("{last}-2"),
    }
}

fn split(number: &str) -> (&str, Option<u64>, usize) {
    let prefix = number.trim_end_matches(|last: char| last.is_ascii_digit());
    let digits = &number[prefix.len()..];
    (prefix, digits.parse().ok(), digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_number_keeps_the_form_of_the_last() {
        for (last, next) in [
            ("INV-1042", "INV-1043"),
            ("INV-2026-009", "INV-2026-010"),
            ("INV-999", "INV-1000"),
            ("7", "8"),
            ("Spring", "Spring-2"),
            ("A-18446744073709551615", "A-18446744073709551615-2"),
        ] {
            assert_eq!(after(last), next);
        }
    }
}
