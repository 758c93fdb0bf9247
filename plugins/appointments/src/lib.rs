//! The appointments agent.
