//! An agent: a prompt and tools.

use std::borrow::Cow;

use crate::{Table, Tool};

/// What an author declares, once per plugin.
pub struct Agent {
    pub(crate) prompt: Cow<'static, str>,
    pub(crate) tools: Vec<Tool>,
}

impl Agent {
    /// An agent with this system prompt and no tools. Keep what changes out of the prompt, so that models can cache it;
    /// the time of the question is added at its end.
    pub fn new(prompt: impl Into<Cow<'static, str>>) -> Self {
        Self { prompt: prompt.into(), tools: Vec::new() }
    }

    /// Adds a tool. Names are unique within an agent; a later tool with the same name replaces the earlier one.
    pub fn tool(mut self, tool: Tool) -> Self {
        self.tools.retain(|other| other.name != tool.name);
        self.tools.push(tool);
        self
    }

    /// Adds the tools that list, get, create, update and delete rows of a table.
    pub fn table(self, table: &'static Table) -> Self {
        table.tools().into_iter().fold(self, Self::tool)
    }

    /// The tools, in the order they are offered.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }
}
