//! `respond_to_review` and `respond_to_reviews`: replies that are kept with their reviews.

use std::collections::BTreeSet;

use canvalo_sdk::data::{Condition, DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::review::{REVIEWS, is_answered, stars};

/// For the model.
pub const DESCRIPTION: &str = "Saves the reply to one review and marks it as responded. Only with words the user gave or \
agreed to. It isn't posted on the review's site. For several replies use respond_to_reviews.\n\
Examples: \"Respond to Maria Lopez with that draft\" \"Save this reply to the Yelp review\" \"Respond to the Acme Homes review with these words\"";

/// For the model.
pub const DESCRIPTION_MANY: &str = "Saves the replies to several reviews at once and says for each what happened: one that \
can't be saved doesn't keep the others from it.\n\
Examples: \"Respond to all three with these replies\" \"Save both replies\"";

/// Replies of one call.
const MAX_RESPONSES: usize = 16;

/// Characters of a reply. The large sites take about as many.
const MAX_MESSAGE: usize = 4_000;

const RETURNING: [&str; 8] =
    ["id", "client_name", "rating", "status", "response_text", "response_date", "platform", "platform_url"];

/// A reply to a review.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Response {
    /// The reply, word for word.
    pub message: String,
    /// The review: its client name, or its id.
    pub review: String,
    /// Who replied, if the user says so.
    pub responded_by: Option<String>,
    /// True to replace a reply that is there already.
    pub replace: Option<bool>,
}

/// Several replies.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Responses {
    /// The replies, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub responses: Vec<Response>,
}

/// Runs `respond_to_review`.
pub fn run(context: &mut Context<'_>, response: Response) -> Result<Answer, ToolError> {
    let saved = save(context, std::slice::from_ref(&response))?.pop();
    let row = saved.unwrap_or_else(|| Err(ToolError::refused("Nothing was saved.")))?;
    let mut answer = Answer::new()
        .title(format!("Saved the reply to the review of {}", REVIEWS.name_of(&row)))
        .fact("Rating", stars(row.integer("rating")))
        .fact("Reply", row.text("response_text"))
        .fact("Response date", row.text("response_date"))
        .fact("Status", row.text("status"));
    if !row.text("platform_url").is_empty() {
        answer = answer.fact("Where to post it", row.text("platform_url"));
    }
    Ok(answer.note(NOT_POSTED))
}

const NOT_POSTED: &str = "It is saved here. To be seen by others it has to be posted on the review's site, too.";

/// Runs `respond_to_reviews`.
pub fn run_many(context: &mut Context<'_>, Responses { responses }: Responses) -> Result<Answer, ToolError> {
    if responses.is_empty() || responses.len() > MAX_RESPONSES {
        let count = responses.len();
        return Err(ToolError::arguments(format!("`responses`: from 1 to {MAX_RESPONSES} at a time, got {count}.")));
    }
    let results = save(context, &responses)?;
    let count = results.iter().flatten().count();
    if count == 0 {
        let error = results.into_iter().find_map(Result::err);
        return Err(error.unwrap_or_else(|| ToolError::refused("Nothing was saved.")));
    }
    let rows = results.iter().zip(&responses).map(|(result, response)| match result {
        Ok(row) => columns([
            ("id", row.get("id").clone()),
            ("client_name", row.get("client_name").clone()),
            ("rating", json!(row.integer("rating"))),
            ("status", row.get("status").clone()),
            ("platform", row.get("platform").clone()),
            ("result", "saved".into()),
        ]),
        Err(error) => columns([
            ("client_name", response.review.as_str().into()),
            ("result", format!("not saved: {}", error.message()).into()),
        ]),
    });
    Ok(Answer::new().title(format!("Saved {count} of {} replies", results.len())).rows(rows.collect()).note(NOT_POSTED))
}

/// Saves replies, each on its own, in their order.
fn save(context: &mut Context<'_>, responses: &[Response]) -> Result<Vec<Result<Row, ToolError>>, ToolError> {
    let today = context.today();
    let names: Vec<&str> = responses.iter().map(|response| response.review.as_str()).collect();
    let mut answered = BTreeSet::new();
    let mut modifications = Vec::with_capacity(responses.len());
    let mut results = Vec::with_capacity(responses.len());
    for (review, response) in REVIEWS.find(context, &names)?.into_iter().zip(responses) {
        results.push(review.and_then(|review| {
            let name = REVIEWS.name_of(&review).to_owned();
            let refused = |why: String| ToolError::refused(format!("{name}: {why}"));
            let message = message(response).map_err(&refused)?;
            if is_answered(&review) && !response.replace.unwrap_or(false) {
                let when = review.date("response_date").map(|date| format!(" from {date}")).unwrap_or_default();
                let hint = "If the user wants another one in its place, use `replace`.";
                return Err(refused(format!("there is a reply{when} already. {hint}")));
            }
            if !answered.insert(review.text("id").to_owned()) {
                return Err(refused("it is named twice.".to_owned()));
            }
            // Who wrote a reply that is replaced didn't write the new one.
            let by = response.responded_by.as_deref().map(str::trim).filter(|by| !by.is_empty());
            let changes = json!({
                "response_text": message, "response_date": today, "responded_by": by, "status": "responded",
            });
            let change = Modification::by_id("reviews", review.text("id"), changes, &RETURNING);
            modifications.push(if is_answered(&review) { change } else { change.matching(unanswered()) });
            Ok(Row::default())
        }));
    }
    let mut updated = context.update_many(&modifications).into_iter();
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = match updated.next() {
            Some(Ok(rows)) if !rows.is_empty() => Ok(rows[0].clone()),
            Some(Err(error)) if error != DataError::NotFound => Err(error.into()),
            _ => Err(ToolError::refused(
                "The review changed in the meantime, nothing was saved. Look at it again first.",
            )),
        };
    }
    Ok(results)
}

/// Two replies at the same time must not swallow one.
fn unanswered() -> Condition {
    vec![Filter::is_null("response_text"), Filter::eq("response_text", "")].into()
}

fn message(response: &Response) -> Result<&str, String> {
    let message = response.message.trim();
    match message.chars().count() {
        0 => Err("what should the reply say?".to_owned()),
        length if length > MAX_MESSAGE => Err(format!("a reply has at most {MAX_MESSAGE} characters, got {length}.")),
        _ => Ok(message),
    }
}
