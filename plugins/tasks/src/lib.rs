//! The tasks agent.
