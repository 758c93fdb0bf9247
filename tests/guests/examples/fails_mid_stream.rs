//! Panics in the middle of its answer.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, events};

struct FailsMidStream;

impl Guest for FailsMidStream {
    fn run(turn: Turn) -> Result<Outcome, AgentError> {
        let _ = events::text("The first half of an ");
        panic!("as asked by {}", turn.message);
    }
}

canvalo_guests::export!(FailsMidStream with_types_in canvalo_guests::bindings);
