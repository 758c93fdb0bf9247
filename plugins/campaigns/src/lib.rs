//! The campaigns agent.
//!
//! - [`campaign`]: the table, and what holds for every campaign written: dates, counts, amounts.
//! - [`funnel`], [`status`], [`results`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod campaign;
pub mod funnel;
pub mod results;
pub mod status;
pub mod tools;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("campaign_performance", tools::performance::DESCRIPTION, tools::performance::run))
        .tool(Tool::typed("campaigns_report", tools::report::DESCRIPTION, tools::report::run))
        .tool(Tool::typed("best_campaigns", tools::ranking::DESCRIPTION, tools::ranking::run))
        .tool(Tool::typed("compare_campaign_types", tools::comparison::DESCRIPTION, tools::comparison::run))
        .tool(Tool::typed("start_campaigns", tools::status::START, tools::status::start))
        .tool(Tool::typed("pause_campaigns", tools::status::PAUSE, tools::status::pause))
        .tool(Tool::typed("finish_campaigns", tools::status::FINISH, tools::status::finish))
        .tool(Tool::typed("cancel_campaigns", tools::status::CANCEL, tools::status::cancel))
        .tool(Tool::typed("record_campaign_results", tools::results::DESCRIPTION, tools::results::run))
        .table(&campaign::CAMPAIGNS)
        .examples("create_campaigns", campaign::EXAMPLES_OF_NEW)
        .examples("update_campaigns", campaign::EXAMPLES_OF_CHANGES)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
