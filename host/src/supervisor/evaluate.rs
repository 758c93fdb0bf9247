//! Who would be asked, without asking them: for measuring how well questions are routed.

use futures::StreamExt;

use super::routing::{self, Choice};
use super::{Question, Supervisor};
use crate::capability::llm::{CompletionEvent, LlmError};

impl Supervisor {
    /// The names of the agents that the model asks first. None where the supervisor answers itself.
    pub async fn choose(&self, question: &Question) -> Result<Vec<String>, LlmError> {
        let registry = self.registry();
        let mut stream = self.services.model.stream(routing::request(&registry, question)).await?;
        while let Some(event) = stream.next().await {
            let CompletionEvent::Finished(completion) = event? else { continue };
            return Ok(match routing::choice(&registry, completion)? {
                Choice::Answered => Vec::new(),
                Choice::Ask(assignments) => assignments.iter().map(|one| one.plugin.manifest.name.clone()).collect(),
            });
        }
        Err(LlmError::Unavailable("the provider's stream ended without an answer".into()))
    }
}
