//! `campaigns_report`: all campaigns of a period, and what they did together.

use canvalo_sdk::data::{Aggregation, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, ToolError};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{period, ran, title, totals, with_note};
use crate::campaign::CampaignType;
use crate::results::{Figures, RESULTS, shown};

/// For the model.
pub const DESCRIPTION: &str = "How campaigns did, all of them or those of a period or type: the rates, cost per conversion and \
ROI of each, and in total what was sent, opened, clicked, won, spent and earned. Without a period, all that ever ran.\n\
Examples: \"How are our campaigns doing?\" \"What's our open rate?\" \"How many people opened our newsletter?\" \"How much did we spend on marketing this quarter?\" \"What did advertising bring in last year?\" \"How well do our emails convert?\"";

/// Rows shown; the totals are over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name. Leave out for all time.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
    /// Only campaigns of this type.
    pub campaign_type: Option<CampaignType>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period = period(arguments.period, arguments.from, arguments.to, context.today())?;
    let conditions = ran(period, arguments.campaign_type.as_slice());

    let columns: Vec<&str> =
        std::iter::once("id").chain(RESULTS.columns.iter().map(canvalo_sdk::Column::name)).collect();
    let mut query = Query::new(RESULTS.name, &columns).descending("start_date").ascending("name").limit(MAX_ROWS);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut sums = Figures::measured(Aggregation::new(RESULTS.name));
    sums.conditions = conditions;
    let figures = context.aggregate(&sums)?.iter().map(Figures::of).fold(Figures::default(), Figures::and);

    let rows: Vec<_> = page.rows.iter().map(shown).collect();
    let what = arguments.campaign_type.map_or("Campaigns".to_owned(), |kind| format!("Campaigns by {}", kind.word()));
    let count = rows.len();
    let mut answer = Answer::new().title(title(&what, period)).rows(rows).total_rows(figures.campaigns.unsigned_abs());
    if figures.campaigns > 0 {
        answer = totals(with_note(answer, period), &figures).next("Which campaign had the best ROI?");
    }
    Ok(if (count as i64) < figures.campaigns {
        answer.note(format!("These are the {count} latest of {}; the totals are over all.", figures.campaigns))
    } else {
        answer
    })
}
