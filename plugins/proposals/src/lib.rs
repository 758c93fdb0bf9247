//! The proposals agent.
//!
//! - [`proposal`]: the table, and what holds for every proposal written: totals that add up, a number, dates.
//! - [`workflow`], [`conversion`], [`validity`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod conversion;
pub mod proposal;
mod section;
pub mod tools;
pub mod validity;
pub mod workflow;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("proposal_pipeline", tools::pipeline::DESCRIPTION, tools::pipeline::run))
        .tool(Tool::typed("expiring_proposals", tools::expiring::DESCRIPTION, tools::expiring::run))
        .tool(Tool::typed("conversion_rate", tools::conversion::DESCRIPTION, tools::conversion::run))
        .tool(Tool::typed("change_proposal_status", tools::status::DESCRIPTION, tools::status::run))
        .tool(Tool::typed("accept_proposal", tools::accept::DESCRIPTION, tools::accept::run))
        .tool(Tool::typed("accept_proposals", tools::accept::DESCRIPTION_MANY, tools::accept::run_many))
        .table(&proposal::PROPOSALS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
