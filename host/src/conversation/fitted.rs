//! A model whose every call fits its window: the supervisor's, an agent's in the middle of its tools, a summary's.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;

use super::context::{self, Budget};
use crate::capability::llm::estimate::{self, Calibration, Scale};
use crate::capability::llm::{CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError};

/// Leaves out what doesn't fit before a call, and learns from its usage how much text that is. A provider would refuse
/// too long a request, or, as local servers do, forget its beginning without a word.
pub struct Fitted {
    model: Arc<dyn LanguageModel>,
    window: u32,
    calibration: Arc<Calibration>,
}

impl Fitted {
    /// Fits the calls of `model` into a window of so many tokens.
    pub fn new(model: Arc<dyn LanguageModel>, window: u32) -> Self {
        Self { model, window, calibration: Arc::default() }
    }
}

#[async_trait]
impl LanguageModel for Fitted {
    fn id(&self) -> &str {
        self.model.id()
    }

    fn scale(&self) -> Scale {
        self.calibration.scale(self.id())
    }

    async fn stream(&self, mut request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let scale = self.scale();
        let fixed = estimate::fixed_length(&request);
        let reserve = context::answer_reserve(request.max_output_tokens, self.window);
        let budget = Budget { window: self.window, fixed: scale.tokens(fixed), reserve };
        request.messages = context::fit(request.messages, budget.room(), scale)
            .map_err(|error| LlmError::ContextTooLong(error.to_string()))?;
        let sent = fixed + context::length(&request.messages);
        let stream = self.model.stream(request).await?;
        let (calibration, id) = (Arc::clone(&self.calibration), self.id().to_owned());
        let learning = stream.inspect(move |event| {
            if let Ok(CompletionEvent::Finished(completion)) = event
                && !completion.usage.is_estimate
            {
                calibration.learn(&id, sent, completion.usage.input_tokens);
            }
        });
        Ok(learning.boxed())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::stream;

    use super::*;
    use crate::capability::llm::{Completion, Message, Role, StopReason, TokenUsage};

    /// A model whose tokens are so many characters long, and which remembers how many characters it was sent.
    struct Counting {
        characters_per_token: usize,
        says_so: bool,
        sent: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl LanguageModel for Counting {
        fn id(&self) -> &str {
            "counting"
        }

        async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
            let characters = estimate::length(&request);
            self.sent.lock().unwrap().push(characters);
            let input_tokens = u32::try_from(characters / self.characters_per_token).unwrap();
            let usage = TokenUsage { input_tokens, is_estimate: !self.says_so, ..TokenUsage::default() };
            let completion = Completion { content: Vec::new(), stop_reason: StopReason::EndTurn, usage, model: None };
            Ok(stream::iter([Ok(CompletionEvent::Finished(completion))]).boxed())
        }
    }

    fn talk(turns: usize) -> CompletionRequest {
        let turn = |_| [Message::text(Role::User, "x".repeat(500)), Message::text(Role::Assistant, "y".repeat(500))];
        let mut messages: Vec<Message> = (0..turns).flat_map(turn).collect();
        messages.push(Message::text(Role::User, "And now?"));
        let system = "You are an assistant.".repeat(10);
        CompletionRequest { system, messages, max_output_tokens: Some(500), ..CompletionRequest::default() }
    }

    #[tokio::test]
    async fn after_some_calls_a_model_with_short_tokens_is_never_sent_more_than_its_window() {
        let model = Arc::new(Counting { characters_per_token: 3, says_so: true, sent: Mutex::default() });
        let fitted = Fitted::new(model.clone(), 2_000);
        for _ in 0..30 {
            let mut stream = fitted.stream(talk(20)).await.unwrap();
            while stream.next().await.is_some() {}
        }
        let sent = model.sent.lock().unwrap().clone();
        assert!(sent[0] / 3 + 500 > 2_000, "nothing was known of this model yet: {sent:?}");
        assert!(sent[29] / 3 + 500 <= 2_000, "{sent:?}");
        assert!(sent[29] > 3_000, "not less than needed: {sent:?}");
    }

    #[tokio::test]
    async fn what_the_host_reckoned_itself_teaches_it_nothing() {
        let model = Arc::new(Counting { characters_per_token: 3, says_so: false, sent: Mutex::default() });
        let fitted = Fitted::new(model, 2_000);
        let mut stream = fitted.stream(talk(20)).await.unwrap();
        while stream.next().await.is_some() {}
        assert_eq!(fitted.scale(), Scale::default());
    }

    #[tokio::test]
    async fn a_message_larger_than_the_window_is_not_even_sent() {
        let model = Arc::new(Counting { characters_per_token: 4, says_so: true, sent: Mutex::default() });
        let fitted = Fitted::new(model.clone(), 2_000);
        let messages = vec![Message::text(Role::User, "x".repeat(8_000))];
        let error = fitted.stream(CompletionRequest { messages, ..CompletionRequest::default() }).await.err();
        assert!(matches!(error, Some(LlmError::ContextTooLong(_))), "{error:?}");
        assert!(model.sent.lock().unwrap().is_empty());
    }
}
