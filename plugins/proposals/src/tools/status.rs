//! `change_proposal_status`: sent, viewed, rejected, expired.

use canvalo_sdk::data::Filter;
use canvalo_sdk::{Answer, Change, Context, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Reference;
use crate::proposal::{self, PROPOSALS};
use crate::workflow::{self, Status};

/// For the model.
pub const DESCRIPTION: &str = "Changes the status of one proposal or several: sent to the client, viewed, rejected or expired. Sends \
nothing itself. A rejected or expired one can be sent again, with 30 new days. Says for each what happened. Accepted: accept_proposal.\n\
Examples: \"Mark the kitchen quote as sent\" \"I sent Emily her estimate\" \"The client looked at the bid\" \"They turned down the exterior proposal\" \"Mark the old quotes as expired\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The proposals, 1 to 16: the number of each, what it is called, or its id.
    #[schemars(length(min = 1, max = 16))]
    pub proposals: Vec<Reference>,
    /// What became of them.
    pub status: NewStatus,
}

/// The statuses besides draft and accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum NewStatus {
    Sent,
    Viewed,
    Rejected,
    Expired,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let to = match arguments.status {
        NewStatus::Sent => Status::Sent,
        NewStatus::Viewed => Status::Viewed,
        NewStatus::Rejected => Status::Rejected,
        NewStatus::Expired => Status::Expired,
    };
    let today = context.today();
    let names: Vec<String> = arguments.proposals.into_iter().map(|Reference(name)| name).collect();
    let shown = ["proposal_number", "title", "client_name", "status", "valid_until", "total_amount"];
    PROPOSALS.step(context, &names, &format!("marked as {}", to.word()), &shown, |row| {
        let values = workflow::changes(proposal::as_read(row), to, today)?;
        Ok(Change { values, given: vec![Filter::eq("status", row.get("status"))] })
    })
}
