//! Takes memory until there is no more.

use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered};

struct Hoard;

impl Guest for Hoard {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        let mut hoard: Vec<Vec<u8>> = Vec::new();
        loop {
            hoard.push(vec![hoard.len() as u8 | 1; 1024 * 1024]);
            if std::hint::black_box(&hoard).is_empty() {
                return answered();
            }
        }
    }
}

canvalo_guests::export!(Hoard with_types_in canvalo_guests::bindings);
