//! The tools besides those of the table.

pub mod agenda;
pub mod book;
pub mod cancel;
pub mod conflicts;
pub mod free_slots;
pub mod offer;
pub mod reschedule;

/// Appointments of one call that changes several: the contract's batch.
const MAX_CHANGED: usize = 16;
