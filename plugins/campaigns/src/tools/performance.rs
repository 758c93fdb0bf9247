//! `campaign_performance`: how one campaign did.

use canvalo_sdk::{Answer, Context, Money, Row, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::count;
use crate::results::{RESULTS, cost_per_conversion, rate, sees};

/// For the model.
pub const DESCRIPTION: &str = "How one campaign did: sent, delivered, opened, clicked and converted with their rates, cost \
per conversion, revenue and ROI. For all campaigns together use campaigns_report.\n\
Examples: \"How did the Spring special do?\" \"What's the open rate of the HOA outreach?\" \"Did the Facebook ads pay off?\" \"ROI of the holiday postcards\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The campaign: its name or a part of it, or its id.
    pub campaign: String,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let name = arguments.campaign.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(ToolError::arguments("`campaign`: expected the name or id of one campaign."));
    }
    let row = RESULTS.find_to_read(context, name)?;
    let rated = |column: &str, of: &str| {
        let number = count(row.integer(column));
        match rate(&row, of).as_str() {
            "–" => number,
            rate => format!("{number} ({rate})"),
        }
    };
    let mut answer = Answer::new()
        .title(format!("Performance of {}", RESULTS.name_of(&row)))
        .fact("Type", row.text("campaign_type"))
        .fact("Status", row.text("status"))
        .fact("Runs", runs(&row));
    if row.integer("target_audience_count") > 0 {
        answer = answer.fact("Audience", count(row.integer("target_audience_count")));
    }
    answer =
        answer.fact("Sent", count(row.integer("sent_count"))).fact("Delivered", count(row.integer("delivered_count")));
    if sees(row.text("campaign_type"), row.integer("opened_count")) {
        answer = answer
            .fact("Opened", rated("opened_count", "open_rate"))
            .fact("Clicked", rated("clicked_count", "click_rate"));
    }
    answer = answer
        .fact("Converted", rated("converted_count", "conversion_rate"))
        .fact("Cost", cost(&row))
        .fact("Cost per conversion", cost_per_conversion(&row))
        .fact("Revenue", row.money("revenue_generated"))
        .fact("ROI", rate(&row, "roi"));
    if row.integer("delivered_count") == 0 {
        answer = answer.note("Nothing has been delivered yet, so there are no rates.");
    }
    if row.money("actual_cost") == Money::ZERO {
        answer = answer.note("No cost is recorded, so there is no cost per conversion and no ROI.");
    }
    Ok(answer.next("Which campaign had the best ROI?"))
}

fn runs(row: &Row) -> String {
    match (row.date("start_date"), row.date("end_date")) {
        (Some(start), Some(end)) => format!("{start} to {end}"),
        (Some(start), None) => format!("from {start}"),
        (None, Some(end)) => format!("until {end}"),
        (None, None) => "no dates yet".to_owned(),
    }
}

fn cost(row: &Row) -> String {
    let cost = row.money("actual_cost");
    match row.decimal("budget").map(Money::from) {
        Some(budget) if cost > budget => format!("{cost}, {} over the {budget} budget", cost - budget),
        Some(budget) => format!("{cost} of {budget} budgeted"),
        None => cost.to_string(),
    }
}
