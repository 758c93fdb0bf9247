//! Leaves the question in a static and looks for what somebody else left there.

use std::sync::Mutex;

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, say};

struct Remembers;

static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Guest for Remembers {
    fn run(turn: Turn) -> Result<Outcome, AgentError> {
        let mut left = LEFT.lock().map_err(|_| AgentError::Other("poisoned".into()))?;
        say("found", &*left);
        left.push(turn.message);
        answered()
    }
}

canvalo_guests::export!(Remembers with_types_in canvalo_guests::bindings);
