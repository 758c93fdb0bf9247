//! The words of the loop: the system prompt's moving part, and what a user reads when something stopped an answer.

use crate::{Agent, Context, Turn};

pub(super) const TOO_MANY_STEPS: &str =
    "I stopped here: this took more steps than one answer may take. Ask for a part of it, and I'll go on from there.";
pub(super) const BUDGET: &str = "I stopped here: this answer has used up what one question may cost. Ask for a part of it, and I'll go on from there.";
pub(super) const CUT: &str =
    "*The answer was cut off because it got too long. Ask for the rest, or for a smaller part.*";
pub(super) const CUT_SILENTLY: &str = "The answer got too long to give. Please ask for a smaller part of it.";
pub(super) const FILTERED: &str =
    "The language model's content filter withheld this answer. Please put it another way.";
pub(super) const NOTHING: &str = "I have no answer to that. Could you say it another way?";
pub(super) const MODEL_FAILED: &str =
    "I couldn't finish this answer because the language model failed. This is what I have so far.";
pub(super) const CANNOT: &str = "I couldn't do that.";

/// What a user reads when a write waits for approval. The summary is the host's own.
pub(super) fn approval(summary: &str, changed_before: bool) -> String {
    let summary = summary.trim().trim_end_matches('.');
    let state = if changed_before { "This has not been done." } else { "Nothing has been changed." };
    format!("This needs your approval: {summary}. {state} Approving it from this chat isn't possible yet.")
}

/// The agent's prompt, then what differs from turn to turn, so that a model's cache of the prompt stays valid.
pub(super) fn system(agent: &Agent, context: &Context<'_>, turn: &Turn) -> String {
    let mut system = agent.prompt.trim_end().to_owned();
    if let Some(task) = turn.task.as_deref().filter(|task| !task.trim().is_empty()) {
        system.push_str("\n\nYour part of the answer, as the supervisor puts it: ");
        system.push_str(task.trim());
    }
    let today = context.now().format("%A, %Y-%m-%d");
    system.push_str(&format!("\n\nToday is {today}.\nCurrent time: {} ({})", turn.now, turn.time_zone));
    system
}
