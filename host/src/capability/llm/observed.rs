//! A call of a model as those see it who run the host: a span by the GenAI conventions, how long it took, and whether the
//! provider answers at all.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use futures::StreamExt;
use metrics::histogram;
use opentelemetry::{Array, KeyValue, StringValue, Value};

use super::estimate::Scale;
use super::{Completion, CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError, StopReason};
use crate::telemetry::metrics::{LLM_CALL_DURATION, dependency};
use crate::telemetry::traces::{self, Span, SpanKind};

mod messages;

/// A model whose calls are seen.
pub struct Observed {
    model: Arc<dyn LanguageModel>,
    provider: &'static str,
    id: Arc<str>,
}

impl Observed {
    /// Around `model`, of a provider as the conventions name it: `aws.bedrock`, `openai`.
    pub fn new(model: Arc<dyn LanguageModel>, provider: &'static str) -> Self {
        let id = model.id().into();
        Self { model, provider, id }
    }
}

#[async_trait]
impl LanguageModel for Observed {
    fn id(&self) -> &str {
        &self.id
    }

    fn scale(&self) -> Scale {
        self.model.scale()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let mut call = Call::begin(self, &request);
        match call.span.run(self.model.stream(request)).await {
            Ok(stream) => Ok(stream.inspect(move |event| call.hear(event)).boxed()),
            Err(error) => {
                call.failed(&error);
                Err(error)
            }
        }
    }
}

/// A call under way. It ends with its answer or error, or when nobody waits for it any more.
struct Call {
    began: Instant,
    model: Arc<str>,
    span: Span,
    heard: bool,
    over: bool,
}

impl Call {
    fn begin(model: &Observed, request: &CompletionRequest) -> Self {
        let span = Span::start(SpanKind::Client, || {
            let attributes = [
                KeyValue::new("gen_ai.operation.name", "chat"),
                KeyValue::new("gen_ai.provider.name", model.provider),
                KeyValue::new("gen_ai.request.model", Arc::clone(&model.id)),
                KeyValue::new("gen_ai.request.stream", true),
            ];
            (format!("chat {}", model.id), attributes)
        });
        if let Some(tokens) = request.max_output_tokens {
            span.set("gen_ai.request.max_tokens", i64::from(tokens));
        }
        if let Some(temperature) = request.temperature {
            span.set("gen_ai.request.temperature", f64::from(temperature));
        }
        if traces::captures_messages() && span.is_recording() {
            span.set("gen_ai.system_instructions", messages::system(request));
            span.set("gen_ai.input.messages", messages::input(request));
        }
        Self { began: Instant::now(), model: Arc::clone(&model.id), span, heard: false, over: false }
    }

    fn hear(&mut self, event: &Result<CompletionEvent, LlmError>) {
        if !std::mem::replace(&mut self.heard, true) && event.is_ok() {
            self.span.set("gen_ai.response.time_to_first_chunk", self.began.elapsed().as_secs_f64());
        }
        match event {
            Ok(CompletionEvent::TextDelta(_)) => {}
            Ok(CompletionEvent::Finished(completion)) => self.finished(completion),
            Err(error) => self.failed(error),
        }
    }

    fn finished(&mut self, completion: &Completion) {
        let reason = StringValue::from(finish_reason(&completion.stop_reason));
        self.span.set("gen_ai.response.finish_reasons", Value::Array(Array::String(vec![reason])));
        let model = completion.model.as_ref().unwrap_or(&self.model);
        self.span.set("gen_ai.response.model", Arc::clone(model));
        let usage = completion.usage;
        self.span.set("gen_ai.usage.input_tokens", i64::from(usage.input_tokens));
        self.span.set("gen_ai.usage.output_tokens", i64::from(usage.output_tokens));
        if usage.cached_input_tokens > 0 {
            self.span.set("gen_ai.usage.cache_read.input_tokens", i64::from(usage.cached_input_tokens));
        }
        if traces::captures_messages() && self.span.is_recording() {
            self.span.set("gen_ai.output.messages", messages::output(completion));
        }
        dependency("model", true);
        self.end();
    }

    fn failed(&mut self, error: &LlmError) {
        self.span.fail(kind(error));
        match error {
            LlmError::Unavailable(_) | LlmError::Unauthorized(_) => dependency("model", false),
            LlmError::RateLimited(_) => dependency("model", true),
            LlmError::Invalid(_) | LlmError::ContextTooLong(_) | LlmError::BudgetSpent(_) | LlmError::Other(_) => {}
        }
        self.end();
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.over, true) {
            histogram!(LLM_CALL_DURATION, "model" => Arc::clone(&self.model)).record(self.began.elapsed());
            self.span = Span::default();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end();
    }
}

/// The conventions' words, and the provider's own where they have none.
fn finish_reason(reason: &StopReason) -> &'static str {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence => "stop",
        StopReason::ToolUse => "tool_call",
        StopReason::MaxTokens => "length",
        StopReason::ContentFiltered => "content_filter",
        StopReason::Other(_) => "_OTHER",
    }
}

/// `error.type`. The text of an error may quote what was sent.
fn kind(error: &LlmError) -> &'static str {
    match error {
        LlmError::Invalid(_) => "invalid",
        LlmError::ContextTooLong(_) => "context_too_long",
        LlmError::BudgetSpent(_) => "budget_spent",
        LlmError::RateLimited(_) => "rate_limited",
        LlmError::Unauthorized(_) => "unauthorized",
        LlmError::Unavailable(_) => "unavailable",
        LlmError::Other(_) => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Scripted;
    use super::*;
    use crate::telemetry::metrics::tests::counted;

    fn call(script: &str) -> String {
        let model = Observed::new(Arc::new(Scripted::from_json(script).unwrap()), "scripted");
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        counted(|| {
            tokio.block_on(async {
                if let Ok(stream) = model.stream(CompletionRequest::default()).await {
                    stream.collect::<Vec<_>>().await;
                }
            });
        })
    }

    #[test]
    fn a_call_is_measured_once_and_tells_whether_the_model_answers() {
        let text = call(r#"[{ "reply": { "text": "Hi!!" } }]"#);
        assert!(text.contains("canvalo_llm_call_duration_seconds_count{model=\"scripted\"} 1"), "{text}");
        assert!(text.contains("canvalo_dependency_up{dependency=\"model\"} 1"), "{text}");

        let text = call(r#"[{ "reply": { "error": "unavailable" } }]"#);
        assert!(text.contains("canvalo_llm_call_duration_seconds_count{model=\"scripted\"} 1"), "{text}");
        assert!(text.contains("canvalo_dependency_up{dependency=\"model\"} 0"), "{text}");
    }
}
