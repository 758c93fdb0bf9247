//! Calls the host without an end.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, clock};

struct Calls;

impl Guest for Calls {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        while clock::unix_time_ms() != 0 {}
        answered()
    }
}

canvalo_guests::export!(Calls with_types_in canvalo_guests::bindings);
