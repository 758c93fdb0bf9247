//! The appointments agent.
//!
//! - [`appointment`]: the table, and what holds for every change of an appointment.
//! - [`clock`], [`slot`], [`hours`], [`person`], [`window`], [`free`]: the rules, as functions of values alone.
//! - [`calendar`]: what is taken, read from the table.
//! - [`booking`]: what holds for every new appointment.
//! - [`named`]: which appointment people mean.
//! - [`tools`]: what the agent can do besides the table's own tools.

pub mod appointment;
pub mod booking;
pub mod calendar;
pub mod clock;
pub mod free;
pub mod hours;
pub mod named;
pub mod person;
pub mod slot;
pub mod tools;
pub mod window;

use canvalo_sdk::{Agent, Tool};
use tools::{agenda, book, cancel, conflicts, free_slots, reschedule};

/// The agent.
pub fn agent() -> Agent {
    Agent::new(include_str!("../prompt.md"))
        .tool(Tool::typed("agenda", agenda::DESCRIPTION, agenda::run))
        .tool(Tool::typed("book_appointment", book::DESCRIPTION, book::run))
        .tool(Tool::typed("free_slots", free_slots::DESCRIPTION, free_slots::run))
        .tool(Tool::typed("reschedule_appointment", reschedule::DESCRIPTION, reschedule::run))
        .tool(Tool::typed("reschedule_appointments", reschedule::DESCRIPTION_MANY, reschedule::run_many))
        .tool(Tool::typed("cancel_appointments", cancel::DESCRIPTION, cancel::run))
        .tool(Tool::typed("appointment_conflicts", conflicts::DESCRIPTION, conflicts::run))
        .table(&appointment::APPOINTMENTS)
}

canvalo_sdk::agent!(agent);

#[cfg(test)]
mod tests;
