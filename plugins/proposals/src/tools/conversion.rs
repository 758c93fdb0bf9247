//! `conversion_rate`: how many proposals become jobs.

use canvalo_sdk::data::{Aggregation, Filter};
use canvalo_sdk::{Answer, Context, NamedPeriod, Percent, Period, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{tally, worth};
use crate::conversion::Tally;
use crate::workflow::STATUSES;

/// For the model.
pub const DESCRIPTION: &str = "Conversion rate, also called win rate, close rate or acceptance rate: how many of the proposals issued in a \
period were accepted, by number and by value. Give a named period, or from and to; this year if neither is given.\n\
Examples: \"What's our close rate?\" \"How many of our quotes did we win this quarter?\" \"What share of bids gets accepted?\" \"Win rate last year\" \"How is our conversion rate?\"";

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

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let period = Period::given(arguments.period, arguments.from, arguments.to, NamedPeriod::ThisYear, context.today())?;
    let by_status = Aggregation::new("proposals")
        .matching(Filter::gte("issue_date", period.from))
        .matching(Filter::lte("issue_date", period.to))
        .by("status")
        .count("proposals")
        .sum("total_amount", "value");
    let groups = context.aggregate(&by_status)?;
    let of =
        |status: &str| groups.iter().find(|row: &&Row| row.text("status") == status).map(tally).unwrap_or_default();

    let accepted = of("accepted");
    let decided = accepted + of("rejected") + of("expired");
    let open = of("sent") + of("viewed");
    let rows = STATUSES.iter().map(|status| {
        let Tally { count, value } = of(status);
        columns([("status", (*status).into()), ("proposals", json!(count)), ("value", value.to_string().into())])
    });
    let (by_number, by_value) = accepted.share_of(decided);
    let share = |part: String, whole: String, rate| format!("{} ({part} of {whole})", Percent::shown(rate));
    let mut answer = Answer::new()
        .title(format!("Conversion rate of proposals issued from {} to {}", period.from, period.to))
        .rows(rows.collect())
        .fact("Conversion rate by number", share(accepted.count.to_string(), decided.count.to_string(), by_number))
        .fact("Conversion rate by value", share(accepted.value.to_string(), decided.value.to_string(), by_value));
    if let Some(average) = accepted.average() {
        answer = answer.fact("Average accepted proposal", average);
    }
    Ok(answer.fact("Not decided yet", worth(open)).note(
        "The rate is accepted out of decided, and decided is accepted, rejected and expired. Drafts and open proposals don't count.",
    ))
}
