//! How the figures of an invoice add up: items, discount, tax, total. Exact, in whole cents.

use canvalo_sdk::{Money, Row};
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::invoice::amount;

/// The figures of an invoice.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Before discount and tax.
    pub subtotal: Money,
    /// Taken off before tax.
    pub discount: Money,
    /// On what is left after the discount.
    pub tax: Money,
    /// What the client pays.
    pub total: Money,
    /// The items with their totals, when they were given.
    pub line_items: Option<Vec<Value>>,
}

/// How tax is given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tax {
    Percent(Decimal),
    Amount(Money),
}

/// The figures of a new invoice from whatever was given, or what is wrong with it.
pub fn of_new(row: &Map<String, Value>) -> Result<Totals, String> {
    let discount = amount(row, "discount_amount").unwrap_or_default();
    let tax = tax(row).unwrap_or(Tax::Amount(Money::ZERO));
    let items = items(row)?;
    let total = amount(row, "total_amount");
    let subtotal = match (&items, amount(row, "subtotal"), total) {
        (Some((_, sum)), given, _) => agree("subtotal", *sum, given)?,
        (None, Some(subtotal), _) => subtotal,
        (None, None, Some(total)) => before(total, discount, tax)?,
        (None, None, None) => return Err("Say what it is for: line items, a subtotal or a total.".to_owned()),
    };
    let totals = add_up(subtotal, discount, tax, items.map(|(items, _)| items))?;
    agree("tax_amount", totals.tax, amount(row, "tax_amount"))?;
    agree("total_amount", totals.total, total)?;
    Ok(totals)
}

/// The figures after a change; none when the change doesn't touch them.
pub fn of_changed(row: &Row, changes: &Map<String, Value>) -> Result<Option<Totals>, String> {
    let inputs = ["line_items", "subtotal", "discount_amount", "tax_rate", "tax_amount"];
    let total = amount(changes, "total_amount");
    if total.is_none() && !inputs.iter().any(|column| changes.contains_key(*column)) {
        return Ok(None);
    }
    let merged = |column: &str| {
        if changes.contains_key(column) { amount(changes, column) } else { amount(&row.0, column) }
    };
    let discount = merged("discount_amount").unwrap_or_default();
    let tax = changed_tax(row, changes)?;
    let items = items(changes)?;
    let only_total = total.is_some() && !inputs.iter().any(|column| changes.contains_key(*column));
    let kept_items = if changes.contains_key("line_items") { &Value::Null } else { row.get("line_items") };
    let has_items = kept_items.as_array().is_some_and(|items| !items.is_empty());
    let subtotal = match (&items, amount(changes, "subtotal"), total) {
        (Some((_, sum)), given, _) => agree("subtotal", *sum, given)?,
        (None, Some(_), _) if has_items => {
            return Err("its subtotal is the sum of its line items: change those.".to_owned());
        }
        (None, Some(subtotal), _) => subtotal,
        (None, None, Some(_)) if only_total && has_items => {
            return Err("its total is made of its line items: change those.".to_owned());
        }
        (None, None, Some(total)) if only_total => before(total, discount, tax)?,
        (None, None, _) => amount(&row.0, "subtotal").unwrap_or_default(),
    };
    let totals = add_up(subtotal, discount, tax, items.map(|(items, _)| items))?;
    agree("total_amount", totals.total, total)?;
    Ok(Some(totals))
}

/// A rate that is set counts; an amount only without one.
fn tax(row: &Map<String, Value>) -> Option<Tax> {
    let rate = amount(row, "tax_rate").map(Money::decimal).filter(|rate| !rate.is_zero());
    rate.map(Tax::Percent).or_else(|| amount(row, "tax_amount").map(Tax::Amount))
}

/// The tax after a change. A rate of zero that is asked for ends the tax there was.
fn changed_tax(row: &Row, changes: &Map<String, Value>) -> Result<Tax, String> {
    let old = tax(&row.0).unwrap_or(Tax::Amount(Money::ZERO));
    match (tax(changes), old) {
        (Some(Tax::Amount(_)), Tax::Percent(_)) if !changes.contains_key("tax_rate") => {
            Err("its tax comes from its tax rate: change that.".to_owned())
        }
        (Some(new), _) => Ok(new),
        (None, _) if changes.contains_key("tax_rate") => Ok(Tax::Amount(Money::ZERO)),
        (None, old) => Ok(old),
    }
}

fn add_up(subtotal: Money, discount: Money, tax: Tax, line_items: Option<Vec<Value>>) -> Result<Totals, String> {
    let taxed = subtotal - discount;
    if taxed.is_negative() {
        return Err(format!("The discount of {discount} is more than the subtotal of {subtotal}."));
    }
    let tax = match tax {
        Tax::Percent(rate) => (taxed * (rate / Decimal::ONE_HUNDRED)).rounded(),
        Tax::Amount(amount) => amount,
    };
    Ok(Totals { subtotal, discount, tax, total: taxed + tax, line_items })
}

/// The subtotal that leads to a total.
fn before(total: Money, discount: Money, tax: Tax) -> Result<Money, String> {
    match tax {
        Tax::Amount(tax) if total >= tax => Ok(total - tax + discount),
        Tax::Amount(tax) => Err(format!("The tax of {tax} is more than the total of {total}.")),
        Tax::Percent(_) => Err("With a tax rate, give line items or the subtotal instead of the total.".to_owned()),
    }
}

/// A figure that was given must be the one computed.
fn agree(name: &str, computed: Money, given: Option<Money>) -> Result<Money, String> {
    match given {
        Some(given) if given != computed => Err(format!(
            "`{name}` was given as {given}, but it adds up to {computed}. Leave it out or correct the items."
        )),
        _ => Ok(computed),
    }
}

/// The items with their totals, and the sum.
fn items(row: &Map<String, Value>) -> Result<Option<(Vec<Value>, Money)>, String> {
    let Some(Value::Array(items)) = row.get("line_items") else {
        return Ok(None);
    };
    let mut completed = Vec::with_capacity(items.len());
    let mut sum = Money::ZERO;
    for (index, item) in items.iter().enumerate() {
        let (item, total) = line(item).map_err(|problem| format!("Line item {}: {problem}", index + 1))?;
        completed.push(item);
        sum = sum + total;
    }
    if completed.is_empty() {
        return Ok(None);
    }
    Ok(Some((completed, sum)))
}

fn line(item: &Value) -> Result<(Value, Money), String> {
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
    let total = agree("total", (price * quantity).rounded(), item.get("total").and_then(Money::from_json))?;
    let completed = [
        ("description", description.into()),
        ("quantity", Money::from(quantity).into()),
        ("unit_price", price.into()),
        ("total", total.into()),
    ];
    Ok((Value::Object(completed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()), total))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn new(row: Value) -> Result<(String, String, String), String> {
        let totals = of_new(row.as_object().unwrap())?;
        Ok((totals.subtotal.to_string(), totals.tax.to_string(), totals.total.to_string()))
    }

    fn changed(row: Value, changes: Value) -> Result<Option<String>, String> {
        let row = Row(row.as_object().unwrap().clone());
        Ok(of_changed(&row, changes.as_object().unwrap())?.map(|totals| totals.total.to_string()))
    }

    fn figures(subtotal: &str, tax: &str, total: &str) -> Result<(String, String, String), String> {
        Ok((subtotal.to_owned(), tax.to_owned(), total.to_owned()))
    }

    #[test]
    fn items_discount_and_tax_add_up_exactly() {
        let items = json!([
            { "description": "Walls", "quantity": 2, "unit_price": 450.10 },
            { "description": "Trim", "quantity": 12.5, "unit_price": "3.33" }
        ]);
        assert_eq!(new(json!({ "line_items": items })), figures("$941.83", "$0.00", "$941.83"));
        let row = json!({ "line_items": items, "tax_rate": 8.25, "discount_amount": 41.83 });
        assert_eq!(new(row), figures("$941.83", "$74.25", "$974.25"));
        let totals = of_new(json!({ "line_items": items }).as_object().unwrap()).unwrap();
        assert_eq!(
            totals.line_items.unwrap()[1].to_string(),
            r#"{"description":"Trim","quantity":12.5,"unit_price":3.33,"total":41.63}"#
        );
    }

    #[test]
    fn a_total_alone_is_enough_unless_a_tax_rate_makes_it_unclear() {
        assert_eq!(new(json!({ "total_amount": 500 })), figures("$500.00", "$0.00", "$500.00"));
        assert_eq!(new(json!({ "total_amount": 500, "tax_amount": 40 })), figures("$460.00", "$40.00", "$500.00"));
        assert!(new(json!({ "total_amount": 500, "tax_rate": 8 })).unwrap_err().contains("instead of the total"));
        assert!(new(json!({})).unwrap_err().contains("Say what it is for"));
    }

    #[test]
    fn figures_that_do_not_add_up_are_refused_with_the_right_one() {
        let error = new(json!({ "subtotal": 100, "tax_rate": 10, "total_amount": 111 })).unwrap_err();
        assert_eq!(
            error,
            "`total_amount` was given as $111.00, but it adds up to $110.00. Leave it out or correct the items."
        );
        assert!(
            new(json!({ "subtotal": 100, "discount_amount": 101 })).unwrap_err().contains("more than the subtotal")
        );
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
            let error = new(json!({ "line_items": [item] })).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }

    #[test]
    fn a_change_recomputes_what_depends_on_it() {
        let row = || json!({ "subtotal": 1000, "discount_amount": 0, "tax_rate": 10, "tax_amount": 100, "total_amount": 1100 });
        assert_eq!(changed(row(), json!({ "notes": "x" })), Ok(None));
        assert_eq!(changed(row(), json!({ "discount_amount": 100 })), Ok(Some("$990.00".to_owned())));
        assert_eq!(changed(row(), json!({ "tax_rate": 5 })), Ok(Some("$1,050.00".to_owned())));
        assert_eq!(changed(row(), json!({ "tax_rate": 0 })), Ok(Some("$1,000.00".to_owned())));
        assert_eq!(changed(row(), json!({ "tax_rate": 0, "tax_amount": 7 })), Ok(Some("$1,007.00".to_owned())));
        assert!(changed(row(), json!({ "tax_amount": 7 })).unwrap_err().contains("tax rate"));
        let flat = json!({ "subtotal": 100, "tax_rate": 0, "tax_amount": 5, "total_amount": 105 });
        assert_eq!(changed(flat, json!({ "tax_amount": 7 })), Ok(Some("$107.00".to_owned())));
        assert_eq!(changed(row(), json!({ "subtotal": 2000 })), Ok(Some("$2,200.00".to_owned())));
        assert!(changed(row(), json!({ "total_amount": 2000 })).unwrap_err().contains("instead of the total"));
        let items = json!([{ "description": "Walls", "unit_price": 10 }]);
        assert_eq!(changed(row(), json!({ "line_items": items })), Ok(Some("$11.00".to_owned())));
        let with_items = json!({ "line_items": items, "subtotal": 10, "total_amount": 10 });
        assert!(changed(with_items.clone(), json!({ "total_amount": 12 })).unwrap_err().contains("line items"));
        assert_eq!(
            changed(with_items.clone(), json!({ "line_items": [], "subtotal": 12 })),
            Ok(Some("$12.00".to_owned()))
        );
        assert!(changed(with_items, json!({ "subtotal": 12 })).unwrap_err().contains("line items"));
        assert_eq!(
            changed(json!({ "total_amount": 10 }), json!({ "total_amount": 12 })),
            Ok(Some("$12.00".to_owned()))
        );
    }
}
