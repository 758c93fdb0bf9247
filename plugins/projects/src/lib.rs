//! The projects agent.
//!
//! - [`project`]: the table, and what holds for every project written.
//! - [`lifecycle`], [`schedule`], [`crew`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod crew;
pub mod lifecycle;
pub mod project;
pub mod schedule;
pub mod tools;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("project_summary", tools::summary::DESCRIPTION, tools::summary::run))
        .tool(Tool::typed("late_projects", tools::late::DESCRIPTION, tools::late::run))
        .tool(Tool::typed("budget_vs_actual", tools::budget::DESCRIPTION, tools::budget::run))
        .tool(Tool::typed("crew_load", tools::load::DESCRIPTION, tools::load::run))
        .tool(Tool::typed("free_crew", tools::free::DESCRIPTION, tools::free::run))
        .tool(Tool::typed("change_project_status", tools::status::DESCRIPTION, tools::status::run))
        .tool(Tool::typed("assign_crew", tools::team::DESCRIPTION_ASSIGN, tools::team::assign))
        .tool(Tool::typed("unassign_crew", tools::team::DESCRIPTION_UNASSIGN, tools::team::unassign))
        .table(&project::PROJECTS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
