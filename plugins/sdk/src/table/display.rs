//! Rows as people read them.

use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{Column, Kind, Table};
use crate::{Money, Quantity, Row};

/// A row with its id and these columns, in their order.
pub(super) fn columns(table: &Table, row: &Row, shown: &[&str], zone: Tz) -> Map<String, Value> {
    let mut columns = Map::with_capacity(shown.len() + 1);
    columns.insert("id".to_owned(), row.get("id").clone());
    for name in shown {
        let value = row.get(name);
        let shown = table.column(name).and_then(|column| readable(column, value, unit(column, row), zone));
        columns.insert((*name).to_owned(), shown.unwrap_or_else(|| value.clone()));
    }
    columns
}

/// A row with everything that has a value, in the order in which it was read.
pub(super) fn whole(table: &Table, row: Row, zone: Tz) -> Map<String, Value> {
    let with_unit = table.columns.iter().filter(|column| column.unit.is_some());
    let units: Vec<(&str, String)> = with_unit.map(|column| (column.name, unit(column, &row).to_owned())).collect();
    // Columns are read in the table's order, so the next one is nearly always the one that is looked for.
    let mut next = 0;
    let mut whole = row.0;
    whole.retain(|name, value| {
        let at = table.columns[next..].iter().position(|column| column.name == *name).map(|ahead| next + ahead);
        let Some(at) = at.or_else(|| table.columns.iter().position(|column| column.name == *name)) else {
            return name == "id" && !value.is_null();
        };
        next = at + 1;
        let unit = units.iter().find(|(column, _)| column == name).map_or("", |(_, unit)| unit);
        if let Some(shown) = readable(&table.columns[at], value, unit, zone) {
            *value = shown;
        }
        !value.is_null()
    });
    whole
}

/// The unit of a column's numbers in this row; empty when it has none.
fn unit<'row>(column: &Column, row: &'row Row) -> &'row str {
    column.unit.map(|unit| row.text(unit)).unwrap_or_default()
}

/// How a value is shown, where that isn't how it is kept.
fn readable(column: &Column, value: &Value, unit: &str, zone: Tz) -> Option<Value> {
    if column.unit.is_some()
        && let Some(number) = Money::from_json(value)
    {
        return Some(Quantity::new(number.decimal(), unit).to_string().into());
    }
    match column.kind {
        Kind::Money => Money::from_json(value).map(|amount| amount.to_string().into()),
        Kind::Decimal => Money::from_json(value).map(|number| Money::from(number.decimal().normalize()).into()),
        Kind::Timestamp => {
            let instant = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok())?;
            Some(instant.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string().into())
        }
        Kind::Time => value.as_str().and_then(|time| time.get(..5)).map(Value::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{self, FakeHost};
    use crate::{Column, Table};

    static AIMS: Table = Table {
        name: "aims",
        singular: "aim",
        label: "title",
        columns: &[
            Column::text("title"),
            Column::decimal("target").in_unit_of("unit"),
            Column::decimal("current").in_unit_of("unit"),
            Column::text("unit"),
        ],
        shown: &["title", "target", "current"],
        ..Table::EMPTY
    };

    #[test]
    fn a_list_shows_numbers_in_the_unit_of_their_row() {
        let mut host = FakeHost::new().with_table(
            "aims",
            [
                json!({ "title": "Revenue", "target": 1200.5, "current": 0, "unit": "USD" }),
                json!({ "title": "Jobs", "target": 10.0, "current": null, "unit": "projects" }),
            ],
        );
        let [list, ..] = AIMS.tools();
        let answer = testing::call(&list, &mut host, json!({})).unwrap();
        let rows = serde_json::to_value(answer).unwrap()["rows"].take();
        let shown = |row: usize| (rows[row]["target"].clone(), rows[row]["current"].clone(), rows[row]["unit"].clone());
        assert_eq!(shown(0), (json!("$1,200.50"), json!("$0.00"), json!(null)));
        assert_eq!(shown(1), (json!("10 projects"), json!(null), json!(null)));
    }
}
