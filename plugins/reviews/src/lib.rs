//! The reviews agent.
