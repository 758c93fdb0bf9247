//! `revenue`: invoiced against collected over a period.

use std::collections::BTreeMap;

use canvalo_sdk::data::{Aggregation, CalendarUnit, Filter};
use canvalo_sdk::{Answer, Context, Money, NamedPeriod, Period, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// For the model.
pub const DESCRIPTION: &str = "Revenue over a period: what was invoiced and what was collected, in total and by month. Give \
a named period, or from and to; this month if neither is given.\n\
Examples: \"What's my revenue this month?\" \"How much did we bill last quarter?\" \"What did we collect last year?\" \"Revenue from January to June\"";

/// Months of the longest period: five years, a table people still read.
const MAX_MONTHS: usize = 60;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
}

#[derive(Default)]
struct Month {
    invoices: i64,
    invoiced: Money,
    collected: Money,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period =
        Period::given(arguments.period, arguments.from, arguments.to, NamedPeriod::ThisMonth, context.today())?;
    if period.months().len() > MAX_MONTHS {
        return Err(ToolError::arguments("The period is too long: at most five years at a time."));
    }
    let over = |column: &str| {
        Aggregation::new("invoices")
            .matching(Filter::gte(column, period.from))
            .matching(Filter::lte(column, period.to))
            .by_calendar(column, CalendarUnit::Month)
    };
    let invoiced = over("issue_date")
        .matching(Filter::one_of("status", ["draft", "cancelled"]).negated())
        .count("invoices")
        .sum("total_amount", "invoiced")
        .sum("balance_due", "open");
    let collected = over("payment_date").matching(Filter::gt("amount_paid", 0)).sum("amount_paid", "collected");
    let mut results = context.aggregate_many(&[invoiced, collected]).into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    let (invoiced, collected) = (next()?, next()?);

    let mut months: BTreeMap<NaiveDate, Month> =
        period.months().into_iter().map(|month| (month, Month::default())).collect();
    for row in &invoiced {
        if let Some(month) = month(&mut months, row, "issue_date") {
            month.invoices += row.integer("invoices");
            month.invoiced = month.invoiced + row.money("invoiced");
        }
    }
    for row in &collected {
        if let Some(month) = month(&mut months, row, "payment_date") {
            month.collected = month.collected + row.money("collected");
        }
    }
    let rows = months.iter().map(|(first, month)| {
        columns([
            ("month", first.format("%Y-%m").to_string().into()),
            ("invoices", json!(month.invoices)),
            ("invoiced", month.invoiced.to_string().into()),
            ("collected", month.collected.to_string().into()),
        ])
    });
    let answer = Answer::new().title(format!("Revenue from {} to {}", period.from, period.to));
    // The table of a single month would be the sums below it.
    let answer = if months.len() > 1 { answer.rows(rows.collect()) } else { answer };
    Ok(answer
        .fact("Invoices", months.values().map(|month| month.invoices).sum::<i64>())
        .fact("Invoiced", months.values().map(|month| month.invoiced).sum::<Money>())
        .fact("Collected", months.values().map(|month| month.collected).sum::<Money>())
        .fact("Still open of what was invoiced", invoiced.iter().map(|row| row.money("open")).sum::<Money>())
        .note("Invoiced counts by issue date, without drafts and cancelled invoices. Collected counts all that was paid on an invoice, by the date of its last payment."))
}

fn month<'months>(
    months: &'months mut BTreeMap<NaiveDate, Month>,
    row: &Row,
    column: &str,
) -> Option<&'months mut Month> {
    months.get_mut(&row.date(column)?)
}
