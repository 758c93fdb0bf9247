//! `review_sentiment`: how recent reviews read.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, Period, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::by_stars;
use crate::review::{excerpt, stars, words};
use crate::sentiment::{Sentiment, read};

/// For the model.
pub const DESCRIPTION: &str = "Says how recent reviews read: positive, mixed, neutral or negative, by their stars and the \
praise and complaints in their words, newest first, with what each reading is based on.\n\
Examples: \"What are people saying about us?\" \"Are clients happy with our work?\" \"Any bad reviews lately?\" \"Did anybody complain?\" \"What do they praise?\"";

/// Reviews read when the question doesn't say how many.
const DEFAULT_LIMIT: u32 = 20;

/// The most reviews read: what somebody can still look through.
const MAX_LIMIT: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only reviews of this client: the name or a part of it. Leave out for all.
    pub client: Option<String>,
    /// Only reviews of a period, by its name. Leave out for the newest of all.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
    /// How many of the newest reviews to read, at most 50. 20 if left out.
    #[schemars(range(min = 1, max = 50))]
    pub limit: Option<u32>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let limit = arguments.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ToolError::arguments(format!("`limit`: must be from 1 to {MAX_LIMIT}, got {limit}.")));
    }
    let mut conditions: Vec<Condition> = Vec::new();
    let mut title = "How reviews read".to_owned();
    if arguments.period.is_some() || arguments.from.is_some() || arguments.to.is_some() {
        let (named, from, to) = (arguments.period, arguments.from, arguments.to);
        let period = Period::given(named, from, to, NamedPeriod::ThisYear, context.today())?;
        conditions.push(Filter::gte("review_date", period.from).into());
        conditions.push(Filter::lte("review_date", period.to).into());
        title.push_str(&format!(" from {} to {}", period.from, period.to));
    }
    if let Some(client) = &arguments.client {
        conditions.push(Filter::holds_text("client_name", client.trim()).into());
        title.push_str(&format!(", of clients named {:?}", client.trim()));
    }

    let wanted = ["id", "client_name", "rating", "title", "review_text", "review_date", "platform"];
    let mut query = Query::new("reviews", &wanted).descending("review_date").ascending("id").limit(limit);
    query.conditions.clone_from(&conditions);
    let page = context.select(&query)?;
    let mut counts = Aggregation::new("reviews").by("rating").count("reviews");
    counts.conditions = conditions;
    let by_stars = by_stars(&context.aggregate(&counts)?);
    let total: i64 = by_stars.iter().map(|(_, reviews)| reviews).sum();

    let read: Vec<_> = page.rows.iter().map(|row| (row, read(row.integer("rating"), &words(row)))).collect();
    let rows = read.iter().map(|(row, reading)| {
        columns([
            ("id", row.get("id").clone()),
            ("client_name", row.get("client_name").clone()),
            ("review_date", row.get("review_date").clone()),
            ("sentiment", reading.sentiment.word().into()),
            ("based_on", reading.based_on.as_str().into()),
            ("review", excerpt(row)),
            ("platform", row.get("platform").clone()),
        ])
    });
    let mut answer = Answer::new().title(title).rows(rows.collect()).total_rows(total.unsigned_abs());
    if total == 0 {
        return Ok(answer);
    }
    for sentiment in Sentiment::ALL {
        let count = read.iter().filter(|(_, reading)| reading.sentiment == sentiment).count();
        answer = answer.fact(format!("Read as {}", sentiment.word()), count);
    }
    for (rating, reviews) in by_stars {
        answer = answer.fact(stars(rating), reviews);
    }
    answer = answer.note(
        "Stars decide first, then a short list of words. It understands neither irony nor what the words are about.",
    );
    let shown = read.len();
    if (shown as i64) < total {
        answer = answer.note(format!("Read were the newest {shown} of {total}; the counts by stars are over all."));
    }
    Ok(answer)
}
