//! A host for tests: tables in memory, a model that says what it is told, and a record of all that happened.
//!
//! ```
//! use canvalo_sdk::testing::{self, FakeHost};
//! use canvalo_sdk::{Agent, Ending};
//!
//! let mut host = FakeHost::new().says("Hello!");
//! let outcome = canvalo_sdk::run(&Agent::new("You are kind."), &mut host, &testing::turn("Hi")).unwrap();
//! assert_eq!((outcome.ending, host.text()), (Ending::Answered, "Hello!".to_owned()));
//! ```

mod aggregate;
mod compare;
mod manifest;
mod store;

use std::collections::VecDeque;

use serde_json::Value;
pub use store::Store;

use crate::data::{Aggregation, Approval, DataError, Deletion, Insertion, Modification, Query, RawPage};
use crate::events::{EventsError, Level, ToolStatus};
use crate::llm::{Completion, CompletionRequest, LlmError, StopReason, TokenUsage};
use crate::types::{Content, ToolUse};
use crate::{Answer, Context, Host, Tool, ToolError, Turn};

/// A turn on Monday 9 March 2026, 16:20 in Chicago.
pub fn turn(message: &str) -> Turn {
    Turn {
        message: message.to_owned(),
        history: Vec::new(),
        task: None,
        now: "2026-03-09T16:20:00-05:00".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        extra: String::new(),
    }
}

/// Runs one tool on its own.
pub fn call(tool: &Tool, host: &mut FakeHost, arguments: Value) -> Result<Answer, ToolError> {
    let Value::Object(arguments) = arguments else {
        return Err(ToolError::arguments("not an object"));
    };
    let turn = turn("A question");
    let mut context = Context::new(host, &turn).map_err(|error| ToolError::refused(error.to_string()))?;
    tool.run(&mut context, arguments)
}

/// Something the user saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Text of the model or of the agent.
    Text(String),
    /// What is being done.
    Progress(String),
    /// A tool's name.
    ToolStarted(String),
    /// A tool's name, and whether it did what it was asked.
    ToolFinished(String, bool),
}

/// A request to the user's data, as the host got it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "one case per function of the contract")]
pub enum Call {
    Select(Query),
    Insert(Insertion),
    Update(Modification),
    Delete(Deletion),
    Aggregate(Aggregation),
}

impl Call {
    /// The verb as grants spell it.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Select(_) | Self::Aggregate(_) => "select",
            Self::Insert(_) => "insert",
            Self::Update(_) => "update",
            Self::Delete(_) => "delete",
        }
    }
}

/// The host for tests.
#[derive(Default)]
pub struct FakeHost {
    /// The tables.
    pub store: Store,
    /// What the model was asked.
    pub requests: Vec<CompletionRequest>,
    /// What the user saw.
    pub events: Vec<Event>,
    /// What the data service was asked, refused requests included.
    pub calls: Vec<Call>,
    /// What the operator can read.
    pub log: Vec<(Level, String)>,
    /// Deletes happen without approval.
    pub approves_deletes: bool,
    /// The user has gone: events fail.
    pub user_is_gone: bool,
    completions: VecDeque<Result<Completion, LlmError>>,
    failures: Vec<(&'static str, DataError)>,
    manifest: Option<manifest::Manifest>,
}

impl FakeHost {
    /// A host with no tables and a model that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Denies what this `plugin.toml` doesn't ask for, as a host does that grants everything asked for.
    pub fn with_manifest(mut self, plugin_toml: &str) -> Self {
        self.manifest = Some(manifest::Manifest::parse(plugin_toml));
        self
    }

    /// Adds a table with these rows; each gets an `id` if it has none.
    pub fn with_table(mut self, table: &str, rows: impl IntoIterator<Item = Value>) -> Self {
        self.store.add(table, rows);
        self
    }

    /// A column that the database computes from the rest of a row, on every read.
    pub fn with_generated(mut self, table: &str, column: &str, compute: fn(&crate::Row) -> Value) -> Self {
        self.store.generate(table, column, compute);
        self
    }

    /// The next model call answers with text.
    pub fn says(self, text: &str) -> Self {
        self.completes(vec![Content::Text(text.to_owned())], StopReason::EndTurn)
    }

    /// The next model call asks for a tool.
    pub fn uses(self, tool: &str, input: Value) -> Self {
        let id = format!("use_{}", self.completions.len() + 1);
        let tool_use = ToolUse { id, name: tool.to_owned(), input: input.to_string() };
        self.completes(vec![Content::ToolUse(tool_use)], StopReason::ToolUse)
    }

    /// The next model call answers with this.
    pub fn completes(mut self, content: Vec<Content>, stop_reason: StopReason) -> Self {
        let usage = TokenUsage { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0 };
        self.completions.push_back(Ok(Completion { content, stop_reason, usage, extra: String::new() }));
        self
    }

    /// The next model call fails.
    pub fn model_fails(mut self, error: LlmError) -> Self {
        self.completions.push_back(Err(error));
        self
    }

    /// The next request of this verb (`select`, `insert`, `update`, `delete`, `aggregate`) fails.
    pub fn data_fails(mut self, verb: &'static str, error: DataError) -> Self {
        self.failures.push((verb, error));
        self
    }

    /// All text the user read.
    pub fn text(&self) -> String {
        let texts = self
            .events
            .iter()
            .filter_map(|event| if let Event::Text(text) = event { Some(text.as_str()) } else { None });
        texts.collect()
    }

    /// What the last model call read as the result of the tool before it, and whether that was an error.
    pub fn last_tool_result(&self) -> Option<(Value, bool)> {
        let message = self.requests.last()?.messages.last()?;
        let Some(Content::ToolResult(result)) = message.content.last() else {
            return None;
        };
        Some((serde_json::from_str(&result.content).ok()?, result.is_error))
    }

    /// Notes a call, and refuses it where the manifest or the test says so.
    fn called(&mut self, call: Call, verb: &str) -> Result<(), DataError> {
        let granted = self.manifest.as_ref().map_or(Ok(()), |manifest| manifest.check(&call));
        self.calls.push(call);
        granted?;
        self.failure(verb)
    }

    fn failure(&mut self, verb: &str) -> Result<(), DataError> {
        match self.failures.iter().position(|(failing, _)| *failing == verb) {
            Some(index) => Err(self.failures.remove(index).1),
            None => Ok(()),
        }
    }

    fn event(&mut self, event: Event) -> Result<(), EventsError> {
        if self.user_is_gone {
            return Err(EventsError::Closed);
        }
        self.events.push(event);
        Ok(())
    }
}

impl Host for FakeHost {
    fn complete(&mut self, request: &CompletionRequest) -> Result<Completion, LlmError> {
        self.requests.push(request.clone());
        let completion =
            self.completions.pop_front().unwrap_or_else(|| Err(LlmError::Other("nothing scripted".into())))?;
        for block in &completion.content {
            if let (Content::Text(text), true) = (block, request.stream_to_user) {
                self.events.push(Event::Text(text.clone()));
            }
        }
        Ok(completion)
    }

    fn select(&mut self, query: &Query) -> Result<RawPage, DataError> {
        self.called(Call::Select(query.clone()), "select")?;
        self.store.select(query)
    }

    fn select_many(&mut self, queries: &[Query]) -> Vec<Result<RawPage, DataError>> {
        queries.iter().map(|query| self.select(query)).collect()
    }

    fn insert(&mut self, insertion: &Insertion) -> Result<Vec<String>, DataError> {
        self.called(Call::Insert(insertion.clone()), "insert")?;
        self.store.insert(insertion)
    }

    fn insert_many(&mut self, insertions: &[Insertion]) -> Vec<Result<Vec<String>, DataError>> {
        insertions.iter().map(|insertion| self.insert(insertion)).collect()
    }

    fn update(&mut self, modification: &Modification) -> Result<Vec<String>, DataError> {
        self.called(Call::Update(modification.clone()), "update")?;
        self.store.update(modification)
    }

    fn update_many(&mut self, modifications: &[Modification]) -> Vec<Result<Vec<String>, DataError>> {
        modifications.iter().map(|modification| self.update(modification)).collect()
    }

    fn delete(&mut self, deletion: &Deletion) -> Result<Vec<String>, DataError> {
        self.called(Call::Delete(deletion.clone()), "delete")?;
        if !self.approves_deletes {
            let summary = format!("Delete {} rows of {}", deletion.max_affected, deletion.table);
            return Err(DataError::ApprovalRequired(Approval { id: "approval_1".to_owned(), summary }));
        }
        self.store.delete(deletion)
    }

    fn delete_many(&mut self, deletions: &[Deletion]) -> Vec<Result<Vec<String>, DataError>> {
        deletions.iter().map(|deletion| self.delete(deletion)).collect()
    }

    fn aggregate(&mut self, aggregation: &Aggregation) -> Result<Vec<String>, DataError> {
        self.called(Call::Aggregate(aggregation.clone()), "aggregate")?;
        self.store.aggregate(aggregation)
    }

    fn aggregate_many(&mut self, aggregations: &[Aggregation]) -> Vec<Result<Vec<String>, DataError>> {
        aggregations.iter().map(|aggregation| self.aggregate(aggregation)).collect()
    }

    fn text(&mut self, text: &str) -> Result<(), EventsError> {
        self.event(Event::Text(text.to_owned()))
    }

    fn progress(&mut self, message: &str) -> Result<(), EventsError> {
        self.event(Event::Progress(message.to_owned()))
    }

    fn tool_started(&mut self, _: &str, name: &str) -> Result<(), EventsError> {
        self.event(Event::ToolStarted(name.to_owned()))
    }

    fn tool_finished(&mut self, _: &str, name: &str, status: ToolStatus) -> Result<(), EventsError> {
        self.event(Event::ToolFinished(name.to_owned(), status == ToolStatus::Completed))
    }

    fn log(&mut self, level: Level, message: &str) {
        self.log.push((level, message.to_owned()));
    }

    fn unix_time_ms(&mut self) -> u64 {
        1_773_091_200_000
    }

    fn monotonic_ns(&mut self) -> u64 {
        0
    }
}
