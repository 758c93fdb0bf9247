//! Hands over more than a call may carry: as its outcome, as an argument, or as a list of arguments.

use canvalo_guests::data::{Query, select_many};
use canvalo_guests::{AgentError, Ending, Guest, Outcome, Turn, answered, events};

struct Giant;

impl Guest for Giant {
    fn run(turn: Turn) -> Result<Outcome, AgentError> {
        let giant = || "x".repeat(8 * 1024 * 1024);
        match turn.message.rsplit(' ').next() {
            Some("outcome") => Ok(Outcome { ending: Ending::Answered, summary: giant(), extra: String::new() }),
            Some("error") => Err(AgentError::Other(giant())),
            Some("argument") => {
                let _ = events::text(&giant());
                answered()
            }
            _ => {
                select_many(&vec![query(); 100_000]);
                answered()
            }
        }
    }
}

fn query() -> Query {
    Query {
        table: String::new(),
        columns: Vec::new(),
        conditions: Vec::new(),
        order: Vec::new(),
        limit: 1,
        offset: 0,
        count: false,
        extra: String::new(),
    }
}

canvalo_guests::export!(Giant with_types_in canvalo_guests::bindings);
