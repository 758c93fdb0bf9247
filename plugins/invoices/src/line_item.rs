//! What an invoice is made of: quantity times price.

use canvalo_sdk::{Lines, Money, columns, totals};
use rust_decimal::Decimal;
use serde_json::Value;

/// The column, for the model.
pub(crate) const SCHEMA: &str = r#"{"type":"array","maxItems":100,"items":{"type":"object","properties":{
"description":{"type":"string"},
"quantity":{"type":"number","description":"1 if left out."},
"unit_price":{"type":"number","description":"Dollars for one."},
"total":{"type":"number","description":"Leave out: it is computed."}},
"required":["description","unit_price"]}}"#;

/// How line items add up.
pub(crate) const LINES: Lines = Lines { column: "line_items", entry: "Line item", complete };

fn complete(item: &Value) -> Result<(Value, Money), String> {
    let Value::Object(item) = item else {
        return Err("expected an object.".to_owned());
    };
    let description = item.get("description").and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if description.is_empty() {
        return Err("it needs a `description`.".to_owned());
    }
    let quantity = match item.get("quantity") {
        None | Some(Value::Null) => Decimal::ONE,
        Some(value) => Money::from_json(value).map(Money::decimal).ok_or("`quantity` must be a number.")?,
    };
    let price =
        item.get("unit_price").and_then(Money::from_json).ok_or("it needs a `unit_price`, an amount such as 45.50.")?;
    if quantity <= Decimal::ZERO {
        return Err("`quantity` must be more than zero.".to_owned());
    }
    let total = totals::agree("total", (price * quantity).rounded(), item.get("total").and_then(Money::from_json))?;
    let completed = columns([
        ("description", description.into()),
        ("quantity", Money::from(quantity).into()),
        ("unit_price", price.into()),
        ("total", total.into()),
    ]);
    Ok((Value::Object(completed), total))
}

#[cfg(test)]
mod tests {
    use canvalo_sdk::Totals;
    use serde_json::json;

    use super::*;

    fn totals(items: Value) -> Result<Totals, String> {
        Totals::of_new(&LINES, json!({ "line_items": items }).as_object().unwrap())
    }

    #[test]
    fn an_item_is_quantity_times_price_in_whole_cents() {
        let totals = totals(json!([
            { "description": "Walls", "quantity": 2, "unit_price": 450.10 },
            { "description": "Trim", "quantity": 12.5, "unit_price": "3.33" }
        ]));
        let totals = totals.unwrap();
        assert_eq!(totals.total.to_string(), "$941.83");
        assert_eq!(
            totals.lines.unwrap().1[1].to_string(),
            r#"{"description":"Trim","quantity":12.5,"unit_price":3.33,"total":41.63}"#
        );
    }

    #[test]
    fn an_item_that_lacks_something_or_does_not_add_up_is_refused_by_its_number() {
        for (item, problem) in [
            (json!({ "unit_price": 1 }), "Line item 1: it needs a `description`."),
            (json!({ "description": "a" }), "Line item 1: it needs a `unit_price`"),
            (
                json!({ "description": "a", "unit_price": 1, "quantity": 0 }),
                "Line item 1: `quantity` must be more than zero.",
            ),
            (
                json!({ "description": "a", "unit_price": 1, "quantity": 2, "total": 3 }),
                "Line item 1: `total` was given as $3.00",
            ),
            (json!("a"), "Line item 1: expected an object."),
        ] {
            let error = totals(json!([item])).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
