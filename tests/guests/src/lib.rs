//! What every guest in `examples/` is written with: the bindings of the contract, and a few words for reporting.

#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "agent-plugin",
        pub_export_macro: true,
        default_bindings_module: "canvalo_guests::bindings",
    });
}

pub use bindings::canvalo::agent::{clock, data, events, llm, log, types};
pub use bindings::export;
pub use bindings::exports::canvalo::agent::agent::{AgentError, Ending, Guest, Outcome, Turn};

/// A turn that ended well.
pub fn answered() -> Result<Outcome, AgentError> {
    Ok(Outcome { ending: Ending::Answered, summary: "{}".into(), extra: String::new() })
}

/// Tells the user, and so the test, one finding per line.
pub fn say(what: &str, finding: impl std::fmt::Debug) {
    let _ = events::text(&format!("{what}: {finding:?}\n"));
}
