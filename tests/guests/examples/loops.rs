//! Computes forever.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered};

struct Loops;

impl Guest for Loops {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        let mut number = 0_u64;
        while std::hint::black_box(number) != u64::MAX {
            number = std::hint::black_box(number ^ 1);
        }
        answered()
    }
}

canvalo_guests::export!(Loops with_types_in canvalo_guests::bindings);
