//! `expiring_proposals`: open ones whose time runs out, or has run out.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, Page, ToolError, columns};
use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{tally, worth};
use crate::validity;
use crate::workflow::OPEN;

/// For the model.
pub const DESCRIPTION: &str = "Lists the proposals that clients have not decided about and that expire soon or are past their date already, \
so that somebody follows up.\n\
Examples: \"Which quotes expire this week?\" \"What proposals are about to expire?\" \"Which estimates should I follow up on?\" \"Any quotes past their date that nobody answered?\"";

/// Time enough to call somebody twice.
const DEFAULT_DAYS: u32 = 14;

/// Rows shown of each kind; the counts are over all.
const MAX_ROWS: u32 = 25;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Expiring within this many days. 14 if left out.
    #[schemars(range(min = 1, max = 365))]
    pub days: Option<u32>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let days = arguments.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=365).contains(&days) {
        return Err(ToolError::arguments(format!("`days`: must be from 1 to 365, got {days}.")));
    }
    let today = context.today();
    let [past, soon] = ranges(today, days);
    let query = |range: &[Condition]| {
        let wanted = ["id", "proposal_number", "title", "client_name", "status", "valid_until", "total_amount"];
        let mut query = Query::new("proposals", &wanted).ascending("valid_until").ascending("id").limit(MAX_ROWS);
        query.conditions = range.to_vec();
        query
    };
    let sums = |range: &[Condition]| {
        let mut sums = Aggregation::new("proposals").count("proposals").sum("total_amount", "value");
        sums.conditions = range.to_vec();
        sums
    };
    let mut pages = context.select_many(&[query(&past), query(&soon)]).into_iter();
    let mut page = || pages.next().unwrap_or_else(|| Ok(Page::default()));
    let rows: Vec<_> = page()?.rows.into_iter().chain(page()?.rows).collect();
    let mut figures = context.aggregate_many(&[sums(&past), sums(&soon)]).into_iter();
    let mut figure = || figures.next().unwrap_or_else(|| Ok(Vec::new()));
    let mut tallied = || figure().map(|groups| groups.first().map(tally).unwrap_or_default());
    let (past, soon) = (tallied()?, tallied()?);

    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let until = row.date("valid_until");
            columns([
                ("id", row.get("id").clone()),
                ("proposal_number", row.get("proposal_number").clone()),
                ("title", row.get("title").clone()),
                ("client_name", row.get("client_name").clone()),
                ("status", row.get("status").clone()),
                ("valid_until", row.get("valid_until").clone()),
                ("time", until.map_or(Value::Null, |until| validity::shown(until, today).into())),
                ("total_amount", row.money("total_amount").to_string().into()),
            ])
        })
        .collect();
    let (shown, total) = (rows.len() as u64, (past.count + soon.count).unsigned_abs());
    let mut answer = Answer::new()
        .title(format!("Open proposals that expire within {days} days or are past their date"))
        .rows(rows)
        .total_rows(total)
        .fact(format!("Expire within {days} days"), worth(soon))
        .fact("Past their date and still open", worth(past));
    if past.count > 0 {
        answer = answer.next("Mark those past their date as expired");
    }
    Ok(if shown < total { answer.note(format!("These are {shown} of {total}.")) } else { answer })
}

/// Open proposals past their last day, and those whose last day is from today on within so many days.
fn ranges(today: NaiveDate, days: u32) -> [Vec<Condition>; 2] {
    let last = today.checked_add_days(Days::new(u64::from(days))).unwrap_or(today);
    let open = || Condition::from(Filter::one_of("status", OPEN));
    [
        vec![open(), Filter::lt("valid_until", today).into()],
        vec![open(), Filter::gte("valid_until", today).into(), Filter::lte("valid_until", last).into()],
    ]
}
