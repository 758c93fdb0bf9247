//! Calls itself without an end.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered};

struct Recurse;

#[expect(unconditional_recursion, reason = "what this guest is for")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(depth + 1)) + 1)
}

impl Guest for Recurse {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        std::hint::black_box(deeper(0));
        answered()
    }
}

canvalo_guests::export!(Recurse with_types_in canvalo_guests::bindings);
