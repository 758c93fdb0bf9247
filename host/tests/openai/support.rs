//! A model at a server of the tests, and what came of asking it.

use std::sync::Arc;
use std::time::Duration;

use canvalo::capability::llm::openai::{OpenAi, OpenAiOptions};
use canvalo::capability::llm::retry::{RetryPolicy, Retrying};
use canvalo::capability::llm::{
    Completion, CompletionEvent, CompletionRequest, LanguageModel, LlmError, Message, Role, Tool,
};
use futures::StreamExt;
use serde_json::json;

use crate::server::{Answer, Server};

/// A model at this address, with waits for tests.
pub(crate) fn options(url: &str) -> OpenAiOptions {
    let mut options = OpenAiOptions::new(url, "qwen3:8b");
    options.timeouts.first_event = Duration::from_secs(5);
    options.timeouts.between_events = Duration::from_secs(5);
    options.timeouts.usage = Duration::from_secs(1);
    options
}

pub(crate) fn model(url: &str) -> OpenAi {
    OpenAi::new(options(url)).unwrap()
}

/// Three attempts with next to no wait.
pub(crate) fn retrying(model: OpenAi) -> Retrying {
    Retrying::new(Arc::new(model), RetryPolicy { base: Duration::from_millis(2), ..RetryPolicy::default() })
}

pub(crate) fn question() -> CompletionRequest {
    asks("Show me all overdue invoices")
}

pub(crate) fn asks(question: &str) -> CompletionRequest {
    CompletionRequest {
        system: "You keep invoices.".into(),
        messages: vec![Message::text(Role::User, question)],
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

/// What the user saw, and how it ended: once, and with nothing behind it.
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

/// What comes of this answer.
pub(crate) async fn answer(answer: Answer) -> (String, Result<Completion, LlmError>) {
    let server = Server::start(vec![answer]).await;
    ask(&model(&server.url), question()).await
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
