//! Everything outside the agent, behind one trait.

#[cfg(target_arch = "wasm32")]
pub(crate) mod imports;
#[cfg(target_arch = "wasm32")]
mod memory;

use crate::data::{Aggregation, DataError, Deletion, Insertion, Modification, Query, RawPage};
use crate::events::{EventsError, Level, ToolStatus};
use crate::llm::{Completion, CompletionRequest, LlmError};

/// The functions a host offers, as the contract in `wit/` describes them: same records, same errors, same limits.
///
/// In a component it is the contract's imports. Natively it is whatever a test or a benchmark brings.
pub trait Host {
    /// Asks the model once.
    fn complete(&mut self, request: &CompletionRequest) -> Result<Completion, LlmError>;

    /// Reads rows.
    fn select(&mut self, query: &Query) -> Result<RawPage, DataError>;
    /// At most 16 reads at the same time, answered in their order.
    fn select_many(&mut self, queries: &[Query]) -> Vec<Result<RawPage, DataError>>;
    /// Adds rows, all or none. Returns JSON objects.
    fn insert(&mut self, insertion: &Insertion) -> Result<Vec<String>, DataError>;
    /// At most 16 additions, each on its own.
    fn insert_many(&mut self, insertions: &[Insertion]) -> Vec<Result<Vec<String>, DataError>>;
    /// Changes rows, all or none.
    fn update(&mut self, modification: &Modification) -> Result<Vec<String>, DataError>;
    /// At most 16 changes, each on its own.
    fn update_many(&mut self, modifications: &[Modification]) -> Vec<Result<Vec<String>, DataError>>;
    /// Removes rows, all or none. Always asks for the user's approval first.
    fn delete(&mut self, deletion: &Deletion) -> Result<Vec<String>, DataError>;
    /// At most 16 removals, each on its own.
    fn delete_many(&mut self, deletions: &[Deletion]) -> Vec<Result<Vec<String>, DataError>>;
    /// Computes figures over groups of rows.
    fn aggregate(&mut self, aggregation: &Aggregation) -> Result<Vec<String>, DataError>;
    /// At most 16 computations at the same time.
    fn aggregate_many(&mut self, aggregations: &[Aggregation]) -> Vec<Result<Vec<String>, DataError>>;

    /// Adds Markdown to the answer.
    fn text(&mut self, text: &str) -> Result<(), EventsError>;
    /// Says what the agent is doing.
    fn progress(&mut self, message: &str) -> Result<(), EventsError>;
    /// A tool started.
    fn tool_started(&mut self, id: &str, name: &str) -> Result<(), EventsError>;
    /// A tool ended.
    fn tool_finished(&mut self, id: &str, name: &str, status: ToolStatus) -> Result<(), EventsError>;

    /// Writes a line for the operator. No personal data.
    fn log(&mut self, level: Level, message: &str);

    /// Milliseconds since 1970.
    fn unix_time_ms(&mut self) -> u64;
    /// Nanoseconds from an arbitrary start.
    fn monotonic_ns(&mut self) -> u64;
}
