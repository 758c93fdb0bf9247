//! A model at a loopback server, and what came of asking it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions};
use canvalo::capability::llm::retry::{RetryPolicy, Retrying};
use canvalo::capability::llm::{
    Completion, CompletionEvent, CompletionRequest, LanguageModel, LlmError, Message, Role, Tool,
};
use futures::StreamExt;
use serde_json::json;

use crate::server::{Answer, BedrockServer};

pub(crate) const NOVA: &str = "amazon.nova-lite-v1:0";
pub(crate) const CLAUDE: &str = "anthropic.claude-sonnet-4-20250514-v1:0";

/// A configuration whose own retries would spoil every count of requests.
pub(crate) fn config() -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test");
    let retry = RetryConfig::standard().with_max_attempts(5).with_initial_backoff(Duration::from_millis(1));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retry)
        .build()
}

/// Nova at this server, with waits for tests.
pub(crate) fn options(server: &BedrockServer) -> BedrockOptions {
    let mut options = BedrockOptions { endpoint_url: Some(server.url.clone()), ..BedrockOptions::new(NOVA) };
    options.timeouts.first_event = Duration::from_secs(5);
    options.timeouts.between_events = Duration::from_secs(5);
    options.timeouts.usage = Duration::from_secs(1);
    options
}

pub(crate) fn model(server: &BedrockServer) -> Bedrock {
    Bedrock::with_config(&config(), options(server))
}

/// Three attempts with next to no wait.
pub(crate) fn retrying(model: Bedrock) -> Retrying {
    Retrying::new(Arc::new(model), RetryPolicy { base: Duration::from_millis(2), ..RetryPolicy::default() })
}

pub(crate) fn question() -> CompletionRequest {
    CompletionRequest {
        system: "You keep invoices.".into(),
        messages: vec![Message::text(Role::User, "Show me all overdue invoices")],
        tools: [Tool {
            name: "list_invoices".into(),
            description: "Lists invoices.".into(),
            parameters: json!({"type": "object", "properties": {"limit": {"type": "integer", "maximum": 50}}}),
        }]
        .into(),
        max_output_tokens: Some(500),
        temperature: None,
    }
}

/// What the user saw, and how it ended.
pub(crate) async fn ask(
    model: &dyn LanguageModel,
    request: CompletionRequest,
) -> (String, Result<Completion, LlmError>) {
    let mut stream = match model.stream(request).await {
        Ok(stream) => stream,
        Err(error) => return (String::new(), Err(error)),
    };
    let (mut text, mut end) = (String::new(), None);
    while let Some(event) = stream.next().await {
        assert!(end.is_none(), "nothing comes after the end");
        match event {
            Ok(CompletionEvent::TextDelta(delta)) => text.push_str(&delta),
            Ok(CompletionEvent::Finished(completion)) => end = Some(Ok(completion)),
            Err(error) => end = Some(Err(error)),
        }
    }
    (text, end.expect("a stream has an end"))
}

/// What comes of an answer of these frames.
pub(crate) async fn answer(frames: Vec<Vec<u8>>) -> (String, Result<Completion, LlmError>) {
    let server = BedrockServer::start(vec![Answer::stream(frames)]).await;
    ask(&model(&server), question()).await
}

/// The error's variant.
pub(crate) fn kind(error: &LlmError) -> &'static str {
    match error {
        LlmError::Invalid(_) => "invalid",
        LlmError::ContextTooLong(_) => "too long",
        LlmError::BudgetSpent(_) => "spent",
        LlmError::RateLimited(_) => "rate limited",
        LlmError::Unauthorized(_) => "unauthorized",
        LlmError::Unavailable(_) => "unavailable",
        LlmError::Other(_) => "other",
    }
}
