//! Rows as people read them.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{Kind, Table};
use crate::{Money, Quantity, Row};

/// A row with its id and these columns, in their order.
pub(super) fn columns(table: &Table, row: &Row, shown: &[&str], zone: Tz) -> Map<String, Value> {
    let mut columns = Map::with_capacity(shown.len() + 1);
    columns.insert("id".to_owned(), row.get("id").clone());
    for name in shown {
        columns.insert((*name).to_owned(), value(table, name, row, zone));
    }
    columns
}

/// A row with everything that has a value.
pub(super) fn whole(table: &Table, row: &Row, zone: Tz) -> Map<String, Value> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let mut whole = columns(table, row, &names, zone);
    whole.retain(|_, value| !value.is_null());
    whole
}

fn value(table: &Table, name: &str, row: &Row, zone: Tz) -> Value {
    let value = row.get(name);
    let column = table.column(name);
    if let Some((unit, number)) = column.and_then(|column| column.unit).zip(row.decimal(name)) {
        return Quantity::new(number, row.text(unit)).to_string().into();
    }
    match column.map(|column| column.kind) {
        Some(Kind::Money) => Money::from_json(value).map_or_else(|| value.clone(), |amount| amount.to_string().into()),
        Some(Kind::Decimal) => match Money::from_json(value) {
            Some(number) => Money::from(number.decimal().normalize()).into(),
            None => value.clone(),
        },
        Some(Kind::Timestamp) => match row.instant(name) {
            Some(instant) => instant.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string().into(),
            None => value.clone(),
        },
        Some(Kind::Time) => value.as_str().and_then(|time| time.get(..5)).map_or_else(|| value.clone(), Value::from),
        _ => value.clone(),
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
