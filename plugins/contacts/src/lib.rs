//! The contacts agent.
