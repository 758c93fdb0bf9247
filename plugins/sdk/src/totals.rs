//! How the figures of an invoice or a proposal add up: lines, discount, tax, total. Exact, in whole cents.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use crate::{Money, Row};

/// The JSON column whose entries the subtotal is made of, and how one entry adds to it.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    /// The column, an array: `line_items`.
    pub column: &'static str,
    /// One entry, as messages call it: `Line item`.
    pub entry: &'static str,
    /// Completes an entry and says its total, or what is wrong with it.
    pub complete: fn(&Value) -> Result<(Value, Money), String>,
}

/// The figures of a row with `subtotal`, `discount_amount`, `tax_rate`, `tax_amount` and `total_amount`.
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
    /// The column of lines and its entries with their totals, when they were given.
    pub lines: Option<(&'static str, Vec<Value>)>,
}

/// How tax is given.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tax {
    Percent(Decimal),
    Amount(Money),
}

impl Totals {
    /// The figures of a new row from whatever was given, or what is wrong with it.
    pub fn of_new(lines: &Lines, row: &Map<String, Value>) -> Result<Self, String> {
        let discount = amount(row, "discount_amount").unwrap_or_default();
        let tax = tax(row).unwrap_or(Tax::Amount(Money::ZERO));
        let items = items(lines, row)?;
        let total = amount(row, "total_amount");
        let subtotal = match (&items, amount(row, "subtotal"), total) {
            (Some((_, sum)), given, _) => agree("subtotal", *sum, given)?,
            (None, Some(subtotal), _) => subtotal,
            (None, None, Some(total)) => before(total, discount, tax)?,
            (None, None, None) => {
                let column = lines.column.replace('_', " ");
                return Err(format!("Say what it is for: {column}, a subtotal or a total."));
            }
        };
        let totals = add_up(subtotal, discount, tax, items.map(|(items, _)| (lines.column, items)))?;
        agree("tax_amount", totals.tax, amount(row, "tax_amount"))?;
        agree("total_amount", totals.total, total)?;
        Ok(totals)
    }

    /// The figures after a change; none when the change doesn't touch them.
    pub fn of_changed(lines: &Lines, row: &Row, changes: &Map<String, Value>) -> Result<Option<Self>, String> {
        let inputs = [lines.column, "subtotal", "discount_amount", "tax_rate", "tax_amount"];
        let total = amount(changes, "total_amount");
        if total.is_none() && !inputs.iter().any(|column| changes.contains_key(*column)) {
            return Ok(None);
        }
        let merged = |column: &str| {
            if changes.contains_key(column) { amount(changes, column) } else { amount(&row.0, column) }
        };
        let discount = merged("discount_amount").unwrap_or_default();
        let tax = changed_tax(row, changes)?;
        let items = items(lines, changes)?;
        let only_total = total.is_some() && !inputs.iter().any(|column| changes.contains_key(*column));
        let kept = if changes.contains_key(lines.column) { &Value::Null } else { row.get(lines.column) };
        let has_lines = kept.as_array().is_some_and(|items| !items.is_empty());
        let column = lines.column.replace('_', " ");
        let subtotal = match (&items, amount(changes, "subtotal"), total) {
            (Some((_, sum)), given, _) => agree("subtotal", *sum, given)?,
            (None, Some(_), _) if has_lines => {
                return Err(format!("its subtotal is the sum of its {column}: change those."));
            }
            (None, Some(subtotal), _) => subtotal,
            (None, None, Some(_)) if only_total && has_lines => {
                return Err(format!("its total is made of its {column}: change those."));
            }
            (None, None, Some(total)) if only_total => before(total, discount, tax)?,
            (None, None, _) => amount(&row.0, "subtotal").unwrap_or_default(),
        };
        let totals = add_up(subtotal, discount, tax, items.map(|(items, _)| (lines.column, items)))?;
        agree("total_amount", totals.total, total)?;
        Ok(Some(totals))
    }

    /// Puts the figures into a row.
    pub fn write(&self, row: &mut Map<String, Value>) {
        let figures = [
            ("subtotal", self.subtotal),
            ("discount_amount", self.discount),
            ("tax_amount", self.tax),
            ("total_amount", self.total),
        ];
        row.extend(figures.map(|(column, amount)| (column.to_owned(), Value::from(amount))));
        if let Some((column, entries)) = &self.lines {
            row.insert((*column).to_owned(), entries.clone().into());
        }
    }
}

/// An amount of a row being written.
fn amount(row: &Map<String, Value>, column: &str) -> Option<Money> {
    row.get(column).and_then(Money::from_json)
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

type Completed = Option<(&'static str, Vec<Value>)>;

fn add_up(subtotal: Money, discount: Money, tax: Tax, lines: Completed) -> Result<Totals, String> {
    let taxed = subtotal - discount;
    if taxed.is_negative() {
        return Err(format!("The discount of {discount} is more than the subtotal of {subtotal}."));
    }
    let tax = match tax {
        Tax::Percent(rate) => (taxed * (rate / Decimal::ONE_HUNDRED)).rounded(),
        Tax::Amount(amount) => amount,
    };
    Ok(Totals { subtotal, discount, tax, total: taxed + tax, lines })
}

/// The subtotal that leads to a total.
fn before(total: Money, discount: Money, tax: Tax) -> Result<Money, String> {
    match tax {
        Tax::Amount(tax) if total >= tax => Ok(total - tax + discount),
        Tax::Amount(tax) => Err(format!("The tax of {tax} is more than the total of {total}.")),
        Tax::Percent(_) => Err("With a tax rate, give the lines or the subtotal instead of the total.".to_owned()),
    }
}

/// A figure that was given must be the one computed.
pub fn agree(name: &str, computed: Money, given: Option<Money>) -> Result<Money, String> {
    match given {
        Some(given) if given != computed => Err(format!(
            "`{name}` was given as {given}, but it adds up to {computed}. Leave it out or correct what it is made of."
        )),
        _ => Ok(computed),
    }
}

/// The entries with their totals, and the sum.
fn items(lines: &Lines, row: &Map<String, Value>) -> Result<Option<(Vec<Value>, Money)>, String> {
    let Some(Value::Array(items)) = row.get(lines.column) else {
        return Ok(None);
    };
    let mut completed = Vec::with_capacity(items.len());
    let mut sum = Money::ZERO;
    for (index, item) in items.iter().enumerate() {
        let (item, total) =
            (lines.complete)(item).map_err(|problem| format!("{} {}: {problem}", lines.entry, index + 1))?;
        completed.push(item);
        sum = sum + total;
    }
    Ok(Some((completed, sum)).filter(|(completed, _)| !completed.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Entries that are amounts.
    const LINES: Lines = Lines {
        column: "line_items",
        entry: "Line item",
        complete: |entry| Money::from_json(entry).map(|amount| (amount.into(), amount)).ok_or("no amount.".to_owned()),
    };

    fn new(row: Value) -> Result<(String, String, String), String> {
        let totals = Totals::of_new(&LINES, row.as_object().unwrap())?;
        Ok((totals.subtotal.to_string(), totals.tax.to_string(), totals.total.to_string()))
    }

    fn changed(row: Value, changes: Value) -> Result<Option<String>, String> {
        let row = Row(row.as_object().unwrap().clone());
        let totals = Totals::of_changed(&LINES, &row, changes.as_object().unwrap())?;
        Ok(totals.map(|totals| totals.total.to_string()))
    }

    fn figures(subtotal: &str, tax: &str, total: &str) -> Result<(String, String, String), String> {
        Ok((subtotal.to_owned(), tax.to_owned(), total.to_owned()))
    }

    #[test]
    fn lines_discount_and_tax_add_up_exactly() {
        let items = json!([900.20, "41.63"]);
        assert_eq!(new(json!({ "line_items": items })), figures("$941.83", "$0.00", "$941.83"));
        let row = json!({ "line_items": items, "tax_rate": 8.25, "discount_amount": 41.83 });
        assert_eq!(new(row), figures("$941.83", "$74.25", "$974.25"));
        assert_eq!(new(json!({ "line_items": [1, "x"] })), Err("Line item 2: no amount.".to_owned()));
    }

    #[test]
    fn a_total_alone_is_enough_unless_a_tax_rate_makes_it_unclear() {
        assert_eq!(new(json!({ "total_amount": 500 })), figures("$500.00", "$0.00", "$500.00"));
        assert_eq!(new(json!({ "total_amount": 500, "tax_amount": 40 })), figures("$460.00", "$40.00", "$500.00"));
        assert!(new(json!({ "total_amount": 500, "tax_rate": 8 })).unwrap_err().contains("instead of the total"));
        assert_eq!(new(json!({})).unwrap_err(), "Say what it is for: line items, a subtotal or a total.");
    }

    #[test]
    fn figures_that_do_not_add_up_are_refused_with_the_right_one() {
        let error = new(json!({ "subtotal": 100, "tax_rate": 10, "total_amount": 111 })).unwrap_err();
        let right = "`total_amount` was given as $111.00, but it adds up to $110.00.";
        assert_eq!(error, format!("{right} Leave it out or correct what it is made of."));
        assert!(
            new(json!({ "subtotal": 100, "discount_amount": 101 })).unwrap_err().contains("more than the subtotal")
        );
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
        assert_eq!(changed(row(), json!({ "line_items": [10] })), Ok(Some("$11.00".to_owned())));
        let with_items = json!({ "line_items": [10], "subtotal": 10, "total_amount": 10 });
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
