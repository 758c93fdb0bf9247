//! What a proposal is made of: sections with items, some or all of them with a price.
//!
//! An item is a text, or an object with a description and a price: an `amount`, or a `unit_price` times a `quantity`. The
//! section's total is the sum of its priced items. Where no item has a price, the section itself must have one.

use canvalo_sdk::{Lines, Money, columns, totals};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

/// The column, for the model.
pub(crate) const SCHEMA: &str = r#"{"type":"array","maxItems":50,"items":{"type":"object","properties":{
"section_name":{"type":"string","description":"A part of the job: Cabinets, Walls, Preparation."},
"items":{"type":"array","maxItems":100,"items":{"type":"object","properties":{
"description":{"type":"string"},
"amount":{"type":"number","description":"Dollars for this item, if it has a price of its own."},
"quantity":{"type":"number","description":"With unit_price. 1 if left out."},
"unit_price":{"type":"number","description":"Dollars for one, instead of amount."}},
"required":["description"]}},
"section_total":{"type":"number","description":"Dollars for the section, when its items have no prices. Else leave out: it is computed."}},
"required":["section_name"]}}"#;

/// How sections add up.
pub(crate) const LINES: Lines = Lines { column: "sections", entry: "Section", complete };

fn complete(section: &Value) -> Result<(Value, Money), String> {
    let Value::Object(section) = section else {
        return Err("expected an object.".to_owned());
    };
    let name = text(section, "section_name");
    if name.is_empty() {
        return Err("it needs a `section_name`.".to_owned());
    }
    let given = match section.get("items") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => return Err("`items` must be a list.".to_owned()),
    };
    let mut items = Vec::with_capacity(given.len());
    let mut priced = None;
    for (index, given) in given.iter().enumerate() {
        let (item, price) = item(given).map_err(|problem| format!("item {}: {problem}", index + 1))?;
        items.push(item);
        if let Some(price) = price {
            priced = Some(priced.unwrap_or(Money::ZERO) + price);
        }
    }
    let total = amount(section, "section_total")?;
    let total = match (priced, total) {
        (Some(sum), given) => totals::agree("section_total", sum, given)?,
        (None, Some(total)) => total,
        (None, None) => return Err("it needs items with an `amount`, or a `section_total`.".to_owned()),
    };
    let section = columns([("section_name", name.into()), ("items", items.into()), ("section_total", total.into())]);
    Ok((Value::Object(section), total))
}

/// An item in the form it is kept in, and its price if it has one.
fn item(item: &Value) -> Result<(Value, Option<Money>), String> {
    let object = match item {
        Value::String(text) if !text.trim().is_empty() => return Ok((text.trim().into(), None)),
        Value::Object(object) => object,
        _ => return Err("expected a text or an object.".to_owned()),
    };
    let description = text(object, "description");
    if description.is_empty() {
        return Err("it needs a `description`.".to_owned());
    }
    let (amount, total) = (amount(object, "amount")?, amount(object, "total")?);
    let given = amount.or(total);
    let (item, price) = match (object.get("unit_price"), object.get("quantity")) {
        (None | Some(Value::Null), None | Some(Value::Null)) => match given {
            Some(amount) => (columns([("description", description.into()), ("amount", amount.into())]), given),
            None => (columns([("description", description.into())]), None),
        },
        (None | Some(Value::Null), Some(_)) => return Err("a `quantity` needs a `unit_price`.".to_owned()),
        (Some(price), quantity) => {
            let price = Money::from_json(price).filter(|price| !price.is_negative());
            let price = price.ok_or("`unit_price` must be an amount such as 45.50.")?;
            let quantity = match quantity {
                None | Some(Value::Null) => Decimal::ONE,
                Some(quantity) => {
                    Money::from_json(quantity).map(Money::decimal).ok_or("`quantity` must be a number.")?
                }
            };
            if quantity <= Decimal::ZERO {
                return Err("`quantity` must be more than zero.".to_owned());
            }
            let total = totals::agree("total", (price * quantity).rounded(), given)?;
            let item = columns([
                ("description", description.into()),
                ("quantity", Money::from(quantity).into()),
                ("unit_price", price.into()),
                ("total", total.into()),
            ]);
            (item, Some(total))
        }
    };
    Ok((Value::Object(item), price))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default()
}

/// An amount in whole cents, not below zero.
fn amount(object: &Map<String, Value>, name: &str) -> Result<Option<Money>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => Money::from_json(value)
            .filter(|amount| amount.is_whole_cents() && !amount.is_negative())
            .map(Some)
            .ok_or_else(|| format!("`{name}` must be an amount such as 450.00, zero or more.")),
    }
}

#[cfg(test)]
mod tests {
    use canvalo_sdk::Totals;
    use serde_json::json;

    use super::*;

    fn totals(sections: Value) -> Result<Totals, String> {
        Totals::of_new(&LINES, json!({ "sections": sections }).as_object().unwrap())
    }

    #[test]
    fn sections_with_amounts_prices_and_mere_texts_add_up() {
        let totals = totals(json!([
            { "section_name": "Floor", "items": [{ "description": "Grinding", "amount": 3360 }, { "description": "Epoxy", "amount": "9135.10" }] },
            { "section_name": "Walls", "items": ["Two coats", { "description": "Accent walls", "quantity": 2.5, "unit_price": 3.33 }] },
            { "section_name": "Clean-up", "items": ["Waste"], "section_total": 100 },
        ]));
        let totals = totals.unwrap();
        assert_eq!(totals.total.to_string(), "$12,603.43");
        let sections = Value::from(totals.lines.unwrap().1).to_string();
        let floor = r#"{"section_name":"Floor","items":[{"description":"Grinding","amount":3360},{"description":"Epoxy","amount":9135.10}],"section_total":12495.10}"#;
        let walls = r#"{"section_name":"Walls","items":["Two coats",{"description":"Accent walls","quantity":2.5,"unit_price":3.33,"total":8.33}],"section_total":8.33}"#;
        let rest = r#"{"section_name":"Clean-up","items":["Waste"],"section_total":100}"#;
        assert_eq!(sections, format!("[{floor},{walls},{rest}]"));
    }

    #[test]
    fn what_is_stored_stays_valid() {
        let stored =
            json!([{ "section_name": "A", "items": [{ "description": "B", "amount": 5 }], "section_total": 5 }]);
        let lines = totals(stored.clone()).unwrap().lines.unwrap();
        assert_eq!(Value::from(lines.1), stored);
    }

    #[test]
    fn a_section_that_lacks_something_or_does_not_add_up_is_refused_by_its_number() {
        let with = |item: Value| json!({ "section_name": "A", "items": [item] });
        for (section, problem) in [
            (json!("A"), "Section 1: expected an object."),
            (json!({ "items": [] }), "Section 1: it needs a `section_name`."),
            (json!({ "section_name": "A", "items": "B" }), "Section 1: `items` must be a list."),
            (with("B".into()), "Section 1: it needs items with an `amount`, or a `section_total`."),
            (with("".into()), "Section 1: item 1: expected a text or an object."),
            (with(json!({ "amount": 5 })), "Section 1: item 1: it needs a `description`."),
            (with(json!({ "description": "B", "amount": -5 })), "Section 1: item 1: `amount` must be an amount"),
            (with(json!({ "description": "B", "amount": 0.001 })), "Section 1: item 1: `amount` must be an amount"),
            (
                with(json!({ "description": "B", "quantity": 2 })),
                "Section 1: item 1: a `quantity` needs a `unit_price`.",
            ),
            (
                with(json!({ "description": "B", "quantity": 0, "unit_price": 2 })),
                "Section 1: item 1: `quantity` must be more",
            ),
            (
                with(json!({ "description": "B", "unit_price": 2, "amount": 3 })),
                "Section 1: item 1: `total` was given as $3.00",
            ),
            (
                json!({ "section_name": "A", "items": [{ "description": "B", "amount": 5 }], "section_total": 6 }),
                "Section 1: `section_total` was given as $6.00, but it adds up to $5.00.",
            ),
        ] {
            let error = totals(json!([section])).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
