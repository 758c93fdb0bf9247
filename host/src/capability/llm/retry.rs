//! Calls that fail are made again, as long as the user has seen nothing of the answer.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream;

use super::{CompletionRequest, CompletionStream, LanguageModel, LlmError};

/// How often a call is made, and how long is waited between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Calls in all, the first included.
    pub attempts: u32,
    /// The wait before the second call; every further wait is twice the one before. Each is shortened by up to a half,
    /// at random, so that those who failed together don't come back together.
    pub base: Duration,
    /// The longest that a provider may ask to be left alone. If it asks for more, the call has failed: a call before
    /// that time would be refused too, and nobody looks at an empty answer for longer.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    /// Three calls, one and two seconds apart; ten seconds of patience.
    fn default() -> Self {
        Self { attempts: 3, base: Duration::from_secs(1), patience: Duration::from_secs(10) }
    }
}

impl RetryPolicy {
    /// How long to wait after so many calls, of which the last one failed so. `None` if there is to be no other.
    fn wait(&self, calls: u32, error: &LlmError) -> Option<Duration> {
        if calls >= self.attempts || !error.is_transient() {
            return None;
        }
        let half = self.base.saturating_mul(2_u32.saturating_pow(calls.saturating_sub(1))) / 2;
        let wanted = error.retry_after().unwrap_or_default();
        (wanted <= self.patience).then(|| half.max(wanted) + half.mul_f64(random()))
    }
}

/// A model whose calls are made again when they fail in a way that may pass.
///
/// Only a call of which nothing was passed on is made again. That is enough to never repeat an effect: a tool runs only
/// after the completion that asks for it has finished, so an unfinished one has run none. For this the stream is given
/// out with its first event, and an error of [`LanguageModel::stream`] means that there was none.
pub struct Retrying {
    model: Arc<dyn LanguageModel>,
    policy: RetryPolicy,
}

impl Retrying {
    /// Makes the calls of `model`, which should not retry by itself.
    pub fn new(model: Arc<dyn LanguageModel>, policy: RetryPolicy) -> Self {
        Self { model, policy }
    }
}

#[async_trait]
impl LanguageModel for Retrying {
    fn id(&self) -> &str {
        self.model.id()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let mut calls = 0;
        loop {
            let error = match begin(&*self.model, request.clone()).await {
                Ok(stream) => return Ok(stream),
                Err(error) => error,
            };
            calls += 1;
            let Some(wait) = self.policy.wait(calls, &error) else { return Err(error) };
            tracing::warn!(model = self.id(), calls, ?wait, error = %error, "the model call failed; it is made again");
            tokio::time::sleep(wait).await;
        }
    }
}

/// Asks a model and waits for the first event. After an error nothing of an answer was passed on.
pub(super) async fn begin(model: &dyn LanguageModel, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
    let mut events = model.stream(request).await?;
    match events.next().await {
        Some(Ok(first)) => Ok(stream::iter([Ok(first)]).chain(events).boxed()),
        Some(Err(error)) => Err(error),
        None => Err(LlmError::Unavailable("the stream ended without an answer".into())),
    }
}

/// The time that a `Retry-After` header names: seconds, or a date.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

/// From 0 to 1. The keys of a hasher are random, which is enough to spread waits.
fn random() -> f64 {
    f64::from(RandomState::new().hash_one(()) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
