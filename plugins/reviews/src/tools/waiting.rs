//! `reviews_needing_response`: what nobody has replied to.

use canvalo_sdk::data::{AggregateFunction, Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::by_stars;
use crate::review::excerpt;

/// For the model.
pub const DESCRIPTION: &str = "Lists the reviews that nobody has replied to yet, worst rating and oldest first, with the \
days they have been waiting. Use it whenever the user asks what needs a response, a reply or an answer.\n\
Examples: \"Which reviews need a response?\" \"What haven't we replied to?\" \"Which bad reviews are unanswered?\" \"Who is still waiting for an answer on Yelp?\"";

/// Rows shown; the counts are over all.
const MAX_ROWS: u32 = 30;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only reviews with at most this many stars, 1 to 5. Leave out for all.
    #[schemars(range(min = 1, max = 5))]
    pub stars_at_most: Option<i64>,
    /// Only reviews on this site: google, yelp, facebook. Leave out for all.
    pub platform: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let mut conditions: Vec<Condition> = vec![
        vec![Filter::is_null("response_text"), Filter::eq("response_text", "")].into(),
        Filter::one_of("status", ["pending", "approved", "published", "flagged"]).into(),
    ];
    if let Some(most) = arguments.stars_at_most {
        if !(1..=5).contains(&most) {
            return Err(ToolError::arguments(format!("`stars_at_most`: must be from 1 to 5, got {most}.")));
        }
        conditions.push(Filter::lte("rating", most).into());
    }
    if let Some(platform) = &arguments.platform {
        conditions.push(Filter::holds_text("platform", platform.trim()).into());
    }

    let wanted =
        ["id", "client_name", "project_name", "rating", "title", "review_text", "review_date", "platform", "status"];
    let mut query = Query::new("reviews", &wanted).ascending("rating").ascending("review_date").limit(MAX_ROWS);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut counts = Aggregation::new("reviews").by("rating").count("reviews");
    counts = counts.measure(AggregateFunction::Min, "review_date", "oldest");
    counts.conditions = conditions;
    let groups = context.aggregate(&counts)?;

    let rows = page.rows.iter().map(|row| {
        let days = row.date("review_date").map(|written| (today - written).num_days().max(0));
        columns([
            ("id", row.get("id").clone()),
            ("client_name", row.get("client_name").clone()),
            ("rating", row.get("rating").clone()),
            ("days_waiting", json!(days)),
            ("review", excerpt(row)),
            ("platform", row.get("platform").clone()),
            ("status", row.get("status").clone()),
            ("project_name", row.get("project_name").clone()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let by_stars = by_stars(&groups);
    let count: i64 = by_stars.iter().map(|(_, reviews)| reviews).sum();
    let low: i64 = by_stars.iter().filter(|(stars, _)| *stars <= 2).map(|(_, reviews)| reviews).sum();
    let oldest = groups.iter().filter_map(|group| group.date("oldest")).min();

    let mut answer = Answer::new()
        .title("Reviews that need a response")
        .rows(rows)
        .total_rows(count.unsigned_abs())
        .fact("Waiting for a response", count)
        .fact("Of these with 1 or 2 stars", low);
    if let Some(oldest) = oldest {
        answer = answer.fact("Longest wait in days", (today - oldest).num_days().max(0)).next("Draft a reply to one");
    }
    Ok(if (shown as i64) < count {
        answer.note(format!("These are the {shown} worst of {count}, the oldest of each rating first."))
    } else {
        answer
    })
}
