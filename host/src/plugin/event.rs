//! What the user sees while an agent works. Every event says whose it is.

use std::sync::Arc;

/// The name under which the supervisor itself speaks.
pub const SUPERVISOR: &str = "supervisor";

/// One thing to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The agent's name, or [`SUPERVISOR`].
    pub agent: Arc<str>,
    /// What it is.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// More of the answer, Markdown.
    Text(String),
    /// What the agent is doing, not part of the answer.
    Progress(String),
    /// A tool started or ended.
    Tool {
        /// Names the tool use within the turn.
        id: String,
        /// The tool.
        name: String,
        /// Where it stands.
        status: ToolStatus,
    },
}

/// Where a tool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolStatus {
    /// It runs.
    Started,
    /// It did what it was asked.
    Completed,
    /// It failed.
    Failed,
}
