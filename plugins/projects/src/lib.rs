//! The projects agent.
