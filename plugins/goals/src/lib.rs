//! The goals agent.
//!
//! - [`goal`]: the table, and what holds for every goal written.
//! - [`pace`], [`progress`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod goal;
pub mod pace;
pub mod progress;
pub mod tools;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("goal_progress", tools::progress::DESCRIPTION, tools::progress::run))
        .tool(Tool::typed("revenue_against_goals", tools::revenue::DESCRIPTION, tools::revenue::run))
        .tool(Tool::typed("record_goal_total", tools::record::TOTAL, tools::record::total))
        .tool(Tool::typed("record_goal_increase", tools::record::INCREASE, tools::record::increase))
        .tool(Tool::typed("record_goals_progress", tools::record::MANY, tools::record::run_many))
        .tool(Tool::typed("complete_goals", tools::complete::DESCRIPTION, tools::complete::run))
        .table(&goal::GOALS)
        .examples("create_goals", goal::EXAMPLES_OF_NEW)
        .examples("update_goals", goal::EXAMPLES_OF_CHANGES)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
