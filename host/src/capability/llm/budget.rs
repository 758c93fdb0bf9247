//! Tokens that several model calls may use together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::StreamExt;

use super::{CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError, Scale, TokenUsage};

/// Tokens of answer that a call without a limit of its own is reckoned with.
const OUTPUT_TOKENS: u32 = 4_096;

/// A model whose calls share a budget. What a call may use at most is set aside before it; what it didn't use comes back
/// after it. A call that is cancelled or breaks off counts as if it had used all of it, as nobody knows.
pub struct Budgeted {
    model: Arc<dyn LanguageModel>,
    left: Arc<AtomicU64>,
}

impl Budgeted {
    /// Gives the calls of `model` so many tokens.
    pub fn new(model: Arc<dyn LanguageModel>, tokens: u64) -> Self {
        Self { model, left: Arc::new(AtomicU64::new(tokens)) }
    }
}

#[async_trait]
impl LanguageModel for Budgeted {
    fn id(&self) -> &str {
        self.model.id()
    }

    fn scale(&self) -> Scale {
        self.model.scale()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let output = request.max_output_tokens.unwrap_or(OUTPUT_TOKENS);
        let reserved = u64::from(self.scale().input_tokens(&request)) + u64::from(output);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(reserved));
        taken.map_err(|left| LlmError::BudgetSpent(format!("{left} tokens are left, the call may need {reserved}")))?;
        let stream = self.model.stream(request).await.inspect_err(|_| {
            self.left.fetch_add(reserved, Ordering::Relaxed);
        })?;
        let left = Arc::clone(&self.left);
        let settled = stream.inspect(move |event| {
            if let Ok(CompletionEvent::Finished(completion)) = event {
                settle(&left, reserved, completion.usage);
            }
        });
        Ok(settled.boxed())
    }
}

fn settle(left: &AtomicU64, reserved: u64, usage: TokenUsage) {
    let used = u64::from(usage.input_tokens) + u64::from(usage.output_tokens);
    let _ =
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some((left + reserved).saturating_sub(used)));
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Scripted;
    use super::super::{Message, Role};
    use super::*;

    fn request(words: &str, output: u32) -> CompletionRequest {
        let messages = vec![Message::text(Role::User, words)];
        CompletionRequest { messages, max_output_tokens: Some(output), ..CompletionRequest::default() }
    }

    fn model(tokens: u64, rule: &str) -> Budgeted {
        Budgeted::new(Arc::new(Scripted::from_json(rule).unwrap()), tokens)
    }

    const SAYS_HI: &str = r#"[{ "reply": { "text": "Hi!!" } }]"#;

    #[tokio::test]
    async fn what_a_call_did_not_use_comes_back_and_what_it_used_does_not() {
        let model = model(110, SAYS_HI);
        let left = || model.left.load(Ordering::Relaxed);
        let mut stream = model.stream(request("abcd", 100)).await.unwrap();
        assert_eq!(left(), 9, "a token of question and a hundred of answer are set aside");
        while stream.next().await.is_some() {}
        assert_eq!(left(), 108);
        let error = model.stream(request("abcd", 108)).await.err();
        assert!(matches!(error, Some(LlmError::BudgetSpent(_))), "{error:?}");
        assert_eq!(left(), 108);
    }

    #[tokio::test]
    async fn a_call_that_never_began_costs_nothing_and_one_that_is_cancelled_costs_all_it_might() {
        let failing = model(101, r#"[{ "reply": { "error": "unavailable" } }]"#);
        assert!(failing.stream(request("abcd", 100)).await.is_err());
        assert_eq!(failing.left.load(Ordering::Relaxed), 101);

        let cancelled = model(101, SAYS_HI);
        drop(cancelled.stream(request("abcd", 100)).await.unwrap());
        assert_eq!(cancelled.left.load(Ordering::Relaxed), 0);
    }
}
