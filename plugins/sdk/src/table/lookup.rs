//! From the names people use to rows.

use serde_json::Value;

use super::Table;
use super::values::is_uuid;
use crate::data::{Condition, Filter, Query};
use crate::{Context, Row, ToolError};

/// Rows to choose from when a name doesn't say which.
const MAX_CANDIDATES: u32 = 10;

/// What a name led to.
#[derive(Debug)]
pub(crate) enum Found {
    /// The one row with this id or label, or whose label ends with it.
    Exact(Row),
    /// Rows that could be meant, best first; none when nothing is like it.
    Candidates(Vec<Row>),
}

impl Found {
    /// The row, if it is certain which one is meant.
    pub(crate) fn exact(self, table: &Table, name: &str) -> Result<Row, ToolError> {
        let candidates = match self {
            Self::Exact(row) => return Ok(row),
            Self::Candidates(candidates) => candidates,
        };
        let shown = name.chars().take(80).collect::<String>();
        if candidates.is_empty() {
            return Err(ToolError::Arguments(format!("There is no {} {shown:?}.", table.singular)));
        }
        let names = candidates
            .iter()
            .map(|row| format!("{} ({}id {})", table.name_of(row), differences(table, row), row.text("id")));
        Err(ToolError::Arguments(format!(
            "Which {} is {shown:?}? It could be: {}. Use the id.",
            table.singular,
            names.collect::<Vec<_>>().join(", ")
        )))
    }
}

/// "rating 5, review date 2026-03-01, ": what sets a row apart from others with its label.
fn differences(table: &Table, row: &Row) -> String {
    let shown = table.told_apart_by.iter().filter_map(|column| {
        let value = match row.get(column) {
            Value::String(text) => text.chars().take(60).collect(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        (!value.trim().is_empty()).then(|| format!("{} {value}, ", column.replace('_', " ")))
    });
    shown.collect()
}

/// Finds each name, with all columns. At most one read for the ids, and two rounds of reads for the labels.
pub(super) fn find(table: &Table, context: &mut Context<'_>, names: &[&str]) -> Result<Vec<Found>, ToolError> {
    let columns = table.all_columns();
    let query = || Query::new(table.name, &columns).ascending(table.label).ascending("id").limit(MAX_CANDIDATES);
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    let (ids, labels): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| is_uuid(name));

    let mut by_id = Vec::new();
    if !ids.is_empty() {
        let limit = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        by_id = context.select(&query().matching(Filter::one_of("id", &ids)).limit(limit))?.rows;
    }

    // Equal labels are asked for on their own: among many that merely hold the name they could be cut off.
    let equal = labels.iter().map(|label| query().matching(named(table, |column| Filter::ilike(column, label))));
    let equal: Vec<Query> = equal.collect();
    let mut by_label = Vec::with_capacity(labels.len());
    for (page, label) in context.select_many(&equal).into_iter().zip(&labels) {
        let mut rows = page?.rows;
        // A `*` in the name is a wildcard to the database.
        rows.retain(|row| is_called(table, row, label));
        by_label.push(rows);
    }
    let unknown: Vec<usize> = (0..labels.len()).filter(|index| by_label[*index].is_empty()).collect();
    let similar = unknown.iter().map(|index| labels[*index]);
    let similar = similar.map(|label| query().matching(mentioned(table, |column| Filter::holds_text(column, label))));
    let similar: Vec<Query> = similar.collect();
    for (page, index) in context.select_many(&similar).into_iter().zip(unknown) {
        by_label[index] = page?.rows;
    }

    let mut by_label = by_label.into_iter();
    let found = names.iter().enumerate().map(|(at, name)| {
        if is_uuid(name) {
            with_id(name, &mut by_id, &names[at + 1..])
        } else {
            like(table, name, by_label.next().unwrap_or_default())
        }
    });
    Ok(found.collect())
}

/// The row with this id. It is copied only when a later name is the same id.
fn with_id(id: &str, rows: &mut Vec<Row>, later: &[&str]) -> Found {
    match rows.iter().position(|row| row.text("id").eq_ignore_ascii_case(id)) {
        None => Found::Candidates(Vec::new()),
        Some(at) if later.iter().any(|name| name.eq_ignore_ascii_case(id)) => Found::Exact(rows[at].clone()),
        Some(at) => Found::Exact(rows.swap_remove(at)),
    }
}

/// What rows that hold this name in a label leave of doubt.
fn like(table: &Table, name: &str, mut rows: Vec<Row>) -> Found {
    let meant: Vec<usize> = (0..rows.len()).filter(|index| is_called(table, &rows[*index], name)).collect();
    // With a full page there may be more that end like this.
    let meant = if meant.is_empty() && rows.len() < MAX_CANDIDATES as usize {
        let ends = |row: &Row| table.naming().any(|column| ends_with_word(row.text(column), name));
        (0..rows.len()).filter(|index| ends(&rows[*index])).collect()
    } else {
        meant
    };
    match meant.as_slice() {
        [only] => Found::Exact(rows.swap_remove(*only)),
        _ => Found::Candidates(rows),
    }
}

/// That one of the columns that name a row is like this.
fn named(table: &Table, filter: impl Fn(&str) -> Filter) -> Condition {
    let mut filters: Vec<Filter> = table.naming().map(filter).collect();
    if filters.len() == 1 { filters.remove(0).into() } else { filters.into() }
}

/// That one of the columns that name a row, or that a search looks through, is like this.
fn mentioned(table: &Table, filter: impl Fn(&str) -> Filter) -> Condition {
    let searched = table.search.iter().copied().filter(|column| table.naming().all(|name| name != *column));
    let mut filters: Vec<Filter> = table.naming().chain(searched).map(filter).collect();
    if filters.len() == 1 { filters.remove(0).into() } else { filters.into() }
}

fn is_called(table: &Table, row: &Row, name: &str) -> bool {
    let mut names = table.naming().filter(|column| !row.get(column).is_null());
    names.any(|column| row.text(column).trim().to_lowercase() == name.to_lowercase())
}

/// Whether a label's last words are these: `INV-1042` ends with `1042` but not with `42`.
fn ends_with_word(label: &str, name: &str) -> bool {
    let (label, name) = (label.trim().to_lowercase(), name.to_lowercase());
    let before = label.strip_suffix(name.as_str());
    before.is_some_and(|before| !name.is_empty() && !before.ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Column;
    use crate::testing::{self, FakeHost};

    static REVIEWS: Table = Table {
        name: "reviews",
        singular: "review",
        label: "client",
        columns: &[Column::text("client"), Column::integer("rating"), Column::date("review_date")],
        told_apart_by: &["rating", "review_date"],
        ..Table::EMPTY
    };

    fn find(name: &str, to_read: bool) -> Result<String, String> {
        let review =
            |client: &str, rating: u8, date: Value| json!({ "client": client, "rating": rating, "review_date": date });
        let rows = [
            review("Ann Lee", 5, "2026-03-01".into()),
            review("Ann Lee", 1, Value::Null),
            review("Bo Diaz", 3, Value::Null),
        ];
        let mut host = FakeHost::new().with_table("reviews", rows);
        let turn = testing::turn("A question");
        let mut context = Context::new(&mut host, &turn).unwrap();
        let found = if to_read {
            REVIEWS.find_to_read(&mut context, name)
        } else {
            REVIEWS.find(&mut context, &[name]).unwrap().remove(0)
        };
        found.map(|row| row.text("client").to_owned()).map_err(|error| error.message())
    }

    #[test]
    fn rows_with_the_same_label_are_told_apart_in_the_question() {
        assert_eq!(
            find("Ann Lee", false).unwrap_err(),
            "Which review is \"Ann Lee\"? It could be: Ann Lee (rating 5, review date 2026-03-01, \
             id 00000000-0000-4000-8000-000000000001), Ann Lee (rating 1, id 00000000-0000-4000-8000-000000000002). \
             Use the id."
        );
    }

    #[test]
    fn to_read_the_only_row_like_the_name_will_do() {
        assert_eq!(find("bo", true).as_deref(), Ok("Bo Diaz"));
        assert!(find("bo", false).unwrap_err().starts_with("Which review is \"bo\"?"));
        assert!(find("Ann", true).unwrap_err().starts_with("Which review is \"Ann\"?"));
        assert_eq!(find("Cy", true).unwrap_err(), "There is no review \"Cy\".");
    }
}
