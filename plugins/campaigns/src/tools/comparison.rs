//! `compare_campaign_types`: email against direct mail and the rest.

use canvalo_sdk::data::Aggregation;
use canvalo_sdk::{Answer, Context, NamedPeriod, Percent, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{period, ran, title, with_note};
use crate::campaign::CampaignType;
use crate::results::{Figures, RESULTS, amount, percent};

/// For the model.
pub const DESCRIPTION: &str = "Compares the types of campaigns with each other: email, sms, social, direct-mail and referral, \
each with rates, cost per conversion, revenue and ROI, best ROI first.\n\
Examples: \"Is email or direct mail better?\" \"Compare email against social media\" \"Which kind of marketing works best?\" \"Do texts or postcards bring in more jobs?\"";

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The types to compare. Leave out for all.
    pub types: Option<Vec<CampaignType>>,
    /// A period by its name. Leave out for all time.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period = period(arguments.period, arguments.from, arguments.to, context.today())?;
    let types = arguments.types.unwrap_or_default();
    let mut sums = Figures::measured(Aggregation::new(RESULTS.name));
    sums.conditions = ran(period, &types);
    let groups = context.aggregate(&sums)?;
    let mut groups: Vec<(&str, Figures)> =
        groups.iter().map(|group| (group.text("campaign_type"), Figures::of(group))).collect();
    // None is the least, so types without a cost come last.
    groups.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.roi()));

    let rows = groups.iter().map(|(kind, figures)| {
        columns([
            ("campaign_type", (*kind).into()),
            ("campaigns", json!(figures.campaigns)),
            ("conversions", json!(figures.converted)),
            ("conversion_rate", percent(figures.conversion_rate()).into()),
            ("cost_per_conversion", amount(figures.cost_per_conversion()).into()),
            ("cost", figures.cost.to_string().into()),
            ("revenue", figures.revenue.to_string().into()),
            ("ROI", percent(figures.roi()).into()),
            ("open_rate", percent(figures.open_rate()).into()),
            ("click_rate", percent(figures.click_rate()).into()),
        ])
    });
    let mut answer = Answer::new().title(title("Campaign types", period)).rows(rows.collect());
    if groups.len() > 1 {
        let best = |figure: &dyn Fn(&Figures) -> Option<Percent>| {
            groups.iter().filter_map(|(kind, figures)| Some((figure(figures)?, *kind))).max_by_key(|(value, _)| *value)
        };
        let cheapest = groups.iter().filter_map(|(kind, figures)| Some((figures.cost_per_conversion()?, *kind))).min();
        if let Some((roi, kind)) = best(&Figures::roi) {
            answer = answer.fact("Best ROI", format!("{kind} with {}", percent(Some(roi))));
        }
        if let Some((rate, kind)) = best(&Figures::conversion_rate) {
            answer = answer.fact("Best conversion rate", format!("{kind} with {}", percent(Some(rate))));
        }
        if let Some((cost, kind)) = cheapest {
            answer = answer.fact("Cheapest conversion", format!("{kind} with {cost}"));
        }
    }
    for kind in types.iter().map(|kind| kind.word()) {
        if !groups.iter().any(|(known, _)| *known == kind) {
            answer = answer.note(format!("No {kind} campaign ran."));
        }
    }
    Ok(if groups.is_empty() { answer } else { with_note(answer, period).next("Which campaign had the best ROI?") })
}
