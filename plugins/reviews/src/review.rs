//! The reviews table, and what holds for every review that is written.

use canvalo_sdk::{Column, Context, Link, Order, Row, Table, ToolError};
use chrono::NaiveDate;
use serde_json::{Map, Value};

/// The table. People name a review by who wrote it; a client with several is asked about with stars and date.
pub static REVIEWS: Table = Table {
    name: "reviews",
    singular: "review",
    label: "client_name",
    columns: &[
        Column::uuid("client_id").describe("The client's id, if a tool returned it. Never a name."),
        Column::text("client_name").describe("Who wrote it. Leave out if nobody knows."),
        Column::uuid("project_id").describe("The project's id, if a tool returned it. Never a name."),
        Column::text("project_name").describe("The project it is about."),
        Column::integer("rating").required().range(1, 5).describe("Stars."),
        Column::text("title"),
        Column::text("review_text").describe("What they wrote, word for word."),
        Column::text("platform").describe("Where it was left: google, yelp, facebook, houzz."),
        Column::text("platform_url"),
        Column::one_of("status", &["pending", "approved", "published", "responded", "flagged"])
            .describe("Which need a reply: ask reviews_needing_response. A reply: respond_to_review."),
        Column::text("response_text").read_only(),
        Column::date("response_date").read_only(),
        Column::text("responded_by").read_only(),
        Column::date("review_date").describe("The day it was written. Today if left out."),
    ],
    search: &["client_name", "project_name", "title", "review_text", "platform"],
    shown: &["client_name", "rating", "title", "review_date", "platform", "status", "project_name"],
    order: Order::Descending("review_date"),
    links: &[Link::CLIENT, Link::PROJECT],
    told_apart_by: &["rating", "review_date", "title"],
    examples: r#"Examples: "Show me our latest reviews" "Any 1-star reviews?" "Reviews on Google since January" "What did the Harbor Street people write?""#,
    before_create: Some(complete_new),
    before_update: Some(check_changes),
    ..Table::EMPTY
};

/// Characters of a review that a list shows: enough to know what it is about.
const EXCERPT: usize = 160;

/// Title and text of a review, as one.
pub fn words(row: &Row) -> String {
    let parts = [row.text("title").trim(), row.text("review_text").trim()];
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.fold(String::new(), |text, part| match text.chars().last() {
        None => (*part).to_owned(),
        Some('.' | '!' | '?') => format!("{text} {part}"),
        Some(_) => format!("{text}. {part}"),
    })
}

/// The beginning of a review.
pub fn excerpt(row: &Row) -> Value {
    let words = words(row);
    let mut excerpt: String = words.chars().take(EXCERPT).collect();
    if excerpt.len() < words.len() {
        excerpt.push('…');
    }
    if excerpt.is_empty() { Value::Null } else { excerpt.into() }
}

/// Whether somebody has replied to it.
pub fn is_answered(row: &Row) -> bool {
    !row.text("response_text").trim().is_empty()
}

/// "1 star", "4 stars".
pub fn stars(rating: i64) -> String {
    if rating == 1 { "1 star".to_owned() } else { format!("{rating} stars") }
}

fn complete_new(context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let today = context.today();
    let count = rows.len();
    for (index, row) in rows.iter_mut().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        let refused = |problem: String| ToolError::refused(format!("{at}{problem}"));
        check(row, today).map_err(&refused)?;
        if row.get("status").is_some_and(|status| status == "responded") {
            let hint = "A new review has no reply yet. Create it as published, then use respond_to_review.";
            return Err(refused(hint.to_owned()));
        }
        row.entry("review_date").or_insert_with(|| today.to_string().into());
    }
    Ok(())
}

fn check_changes(context: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let refused = |problem: String| ToolError::refused(format!("{}: {problem}", REVIEWS.name_of(row)));
    check(changes, context.today()).map_err(refused)?;
    if changes.get("review_date").is_some_and(Value::is_null) {
        return Err(refused("a review always has a date.".to_owned()));
    }
    if changes.get("status").is_some_and(|status| status == "responded") && !is_answered(row) {
        return Err(refused("nobody has replied to it yet. Use respond_to_review with the reply.".to_owned()));
    }
    Ok(())
}

/// What holds for all that is written.
fn check(row: &Map<String, Value>, today: NaiveDate) -> Result<(), String> {
    let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
    if let Some(date) = text("review_date").parse::<NaiveDate>().ok().filter(|date| *date > today) {
        return Err(format!("The review can't be from {date}: that day is still to come."));
    }
    // What isn't a web address could run when somebody opens it.
    let url = text("platform_url").to_ascii_lowercase();
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        return Err("`platform_url`: expected a web address that starts with https://.".to_owned());
    }
    Ok(())
}
