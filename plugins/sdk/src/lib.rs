//! What a Rust agent plugin is written with.
//!
//! An agent is a prompt, typed tools and one macro:
//!
//! ```
//! use canvalo_sdk::{Agent, Answer, Context, Tool, ToolError};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Greet {
//!     /// Who to greet.
//!     name: String,
//! }
//!
//! fn greet(_: &mut Context<'_>, arguments: Greet) -> Result<Answer, ToolError> {
//!     Ok(Answer::new().fact("Greeting", format!("Hello, {}!", arguments.name)))
//! }
//!
//! fn agent() -> Agent {
//!     Agent::new("You greet people.").tool(Tool::typed("greet", "Greets somebody by name.", greet))
//! }
//!
//! canvalo_sdk::agent!(agent);
//! # fn main() {}
//! ```
//!
//! - [`Agent`], [`Tool`], [`ToolError`]: what an author declares.
//! - [`Table`] and [`Column`]: create, list, get, update and delete over a table, from a declaration.
//! - [`Context`]: what a tool works with: the time of the question, and the user's data.
//! - [`Answer`], [`Money`], [`Percent`] and [`Quantity`]: what a tool returns, ready to be read.
//! - [`Period`] and [`totals`]: the calendar, and how the figures of a document add up.
//! - [`data`], [`llm`], [`types`]: the contract's own records, with constructors.
//! - [`Host`]: everything outside, behind one trait; the contract's imports in a component, a fake in `testing`.
//! - [`run`]: the tool loop.

mod agent;
mod answer;
mod context;
mod host;
mod money;
mod percent;
mod period;
mod quantity;
mod row;
mod table;
mod tool;
mod turn;

#[doc(hidden)]
pub mod bindings;
pub mod data;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod totals;

pub use agent::Agent;
pub use answer::{Answer, columns};
pub use context::Context;
pub use host::Host;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use host::imports::{prepare, run_component};
pub use money::Money;
pub use percent::Percent;
pub use period::{NamedPeriod, Period};
pub use quantity::Quantity;
pub use row::{Page, Row};
pub use table::{BeforeCreate, BeforeUpdate, Change, Column, Kind, Link, Numbering, Order, Table};
pub use tool::{Tool, ToolError};
pub use totals::{Lines, Totals};
pub use turn::run;

pub use bindings::exports::canvalo::agent::agent::{AgentError, Ending, Outcome, Turn};

/// Model calls: the contract's records.
pub mod llm {
    pub use crate::bindings::canvalo::agent::llm::{
        Completion, CompletionRequest, LlmError, StopReason, TokenUsage, Tool,
    };
}

/// Conversations: the contract's records.
pub mod types {
    pub use crate::bindings::canvalo::agent::types::{Content, Message, Role, ToolResult, ToolUse};
}

/// Events and log lines: the contract's records.
pub mod events {
    pub use crate::bindings::canvalo::agent::events::{EventsError, ToolStatus};
    pub use crate::bindings::canvalo::agent::log::Level;
}

/// Exports an agent from the crate, given the function that makes it: `fn() -> Agent`.
///
/// Native builds of the crate export nothing, so that the same code runs in unit tests with [`testing`].
#[macro_export]
macro_rules! agent {
    ($agent:path) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            #[unsafe(export_name = "wizer-initialize")]
            extern "C" fn prepare() {
                $crate::prepare($agent);
            }

            impl $crate::bindings::exports::canvalo::agent::agent::Guest for Component {
                fn run(turn: $crate::Turn) -> ::core::result::Result<$crate::Outcome, $crate::AgentError> {
                    $crate::run_component($agent, &turn)
                }
            }

    $crate::bindings::export!(Component with_types_in $crate::bindings);
        };
    };
}
