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

    /// Adds a line of requests to the description of a tool that has none, as those of a table: `Examples: "…" "…"`.
    pub fn examples(mut self, tool: &str, line: &str) -> Self {
        for tool in self.tools.iter_mut().filter(|known| known.name == tool) {
            tool.description = format!("{}\n{line}", tool.description).into();
        }
        self
    }

    /// The tools, in the order they are offered.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    static JOBS: Table =
        Table { name: "jobs", singular: "job", label: "title", columns: &[Column::text("title")], ..Table::EMPTY };

    #[test]
    fn a_tables_tool_can_be_given_examples() {
        let agent = Agent::new("").table(&JOBS).examples("create_jobs", "Examples: \"New job\"");
        let with_examples = agent.tools().iter().filter(|tool| tool.description().ends_with("\nExamples: \"New job\""));
        assert_eq!(with_examples.map(Tool::name).collect::<Vec<_>>(), ["create_jobs"]);
    }
}
