//! The tools besides those of the table.

pub mod comparison;
pub mod performance;
pub mod ranking;
pub mod report;
pub mod results;
pub mod status;

use canvalo_sdk::data::{Condition, Filter};
use canvalo_sdk::{Answer, NamedPeriod, Period, Quantity, ToolError};
use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::campaign::CampaignType;
use crate::results::{Figures, amount, percent};

/// The period that arguments name; none is ever.
fn period(
    named: Option<NamedPeriod>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Option<Period>, ToolError> {
    if named.is_none() && from.is_none() && to.is_none() {
        return Ok(None);
    }
    Period::given(named, from, to, NamedPeriod::ThisYear, today).map(Some)
}

/// Campaigns that ran, on some day of the period if there is one.
fn ran(period: Option<Period>, types: &[CampaignType]) -> Vec<Condition> {
    let mut conditions = vec![Filter::one_of("status", ["draft", "scheduled"]).negated().into()];
    if let Some(period) = period {
        conditions.push(Filter::lte("start_date", period.to).into());
        conditions.push(vec![Filter::gte("end_date", period.from), Filter::is_null("end_date")].into());
    }
    if !types.is_empty() {
        conditions.push(Filter::one_of("campaign_type", types.iter().map(|kind| kind.word())).into());
    }
    conditions
}

/// "Campaigns that ran from … to …".
fn title(what: &str, period: Option<Period>) -> String {
    period.map_or_else(|| what.to_owned(), |period| format!("{what} that ran from {} to {}", period.from, period.to))
}

/// What a period means for campaigns, where there is one.
fn with_note(answer: Answer, period: Option<Period>) -> Answer {
    match period {
        Some(_) => answer.note("Each campaign that ran in the period counts with all its figures."),
        None => answer,
    }
}

/// The figures of several campaigns together, as facts.
fn totals(answer: Answer, figures: &Figures) -> Answer {
    answer
        .fact("Campaigns", figures.campaigns)
        .fact("Delivered", format!("{} of {} sent", count(figures.delivered), count(figures.sent)))
        .fact("Open rate", percent(figures.open_rate()))
        .fact("Click rate", percent(figures.click_rate()))
        .fact("Conversions", count(figures.converted))
        .fact("Conversion rate", percent(figures.conversion_rate()))
        .fact("Cost", format!("{} of {} budgeted", figures.cost, figures.budget))
        .fact("Cost per conversion", amount(figures.cost_per_conversion()))
        .fact("Revenue", figures.revenue)
        .fact("ROI", percent(figures.roi()))
}

/// A whole number with its thousands apart.
fn count(number: i64) -> String {
    Quantity::new(Decimal::from(number), "").to_string()
}
