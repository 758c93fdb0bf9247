//! `draft_review_reply`: words to start from. Writes nothing.

use canvalo_sdk::{Answer, Context, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::reply;
use crate::review::{REVIEWS, is_answered, stars};

/// For the model.
pub const DESCRIPTION: &str = "Drafts a reply to a review for the user to edit: thanks for good ratings, an apology for bad \
ones. Saves and posts nothing.\n\
Examples: \"Draft a reply to Maria Lopez's review\" \"Write an answer to John Smith's review\"";

/// Characters of the review that the answer repeats.
const MAX_REVIEW: usize = 2_000;

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The review: its client name, or its id.
    pub review: String,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let review = REVIEWS.find_to_read(context, &arguments.review)?;
    let draft = reply::draft(review.integer("rating"), review.text("client_name"), review.text("project_name"));
    let mut answer = Answer::new().title("Draft of a reply, not saved").fact("Draft", draft);
    for (name, column) in [("Client", "client_name"), ("Project", "project_name"), ("Date", "review_date")] {
        if !review.text(column).is_empty() {
            answer = answer.fact(name, review.text(column));
        }
    }
    answer = answer.fact("Rating", stars(review.integer("rating")));
    let review_text: String = crate::review::words(&review).chars().take(MAX_REVIEW).collect();
    if !review_text.is_empty() {
        answer = answer.fact("Review", review_text);
    }
    if is_answered(&review) {
        answer = answer.fact("There is a reply already", review.text("response_text"));
    }
    Ok(answer.note("Change it as you like, then say which words to save as the reply."))
}
