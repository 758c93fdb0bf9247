//! Agents as sandboxed components.
//!
//! - [`manifest`]: what a plugin says of itself, carried inside its `.wasm`.
//! - [`grants`]: what the operator allows, and the decision about each call.
//! - [`engine`]: the one `Engine`, its limits and its clock.
//! - [`registry`]: the plugins that are loaded, ready to instantiate.
//! - [`catalog`]: the plugins as operators see and change them, with what came of each ([`standing`]).
//! - [`write_switch`]: whether any plugin may write.
//! - [`runtime`]: one turn of one plugin, in a `Store` of its own.
//! - `host`: the functions a guest may call, one file per WIT interface.
//! - [`event`]: what the user sees while an agent works.
//! - `observed`: what the operator sees of it.
//! - `package`: from a crate to a `.wasm` (development builds).

mod bindings;
pub mod catalog;
pub mod engine;
pub mod event;
pub mod grants;
mod host;
mod limits;
mod loader;
pub mod manifest;
pub(crate) mod observed;
#[cfg(feature = "dev")]
pub mod package;
pub mod registry;
pub mod runtime;
pub mod standing;
mod state;
pub mod write_switch;

pub use catalog::Catalog;
pub use event::{Event, EventKind, Events, ReaderGone, ToolStatus};
pub use registry::{Plugin, Registry};
pub use runtime::{Ending, Invocation, Report, RunError, Runtime, Services};
pub use write_switch::WriteSwitch;
