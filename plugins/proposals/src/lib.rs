//! The proposals agent.
