//! The invoices agent.
