//! Computes forever before it is even asked, while it is instantiated.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered};

struct StartLoop;

/// The component runs it when it is instantiated.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    while std::hint::black_box(true) {}
}

impl Guest for StartLoop {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        answered()
    }
}

canvalo_guests::export!(StartLoop with_types_in canvalo_guests::bindings);
