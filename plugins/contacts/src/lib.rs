//! The contacts agent.
//!
//! - [`contact`]: the table.
//! - [`not_contacted`]: who has not been contacted lately.

pub mod contact;
pub mod not_contacted;

use canvalo_sdk::{Agent, Tool};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("contacts_not_contacted", not_contacted::DESCRIPTION, not_contacted::run))
        .table(&contact::CONTACTS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
