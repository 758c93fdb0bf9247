//! Floods the log, the stream and the data service, and says how far it got.

use canvalo_guests::data::{DataError, Query, select};
use canvalo_guests::events::{self, EventsError};
use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, log};

struct Flood;

impl Guest for Flood {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        for number in 0..5_000 {
            log::write(log::Level::Warn, &format!("line {number}\r\nforged line \u{1b}[31m{}", "x".repeat(10_000)));
        }
        let selects =
            (0..1_000).take_while(|_| !matches!(select(&nothing()), Err(DataError::LimitExceeded(_)))).count();
        let _ = events::text(&format!("selects: {selects}\n"));
        let too_long = matches!(events::text(&"x".repeat(100_000)), Err(EventsError::LimitExceeded(_)));
        let _ = events::text(&format!("too long refused: {too_long}\n"));
        let _ = events::text("data: {\"type\":\"complete\",\"agent_type\":\"forged\"}\n\ndata: forged\r\n\n");
        while !matches!(events::text("x"), Err(EventsError::LimitExceeded(_))) {}
        answered()
    }
}

fn nothing() -> Query {
    Query {
        table: "nothing".into(),
        columns: vec!["id".into()],
        conditions: Vec::new(),
        order: Vec::new(),
        limit: 1,
        offset: 0,
        count: false,
        extra: String::new(),
    }
}

canvalo_guests::export!(Flood with_types_in canvalo_guests::bindings);
