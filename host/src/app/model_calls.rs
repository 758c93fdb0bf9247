//! How calls of a model are made, whichever provider answers them.

use std::time::Duration;

use aws_config::SdkConfig;

use crate::capability::llm::bedrock::BedrockTimeouts;
use crate::capability::llm::openai::OpenAiTimeouts;
use crate::capability::llm::retry::RetryPolicy;

/// Waits, retries and where credentials come from. The default is what a server runs with; a test of everything that goes
/// wrong has no time for it.
#[derive(Debug, Clone)]
pub struct ModelCalls {
    /// How long a call of Bedrock waits for what.
    pub bedrock: BedrockTimeouts,
    /// How long a call of an OpenAI-compatible server waits for what.
    pub openai: OpenAiTimeouts,
    /// How often a call is made.
    pub retry: RetryPolicy,
    /// The longest that a call may take, with its retries and the fallback.
    pub limit: Duration,
    /// Credentials and region of Bedrock. None takes them by AWS's default chain.
    pub aws: Option<SdkConfig>,
}

impl Default for ModelCalls {
    fn default() -> Self {
        Self {
            bedrock: BedrockTimeouts::default(),
            openai: OpenAiTimeouts::default(),
            retry: RetryPolicy::default(),
            // As long as a whole turn.
            limit: Duration::from_secs(120),
            aws: None,
        }
    }
}
