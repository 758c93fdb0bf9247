//! The reviews agent.
//!
//! - [`review`]: the table, and what holds for every review written.
//! - [`trend`], [`sentiment`], [`reply`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod reply;
pub mod review;
pub mod sentiment;
pub mod tools;
pub mod trend;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("reviews_needing_response", tools::waiting::DESCRIPTION, tools::waiting::run))
        .tool(Tool::typed("rating_trend", tools::trend::DESCRIPTION, tools::trend::run))
        .tool(Tool::typed("review_sentiment", tools::sentiment::DESCRIPTION, tools::sentiment::run))
        .tool(Tool::typed("draft_review_reply", tools::draft::DESCRIPTION, tools::draft::run))
        .tool(Tool::typed("respond_to_review", tools::respond::DESCRIPTION, tools::respond::run))
        .tool(Tool::typed("respond_to_reviews", tools::respond::DESCRIPTION_MANY, tools::respond::run_many))
        .table(&review::REVIEWS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
