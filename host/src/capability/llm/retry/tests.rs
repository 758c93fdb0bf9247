use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::super::{Completion, CompletionEvent, NotNow, StopReason, TokenUsage};
use super::*;

/// What one call gives: an error before the stream, or events.
type Call = Result<Vec<Result<CompletionEvent, LlmError>>, LlmError>;

/// A model that gives these in turn, and notes when it was asked.
struct Flaky {
    calls: Mutex<VecDeque<Call>>,
    asked: Mutex<Vec<Duration>>,
    since: Instant,
}

impl Flaky {
    fn new(calls: impl IntoIterator<Item = Call>) -> Arc<Self> {
        let calls = Mutex::new(calls.into_iter().collect());
        Arc::new(Self { calls, asked: Mutex::default(), since: Instant::now() })
    }

    fn asked(&self) -> Vec<Duration> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl LanguageModel for Flaky {
    fn id(&self) -> &str {
        "flaky"
    }

    async fn stream(&self, _: CompletionRequest) -> Result<CompletionStream, LlmError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(self.since.elapsed());
        let events = self.calls.lock().unwrap().pop_front().expect("a call that the test expects")?;
        Ok(stream::iter(events).boxed())
    }
}

fn says(text: &str) -> Result<CompletionEvent, LlmError> {
    Ok(CompletionEvent::TextDelta(text.into()))
}

fn ends() -> Result<CompletionEvent, LlmError> {
    let (stop_reason, usage) = (StopReason::EndTurn, TokenUsage::default());
    Ok(CompletionEvent::Finished(Completion { content: Vec::new(), stop_reason, usage, model: None }))
}

fn throttled(after: Option<u64>) -> LlmError {
    LlmError::RateLimited(NotNow { message: "slow down".into(), retry_after: after.map(Duration::from_secs) })
}

fn down() -> LlmError {
    LlmError::Unavailable("down".into())
}

type Seen = Result<Vec<Result<CompletionEvent, LlmError>>, LlmError>;

async fn ask(model: &Arc<Flaky>) -> Seen {
    let retrying = Retrying::new(model.clone(), RetryPolicy::default());
    Ok(retrying.stream(CompletionRequest::default()).await?.collect().await)
}

/// Whether the second call came so many seconds after the first one, give or take the jitter.
fn between(waits: &[Duration], call: usize, seconds: std::ops::RangeInclusive<f64>) -> bool {
    seconds.contains(&(waits[call] - waits[call - 1]).as_secs_f64())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_before_or_within_a_stream_that_said_nothing_is_made_again() {
    let model = Flaky::new([Err(throttled(None)), Ok(vec![Err(down())]), Ok(vec![says("Hi"), ends()])]);
    assert_eq!(ask(&model).await, Ok(vec![says("Hi"), ends()]));
    let asked = model.asked();
    assert_eq!(asked.len(), 3);
    assert!(between(&asked, 1, 0.5..=1.0) && between(&asked, 2, 1.0..=2.0), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_without_any_event_is_a_failure_that_may_pass() {
    let model = Flaky::new([Ok(vec![]), Ok(vec![ends()])]);
    assert_eq!(ask(&model).await, Ok(vec![ends()]));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_again_once_text_was_passed_on() {
    let model = Flaky::new([Ok(vec![says("You have"), Err(down())])]);
    assert_eq!(ask(&model).await, Ok(vec![says("You have"), Err(down())]));
    assert_eq!(model.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_third_failure_is_the_answer() {
    let model = Flaky::new([Err(down()), Err(throttled(None)), Err(down())]);
    assert_eq!(ask(&model).await, Err(down()));
    assert_eq!(model.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_would_fail_again_is_not_made_again() {
    for error in [
        LlmError::Invalid("x".into()),
        LlmError::ContextTooLong("x".into()),
        LlmError::BudgetSpent("x".into()),
        LlmError::Unauthorized("x".into()),
        LlmError::Other("x".into()),
    ] {
        let model = Flaky::new([Err(error.clone())]);
        assert_eq!(ask(&model).await, Err(error));
        assert_eq!(model.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_is_left_alone_for_as_long_as_it_asks() {
    let model = Flaky::new([Err(throttled(Some(7))), Ok(vec![ends()])]);
    assert_eq!(ask(&model).await, Ok(vec![ends()]));
    assert!(between(&model.asked(), 1, 7.0..=7.5), "{:?}", model.asked());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_asks_for_too_long_is_not_asked_again() {
    let model = Flaky::new([Err(throttled(Some(11)))]);
    assert_eq!(ask(&model).await, Err(throttled(Some(11))));
    assert_eq!(model.since.elapsed(), Duration::ZERO, "and nobody waits for that");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_dropped_makes_no_other_call() {
    let model = Flaky::new([Err(down())]);
    assert!(tokio::time::timeout(Duration::from_millis(400), ask(&model)).await.is_err());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(model.asked().len(), 1);
}

#[test]
fn waits_double_and_differ() {
    let policy = RetryPolicy { attempts: 9, ..RetryPolicy::default() };
    for (calls, base) in [(1, 1.0), (2, 2.0), (3, 4.0)] {
        let waits: Vec<f64> = (0..100).map(|_| policy.wait(calls, &down()).unwrap().as_secs_f64()).collect();
        assert!(waits.iter().all(|wait| (base / 2.0..=base).contains(wait)), "{waits:?}");
        let mean = waits.iter().sum::<f64>() / 100.0;
        assert!((mean / base - 0.75).abs() < 0.1, "{mean}");
    }
    assert_eq!(policy.wait(9, &down()), None);
}

#[test]
fn the_header_is_seconds_or_a_date() {
    let now = DateTime::parse_from_rfc3339("2026-03-09T16:20:00Z").unwrap().to_utc();
    let after = |header| retry_after(header, now).map(|time| time.as_secs());
    assert_eq!(after(" 3 "), Some(3));
    assert_eq!(after("Mon, 09 Mar 2026 16:21:30 GMT"), Some(90));
    assert_eq!(after("Mon, 09 Mar 2026 16:00:00 GMT"), Some(0), "in the past");
    assert_eq!(after("soon"), None);
    assert_eq!(after("-1"), None);
}
