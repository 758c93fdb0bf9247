//! Another model answers when the first one can't.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;

use super::retry::begin;
use super::{Completion, CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError};

/// A model, and the one that is asked when it is throttled or unavailable. Both see the same request. The second one is
/// asked only while nothing of the first one's answer was passed on.
pub struct Fallback {
    first: Arc<dyn LanguageModel>,
    second: Arc<dyn LanguageModel>,
}

impl Fallback {
    /// Asks `first`, and `second` where that fails after its own retries.
    pub fn new(first: Arc<dyn LanguageModel>, second: Arc<dyn LanguageModel>) -> Self {
        Self { first, second }
    }
}

#[async_trait]
impl LanguageModel for Fallback {
    fn id(&self) -> &str {
        self.first.id()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let failed = match begin(&*self.first, request.clone()).await {
            Err(error) if error.is_transient() => error,
            other => return other,
        };
        let (first, second) = (self.first.id(), self.second.id());
        tracing::warn!(model = first, fallback = second, error = %failed, "the model failed; another one is asked");
        // The user asked the first model: why that one failed is what to tell.
        let events = begin(&*self.second, request).await.map_err(|error| {
            tracing::warn!(model = second, error = %error, "the fallback model failed too");
            failed
        })?;
        let answering: Arc<str> = second.into();
        Ok(events.map(move |event| event.map(|event| answered_by(&answering, event))).boxed())
    }
}

/// Says which model answered, so that it is that one's price which is paid.
fn answered_by(model: &Arc<str>, event: CompletionEvent) -> CompletionEvent {
    match event {
        CompletionEvent::Finished(completion) => {
            let model = Some(completion.model.unwrap_or_else(|| Arc::clone(model)));
            CompletionEvent::Finished(Completion { model, ..completion })
        }
        delta => delta,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Scripted;
    use super::super::{Message, Role};
    use super::*;

    const FIRST: &str = r#"[
        {"when": {"last_user_contains": "throttled"}, "reply": {"error": "rate_limited"}},
        {"when": {"last_user_contains": "down"}, "reply": {"error": "unavailable"}},
        {"when": {"last_user_contains": "breaks"}, "reply": {"text": "half", "error": "unavailable"}},
        {"when": {"last_user_contains": "wrong"}, "reply": {"error": "invalid"}},
        {"reply": {"text": "first"}}
    ]"#;

    /// What was said and how it ended, and how often the second model was asked.
    async fn ask(question: &str, second: &str) -> (String, Option<LlmError>, usize) {
        let second = Scripted::from_json(second).unwrap();
        let model = Fallback::new(Arc::new(Scripted::from_json(FIRST).unwrap()), Arc::new(second.clone()));
        let messages = vec![Message::text(Role::User, question)];
        let (mut said, mut failed) = (String::new(), None);
        match model.stream(CompletionRequest { messages, ..Default::default() }).await {
            Err(error) => failed = Some(error),
            Ok(mut events) => {
                while let Some(event) = events.next().await {
                    match event {
                        Ok(CompletionEvent::TextDelta(text)) => said.push_str(&text),
                        Ok(CompletionEvent::Finished(_)) => {}
                        Err(error) => failed = Some(error),
                    }
                }
            }
        }
        (said, failed, second.calls())
    }

    const SECOND: &str = r#"[{"reply": {"text": "second"}}]"#;

    #[tokio::test]
    async fn the_second_model_answers_when_the_first_is_throttled_or_down() {
        assert_eq!(ask("all is well", SECOND).await, ("first".into(), None, 0));
        assert_eq!(ask("throttled", SECOND).await, ("second".into(), None, 1));
        assert_eq!(ask("down", SECOND).await, ("second".into(), None, 1));
    }

    #[tokio::test]
    async fn it_is_not_asked_after_text_or_for_what_it_would_refuse_as_well() {
        let (said, failed, asked) = ask("breaks", SECOND).await;
        assert_eq!((said.as_str(), asked), ("half", 0));
        assert!(matches!(failed, Some(LlmError::Unavailable(_))));
        let (_, failed, asked) = ask("wrong", SECOND).await;
        assert_eq!(asked, 0);
        assert!(matches!(failed, Some(LlmError::Invalid(_))));
    }

    #[tokio::test]
    async fn when_both_fail_the_first_ones_error_is_told() {
        let (_, failed, asked) = ask("throttled", r#"[{"reply": {"error": "unauthorized"}}]"#).await;
        assert_eq!(asked, 1);
        assert!(matches!(failed, Some(LlmError::RateLimited(_))), "{failed:?}");
    }
}
