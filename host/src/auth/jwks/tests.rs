use std::collections::VecDeque;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::*;
use crate::auth::verifier::tests::forgery::{EC_KEY, Project, RSA_KEY};

const UNKNOWN: &str = "0f6f3a3e-0000-4b7e-a9d1-1f0d4a1b6f0e";

type Answer = (Result<KeySet, FetchError>, Option<Duration>);

/// Answers in order, and with the last one for ever. Each fetch waits until the test lets it go on.
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    fetches: AtomicUsize,
    gate: Semaphore,
}

#[async_trait]
impl KeySource for Script {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let (keys, max_age) = answer.unwrap();
        keys.map(|keys| Fetched { keys, max_age })
    }
}

struct Fixture {
    jwks: Arc<Jwks>,
    script: Arc<Script>,
    start: Instant,
}

fn script(answers: Vec<Answer>) -> Fixture {
    let answers = Mutex::new(answers.into());
    let script = Arc::new(Script { answers, fetches: AtomicUsize::new(0), gate: Semaphore::new(1000) });
    let source: Arc<dyn KeySource> = script.clone();
    Fixture { jwks: Arc::new(Jwks::new(source)), script, start: Instant::now() }
}

fn keys(which: &[usize]) -> KeySet {
    static KEYS: OnceLock<Value> = OnceLock::new();
    let project = || Project::new("https://p.supabase.co/auth/v1", "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11", 1).key_set();
    let all = KEYS.get_or_init(project);
    let which: Vec<&Value> = which.iter().map(|at| &all["keys"][at]).collect();
    KeySet::from_json(json!({ "keys": which }).to_string().as_bytes()).unwrap()
}

fn good(which: &[usize]) -> Answer {
    (Ok(keys(which)), Some(Duration::from_secs(600)))
}

fn bad() -> Answer {
    (Err(FetchError::Unreachable), None)
}

impl Fixture {
    /// What looking a key up comes to, so many seconds after the start.
    async fn at(&self, seconds: u64, id: &str) -> &'static str {
        let found = self.jwks.key_at(id, self.start + Duration::from_secs(seconds)).await;
        found.map_or_else(|error| error.code(), |_| "found")
    }

    fn fetches(&self) -> usize {
        self.script.fetches.load(Ordering::SeqCst)
    }

    /// Lets what was begun beside the requests come to its end.
    async fn settle(&self) {
        let flight = self.jwks.state().flight();
        if let Some(flight) = flight {
            flight.await;
        }
    }
}

#[tokio::test]
async fn a_key_is_fetched_once_and_held_for_as_long_as_the_project_says() {
    let fixture = script(vec![good(&[0])]);
    for seconds in [0, 1, 300, 479] {
        assert_eq!(fixture.at(seconds, EC_KEY).await, "found");
    }
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn a_key_that_is_held_is_found_without_waiting() {
    let fixture = script(vec![good(&[0])]);
    fixture.at(0, EC_KEY).await;
    let found = fixture.jwks.key_at(EC_KEY, fixture.start).now_or_never();
    assert!(found.expect("ready at once").is_ok());
    // Also when it is time for the next fetch, and that one hangs.
    fixture.script.gate.forget_permits(1000);
    let later = fixture.start + Duration::from_secs(500);
    for _ in 0..3 {
        assert!(fixture.jwks.key_at(EC_KEY, later).now_or_never().expect("ready at once").is_ok());
    }
    tokio::task::yield_now().await;
    assert_eq!(fixture.fetches(), 2);
}

#[tokio::test]
async fn keys_are_fetched_again_before_they_are_too_old_and_a_withdrawn_one_is_gone() {
    let fixture = script(vec![good(&[0]), good(&[1])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.at(480, EC_KEY).await, "found");
    fixture.settle().await;
    assert_eq!(fixture.fetches(), 2);
    assert_eq!(fixture.at(481, RSA_KEY).await, "found");
    assert_eq!(fixture.at(481, EC_KEY).await, "INVALID_TOKEN");
}

#[tokio::test]
async fn after_a_pause_the_first_request_waits_and_never_gets_a_withdrawn_key() {
    let fixture = script(vec![good(&[0]), good(&[1])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.at(600, EC_KEY).await, "INVALID_TOKEN");
    assert_eq!(fixture.fetches(), 2);
}

#[tokio::test]
async fn the_projects_own_time_counts_within_bounds() {
    for (max_age, fresh, waits) in [(Some(60), 47, 60), (Some(0), 23, 30), (Some(86_400), 479, 600), (None, 479, 600)] {
        let answer = (Ok(keys(&[0])), max_age.map(Duration::from_secs));
        let fixture = script(vec![answer.clone(), answer]);
        fixture.at(0, EC_KEY).await;
        fixture.at(fresh, EC_KEY).await;
        tokio::task::yield_now().await;
        assert_eq!(fixture.fetches(), 1, "{max_age:?}");
        fixture.at(waits, EC_KEY).await;
        assert_eq!(fixture.fetches(), 2, "{max_age:?}");
    }
}

#[tokio::test]
async fn all_who_wait_share_one_fetch() {
    let fixture = script(vec![good(&[0])]);
    fixture.script.gate.forget_permits(1000);
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let (jwks, start) = (Arc::clone(&fixture.jwks), fixture.start);
            tokio::spawn(async move { jwks.key_at(EC_KEY, start).await.is_ok() })
        })
        .collect();
    while fixture.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    fixture.script.gate.add_permits(50);
    for found in waiting {
        assert!(found.await.unwrap());
    }
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn a_fetch_goes_on_when_the_request_that_began_it_goes_away() {
    let fixture = script(vec![good(&[0])]);
    fixture.script.gate.forget_permits(1000);
    let (jwks, start) = (Arc::clone(&fixture.jwks), fixture.start);
    let request = tokio::spawn(async move { jwks.key_at(EC_KEY, start).await.is_ok() });
    while fixture.fetches() == 0 {
        tokio::task::yield_now().await;
    }
    request.abort();
    assert!(request.await.is_err());
    fixture.script.gate.add_permits(1);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.fetches(), 1);
}

#[tokio::test]
async fn an_unknown_id_causes_one_fetch_in_thirty_seconds() {
    let fixture = script(vec![good(&[0]), good(&[0]), good(&[0, 1])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.at(1, UNKNOWN).await, "INVALID_TOKEN");
    assert_eq!(fixture.fetches(), 2);
    for seconds in 1..30 {
        assert_eq!(fixture.at(seconds, UNKNOWN).await, "INVALID_TOKEN");
        assert_eq!(fixture.at(seconds, RSA_KEY).await, "INVALID_TOKEN");
    }
    assert_eq!(fixture.fetches(), 2);
    assert_eq!(fixture.at(31, RSA_KEY).await, "found", "the new key");
    assert_eq!(fixture.fetches(), 3);
    assert_eq!(fixture.at(32, EC_KEY).await, "found");
}

#[tokio::test]
async fn while_the_project_is_down_its_keys_go_on_for_an_hour_and_it_is_tried_again() {
    let fixture = script(vec![good(&[0]), bad()]);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.at(600, EC_KEY).await, "found", "after a fetch that failed");
    assert_eq!(fixture.fetches(), 2);
    assert_eq!(fixture.at(601, EC_KEY).await, "found", "without waiting");
    assert_eq!(fixture.fetches(), 2);
    assert_eq!(fixture.at(605, EC_KEY).await, "found");
    fixture.settle().await;
    assert_eq!(fixture.fetches(), 3);
    assert_eq!(fixture.at(3599, EC_KEY).await, "found");
    fixture.settle().await;
    assert_eq!(fixture.at(3602, EC_KEY).await, "AUTH_UNAVAILABLE");
    assert_eq!(fixture.jwks.failure(), Some(FetchError::Unreachable));
}

#[tokio::test]
async fn a_project_that_comes_back_is_used_again() {
    let fixture = script(vec![bad(), bad(), good(&[0])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "AUTH_UNAVAILABLE");
    assert_eq!(fixture.at(1, EC_KEY).await, "AUTH_UNAVAILABLE", "at once: the next try is not due");
    assert_eq!(fixture.fetches(), 1);
    assert_eq!(fixture.at(5, EC_KEY).await, "AUTH_UNAVAILABLE");
    assert_eq!(fixture.fetches(), 2);
    assert!(!fixture.jwks.has_keys());
    assert_eq!(fixture.at(10, EC_KEY).await, "found");
    assert_eq!((fixture.fetches(), fixture.jwks.failure()), (3, None));
}

#[tokio::test]
async fn whether_an_unknown_id_is_a_new_key_can_not_be_told_while_the_project_is_down() {
    let fixture = script(vec![good(&[0]), bad(), good(&[0])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.at(1, UNKNOWN).await, "AUTH_UNAVAILABLE");
    assert_eq!(fixture.at(2, EC_KEY).await, "found", "the others are held");
    assert_eq!(fixture.at(20, UNKNOWN).await, "AUTH_UNAVAILABLE");
    assert_eq!(fixture.fetches(), 2);
    assert_eq!(fixture.at(31, UNKNOWN).await, "INVALID_TOKEN");
}

#[tokio::test]
async fn a_project_without_keys_has_none() {
    let fixture = script(vec![good(&[])]);
    assert_eq!(fixture.at(0, EC_KEY).await, "INVALID_TOKEN");
}

#[tokio::test]
async fn warming_fetches_before_the_first_request_and_only_then() {
    let fixture = script(vec![good(&[0])]);
    fixture.jwks.warm();
    fixture.jwks.warm();
    fixture.settle().await;
    fixture.jwks.warm();
    assert_eq!(fixture.at(0, EC_KEY).await, "found");
    assert_eq!(fixture.fetches(), 1);
}

#[test]
fn a_fetch_that_ended_with_its_runtime_does_not_block_the_next_one() {
    let fixture = script(vec![good(&[0])]);
    fixture.script.gate.forget_permits(1000);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    first.block_on(async {
        fixture.jwks.warm();
        tokio::task::yield_now().await;
    });
    drop(first);
    fixture.script.gate.add_permits(10);
    runtime().block_on(async {
        // Finds out that nobody fetches any more, and the next one begins.
        fixture.at(0, EC_KEY).await;
        assert_eq!(fixture.at(0, EC_KEY).await, "found");
    });
}
