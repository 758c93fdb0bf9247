//! What one turn of one plugin may use. Far above what an honest agent needs, far below what hurts the others.

use std::time::Duration;

/// Linear memory of a turn, over all its memories. The Rust agents use under 2 MiB, a Python one about 40.
pub(super) const MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// What a slot keeps of a linear memory for its next turn. Twice what a Rust agent touches; more would only be what a
/// burst of greedy turns leaves behind in every slot.
pub(super) const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Table elements of a turn, over all its tables. Interpreters compiled to wasm have some 10,000.
pub(super) const TABLE_ELEMENTS: usize = 20_000;

/// Core instances, memories and tables a component may be made of.
pub(super) const CORE_INSTANCES: usize = 40;
pub(super) const MEMORIES: usize = 3;
pub(super) const TABLES: usize = 3;

/// The native stack a guest may use.
pub(super) const WASM_STACK_BYTES: usize = 512 * 1024;

/// How often a running guest is looked at.
pub(super) const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Ticks in which a guest may be found computing; waiting for the host costs none. Two seconds: an agent's own work is
/// well under a millisecond.
pub(super) const EPOCH_TICKS: u32 = 200;

/// The longest a turn of a plugin may take, waiting included. A whole turn may take 120 s.
pub(super) const WALL_CLOCK: Duration = Duration::from_secs(100);

/// Bytes the guest may hand over in one host call. A model request with a long history is the largest.
pub(super) const HOSTCALL_BYTES: usize = 2 * 1024 * 1024;

/// The largest offer of tools that is kept for a plugin's next turn. The agents here offer some 12 KiB.
pub(super) const OFFER_KEPT_BYTES: usize = 256 * 1024;

/// Component handles of a turn. The contract has no resources, so what there is is a component's own.
pub(super) const HANDLES: usize = 1_000;

/// Calls of data functions in a turn.
pub(super) const DATA_CALLS: u32 = 200;

/// Model calls in a turn.
pub(super) const LLM_CALLS: u32 = 16;

/// Tokens of answer in one model call.
pub(super) const OUTPUT_TOKENS: u32 = 4_096;

/// All host calls of a turn, the cheap ones included. More than this is a guest gone wrong, and it is stopped.
pub(super) const HOST_CALLS: u32 = 20_000;

/// Text to the user in a turn.
pub(super) const TEXT_BYTES: usize = 256 * 1024;

/// Text to the user in one call.
pub(super) const TEXT_BYTES_PER_CALL: usize = 64 * 1024;

/// Events in a turn, text streamed from the model left out.
pub(super) const EVENTS: u32 = 1_000;

/// Log lines in a turn, and characters in a line.
pub(super) const LOG_LINES: u32 = 200;
pub(super) const LOG_LINE_CHARS: usize = 2_000;

/// How deep JSON from a guest may nest.
pub(super) const JSON_DEPTH: usize = 64;

/// Requests in a batch.
pub(super) const BATCH: usize = 16;

/// A component file larger than this is refused. A Python agent is some 18 MiB.
pub(super) const COMPONENT_BYTES: u64 = 64 * 1024 * 1024;
