//! The campaigns agent.
