//! Takes as many MiB as the question says, and holds them while it waits for the model.

use canvalo_guests::llm::{CompletionRequest, complete};
use canvalo_guests::types::{Content, Message, Role};
use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, say};

struct Waits;

impl Guest for Waits {
    fn run(turn: Turn) -> Result<Outcome, AgentError> {
        let mebibytes: usize = turn.message.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let held = std::hint::black_box(vec![1_u8; mebibytes * 1024 * 1024]);
        let waited = complete(&CompletionRequest {
            system: String::new(),
            messages: vec![Message { role: Role::User, content: vec![Content::Text("hold on".into())] }],
            tools: Vec::new(),
            max_output_tokens: None,
            temperature: None,
            stream_to_user: false,
            extra: String::new(),
        });
        say("waited", waited.is_ok());
        say("held", held.len());
        answered()
    }
}

canvalo_guests::export!(Waits with_types_in canvalo_guests::bindings);
