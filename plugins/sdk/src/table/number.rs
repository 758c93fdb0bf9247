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
    let Some(numbering) = table.numbering else {
        return Ok(());
    };
    let open: Vec<_> = rows.iter_mut().filter(|row| !row.contains_key(numbering.column)).collect();
    let numbers = numbering.next(context, table.name, open.len())?;
    for (row, number) in open.into_iter().zip(numbers) {
        row.insert(numbering.column.to_owned(), number.into());
    }
    Ok(())
}

impl Numbering {
    /// The next numbers of a table. Needs a grant to read the column and `created_at`.
    pub fn next(&self, context: &mut Context<'_>, table: &str, count: usize) -> Result<Vec<String>, ToolError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let first = self.latest(context, table)?.map_or_else(|| self.first.to_owned(), |latest| after(&latest));
        Ok(std::iter::successors(Some(first), |number| Some(after(number))).take(count).collect())
    }

    /// The highest number among the newest rows.
    fn latest(&self, context: &mut Context<'_>, table: &str) -> Result<Option<String>, ToolError> {
        let newest = Query::new(table, &[self.column]).descending("created_at").limit(NUMBERS_READ);
        let rows = context.select(&newest)?.rows;
        let numbers = rows.iter().map(|row| row.text(self.column)).filter(|number| !number.is_empty());
        Ok(numbers.max_by_key(|number| split(number).1).map(str::to_owned))
    }
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
    use serde_json::json;

    use super::*;
    use crate::testing::{self, FakeHost};

    #[test]
    fn numbers_for_rows_that_another_table_makes_follow_its_highest() {
        let numbering = Numbering { column: "project_number", first: "PRJ-1001" };
        let rows = ["PRJ-1009", "PRJ-1011", "PRJ-1010"].map(|number| json!({ "project_number": number }));
        for (rows, count, expected) in [
            (rows.as_slice(), 2, &["PRJ-1012", "PRJ-1013"][..]),
            (&[json!({ "project_number": null })], 1, &["PRJ-1001"]),
            (&[], 0, &[]),
        ] {
            let mut host = FakeHost::new().with_table("projects", rows.iter().cloned());
            let turn = testing::turn("A question");
            let mut context = Context::new(&mut host, &turn).unwrap();
            assert_eq!(numbering.next(&mut context, "projects", count).unwrap(), expected);
        }
    }

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
