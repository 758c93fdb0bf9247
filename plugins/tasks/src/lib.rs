//! The tasks agent.
//!
//! - [`task`]: the table, and what holds for every task written: its dates, its checklist.
//! - [`due`], [`workload`], [`checklist`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod checklist;
pub mod due;
pub mod task;
pub mod tools;
pub mod workload;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("overdue_tasks", tools::overdue::DESCRIPTION, tools::overdue::run))
        .tool(Tool::typed("upcoming_tasks", tools::upcoming::DESCRIPTION, tools::upcoming::run))
        .tool(Tool::typed("done_tasks", tools::done::DESCRIPTION, tools::done::run))
        .tool(Tool::typed("task_workload", tools::workload::DESCRIPTION, tools::workload::run))
        .tool(Tool::typed("complete_tasks", tools::complete::DESCRIPTION, tools::complete::run))
        .tool(Tool::typed("reopen_tasks", tools::complete::DESCRIPTION_REOPEN, tools::complete::reopen))
        .tool(Tool::typed("assign_tasks", tools::assign::DESCRIPTION, tools::assign::run))
        .tool(Tool::typed("set_task_priority", tools::assign::DESCRIPTION_PRIORITY, tools::assign::prioritise))
        .tool(Tool::typed("checklist_progress", tools::checklist::DESCRIPTION, tools::checklist::run))
        .tool(Tool::typed("check_off_items", tools::checklist::DESCRIPTION_CHECK, tools::checklist::check_off))
        .tool(Tool::typed("add_checklist_items", tools::checklist::DESCRIPTION_ADD, tools::checklist::add))
        .table(&task::TASKS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
