//! `start_campaigns`, `pause_campaigns`, `finish_campaigns` and `cancel_campaigns`: one campaign or several.

use canvalo_sdk::data::Filter;
use canvalo_sdk::{Answer, Change, Context, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::campaign::CAMPAIGNS;
use crate::status::{Campaign, Move};

/// For the model.
pub const START: &str = "Starts one campaign or several, or resumes paused ones: their status becomes active. One that was to \
start later starts today.\n\
Examples: \"Start the Spring special\" \"Launch the HOA outreach campaign\" \"Resume the Facebook ads\" \"Resume the reminders\"";

/// For the model.
pub const PAUSE: &str = "Pauses one active campaign or several for the time being.\n\
Examples: \"Pause the Facebook ads\" \"Stop the text reminders for now\" \"Put the referral campaign on hold\"";

/// For the model.
pub const FINISH: &str = "Finishes one campaign or several: the status becomes completed, and the end date is today unless it \
has passed.\n\
Examples: \"Finish the Spring special\" \"Complete the Property managers campaign\" \"Mark the postcards campaign as completed\"";

/// For the model.
pub const CANCEL: &str = "Cancels one campaign or several that shall not run, or not run on. They stay in the list.\n\
Examples: \"Cancel the Holiday postcards\" \"Cancel both scheduled campaigns\"";

const SHOWN: [&str; 4] = ["name", "status", "start_date", "end_date"];

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The campaigns, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub campaigns: Vec<Name>,
}

/// The campaign: its name, or its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Name(pub String);

/// Runs `start_campaigns`.
pub fn start(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    run(context, arguments, Move::Start)
}

/// Runs `pause_campaigns`.
pub fn pause(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    run(context, arguments, Move::Pause)
}

/// Runs `finish_campaigns`.
pub fn finish(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    run(context, arguments, Move::Finish)
}

/// Runs `cancel_campaigns`.
pub fn cancel(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    run(context, arguments, Move::Cancel)
}

fn run(context: &mut Context<'_>, Arguments { campaigns }: Arguments, action: Move) -> Result<Answer, ToolError> {
    let today = context.today();
    let names: Vec<String> = campaigns.into_iter().map(|Name(name)| name).collect();
    let answer = CAMPAIGNS.step(context, &names, action.done(), &SHOWN, |row| {
        let values = action.changes(&Campaign::of(row), today)?;
        Ok(Change { values, given: vec![Filter::eq("status", row.get("status"))] })
    })?;
    Ok(if action == Move::Finish { answer.next("How are our campaigns doing?") } else { answer })
}
