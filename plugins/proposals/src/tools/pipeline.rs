//! `proposal_pipeline`: what open proposals are worth.

use canvalo_sdk::data::{Aggregation, Filter};
use canvalo_sdk::{Answer, Context, Money, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{tally, worth};
use crate::conversion::Tally;
use crate::workflow::OPEN;

/// For the model.
pub const DESCRIPTION: &str = "The pipeline: what proposals that clients have and haven't decided about are worth, by status, with drafts \
beside them and what is past its date.\n\
Examples: \"What's in our pipeline?\" \"How much work do we have quoted and waiting?\" \"What are our open proposals worth?\" \"How many estimates are waiting for an answer?\"";

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only proposals for this client: the name or a part of it. Leave out for all clients.
    pub client: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let sums = || {
        let sums = Aggregation::new("proposals").count("proposals").sum("total_amount", "value");
        match &arguments.client {
            Some(client) => sums.matching(Filter::holds_text("client_name", client.trim())),
            None => sums,
        }
    };
    let by_status = sums().matching(Filter::one_of("status", ["draft", "sent", "viewed"])).by("status");
    let past = sums().matching(Filter::one_of("status", OPEN)).matching(Filter::lt("valid_until", context.today()));
    let mut figures = context.aggregate_many(&[by_status, past]).into_iter();
    let mut figure = || figures.next().unwrap_or_else(|| Ok(Vec::new()));
    let (by_status, past) = (figure()?, figure()?);
    let of =
        |status: &str| by_status.iter().find(|row: &&Row| row.text("status") == status).map(tally).unwrap_or_default();

    let rows = ["draft", "sent", "viewed"].map(|status| {
        let tally = of(status);
        columns([
            ("status", status.into()),
            ("proposals", json!(tally.count)),
            ("value", tally.value.to_string().into()),
            ("average", tally.average().unwrap_or(Money::ZERO).to_string().into()),
        ])
    });
    let title = match &arguments.client {
        Some(client) => format!("Pipeline of clients named {:?}", client.trim()),
        None => "Pipeline".to_owned(),
    };
    let open: Tally = of("sent") + of("viewed");
    Ok(Answer::new()
        .title(title)
        .rows(rows.to_vec())
        .fact("Waiting for an answer", worth(open))
        .fact("Of these past their date", worth(past.first().map(tally).unwrap_or_default()))
        .fact("Not sent yet", worth(of("draft")))
        .next("Which quotes are about to expire?"))
}
