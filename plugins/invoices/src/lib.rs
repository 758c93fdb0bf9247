//! The invoices agent.
//!
//! - [`invoice`]: the table, and what holds for every invoice written: totals that add up, a number, dates.
//! - [`payment`], [`ageing`]: the rules, as functions of values alone.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod ageing;
pub mod invoice;
mod line_item;
pub mod payment;
pub mod tools;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("overdue_invoices", tools::overdue::DESCRIPTION, tools::overdue::run))
        .tool(Tool::typed("invoice_ageing", tools::ageing::DESCRIPTION, tools::ageing::run))
        .tool(Tool::typed("revenue", tools::revenue::DESCRIPTION, tools::revenue::run))
        .tool(Tool::typed("record_payment", tools::payment::DESCRIPTION, tools::payment::run))
        .tool(Tool::typed("record_payments", tools::payment::DESCRIPTION_MANY, tools::payment::run_many))
        .table(&invoice::INVOICES)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
