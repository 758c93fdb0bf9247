//! A call that ends in time, whatever goes on below.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::{CompletionRequest, CompletionStream, LanguageModel, LlmError};

/// A model whose calls, with all their retries, take at most a certain time. A provider bounds the wait for each event;
/// this bounds one that goes on answering for ever.
pub struct Bounded {
    model: Arc<dyn LanguageModel>,
    limit: Duration,
}

impl Bounded {
    /// Gives a call of `model` so much time.
    pub fn new(model: Arc<dyn LanguageModel>, limit: Duration) -> Self {
        Self { model, limit }
    }
}

#[async_trait]
impl LanguageModel for Bounded {
    fn id(&self) -> &str {
        self.model.id()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let limit = self.limit;
        let deadline = Instant::now() + limit;
        let late = move |_| LlmError::Unavailable(format!("the answer was not complete after {limit:?}").into());
        let events = timeout_at(deadline, self.model.stream(request)).await.map_err(late)??;
        let bounded = stream::unfold(Some(events), move |events| async move {
            let mut events = events?;
            match timeout_at(deadline, events.next()).await {
                Ok(event) => Some((event?, Some(events))),
                Err(elapsed) => Some((Err(late(elapsed)), None)),
            }
        });
        Ok(bounded.boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::super::CompletionEvent;
    use super::super::scripted::Scripted;
    use super::*;

    async fn ask(script: &str) -> Vec<Result<CompletionEvent, LlmError>> {
        let model = Scripted::from_json(script).unwrap();
        let bounded = Bounded::new(Arc::new(model.clone()), Duration::from_secs(120));
        let began = Instant::now();
        let events = bounded.stream(CompletionRequest::default()).await.unwrap().collect().await;
        assert!(began.elapsed() <= Duration::from_secs(120));
        assert_eq!(model.in_flight(), 0);
        events
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_goes_on_for_too_long_is_cut() {
        let events = ask(r#"[{"reply": {"deltas": ["a", "b", "c", "d"], "delay_ms": 50000}}]"#).await;
        let said = events.iter().filter(|event| matches!(event, Ok(CompletionEvent::TextDelta(_)))).count();
        assert_eq!((said, events.len()), (2, 3));
        assert!(matches!(events[2], Err(LlmError::Unavailable(_))), "{events:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_time_passes_unchanged() {
        let events = ask(r#"[{"reply": {"deltas": ["a", "b"], "delay_ms": 39000}}]"#).await;
        assert!(matches!(events[2], Ok(CompletionEvent::Finished(_))), "{events:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_never_begins_is_given_up() {
        struct Never;
        #[async_trait]
        impl LanguageModel for Never {
            fn id(&self) -> &str {
                "never"
            }

            async fn stream(&self, _: CompletionRequest) -> Result<CompletionStream, LlmError> {
                std::future::pending().await
            }
        }
        let error = Bounded::new(Arc::new(Never), Duration::from_secs(120)).stream(CompletionRequest::default()).await;
        assert!(matches!(error.err(), Some(LlmError::Unavailable(_))));
    }
}
