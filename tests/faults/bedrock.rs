//! A Bedrock on loopback that has every chat write two contacts, and fails at a step of it.

mod fault;
mod plan;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use canvalo::app::ModelCalls;
use canvalo::capability::llm::bedrock::BedrockTimeouts;
use canvalo::capability::llm::retry::RetryPolicy;
use canvalo_tests::bedrock_server::{Answer, BedrockServer, Request};
use serde_json::Value;

use crate::chats::{self, TOOL};
use crate::host::Ground;
use crate::retries;
use crate::table::{self, Line};
use fault::{Fault, KINDS};
use plan::{Plan, STEPS};

/// The wait that the service asks for in a header, in milliseconds.
const ASKED: u64 = 40;

/// Runs so many chats under each kind of fault.
pub(crate) async fn run(chats: usize) {
    let mut ground = Ground::new();
    let mut lines = Vec::new();
    for (name, fault) in KINDS {
        let before = retries::count();
        let script = Arc::new(Script { fault, ..Script::default() });
        let answers = script.clone();
        let bedrock = BedrockServer::answering(move |request| answers.answer(&request)).await;
        let variables = vec![("LLM_PROVIDER", "bedrock".to_owned()), ("BEDROCK_ENDPOINT_URL", bedrock.url.clone())];
        let server = ground.host(model_calls(fault), variables).await;
        let message = |number| chats::message(number, Plan::of(number).is_plain());
        let tally = chats::run(&server, chats, message, |number| Some(Plan::of(number).outcome(fault))).await;
        let calls = script.calls.load(Ordering::SeqCst);
        assert_eq!(script.hurried.load(Ordering::SeqCst), 0, "calls that came before the service wanted them");

        // Nothing goes wrong with this one.
        let after = chats::chat(&server, plan::CALM, &chats::message(plan::CALM, true)).await;
        assert_eq!((after.error, after.rows), (None, [1, 1]), "after {name}");
        let retries = retries::count() - before;
        let mib = ground.clear(server).await;
        lines.push(Line { fault: name, tally, calls, retries, mib });
    }
    table::print("Bedrock", &lines);
}

/// Three attempts with next to no wait. Only where the fault is silence does a call wait for less than a slow machine may
/// take.
fn model_calls(fault: Fault) -> ModelCalls {
    let long = Duration::from_secs(if fault == Fault::Stall { 1 } else { 30 });
    let bedrock = BedrockTimeouts { first_event: long, between_events: long, ..BedrockTimeouts::default() };
    let credentials = Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test");
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let retry = RetryPolicy { base: Duration::from_millis(4), ..RetryPolicy::default() };
    ModelCalls { bedrock, retry, aws: Some(aws), ..ModelCalls::default() }
}

/// Who answers.
#[derive(Default)]
struct Script {
    fault: Fault,
    calls: AtomicUsize,
    /// Calls that came sooner than a header had asked.
    hurried: AtomicUsize,
    attempts: Mutex<HashMap<(usize, usize), Attempts>>,
}

/// The calls of a step of a chat.
#[derive(Clone, Copy)]
struct Attempts {
    count: usize,
    last: Instant,
}

impl Script {
    fn answer(&self, request: &Request) -> Answer {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let number = chats::number(said(&request.body)).expect("the chat's number is in the message");
        let step = step(&request.body);
        let (plan, attempt) = (Plan::of(number), self.attempt(number, step, request.at));
        if !plan.meets(step, attempt) {
            return fault::answer(number, step, attempt);
        }
        self.fault.answer(number, step, attempt, plan.variant)
    }

    /// Counts this call of a step; how many there were before.
    fn attempt(&self, number: usize, step: usize, at: Instant) -> usize {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = attempts.entry((number, step)).or_insert(Attempts { count: 0, last: at });
        let waited = at.duration_since(attempts.last);
        if attempts.count > 0 && self.fault == Fault::RetryAfter && waited < Duration::from_millis(ASKED) {
            self.hurried.fetch_add(1, Ordering::SeqCst);
        }
        *attempts = Attempts { count: attempts.count + 1, last: at };
        attempts.count - 1
    }
}

/// What the user said.
fn said(body: &Value) -> &str {
    body["messages"][0]["content"][0]["text"].as_str().unwrap_or_default()
}

/// Where in a chat a request is: 0 is the supervisor's, which offers agents; then each tool that ran is a step.
fn step(body: &Value) -> usize {
    let blocks = |list: &Value, kind: &str| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter(|block| block[kind].is_object()).count()
    };
    let tools = body["toolConfig"]["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !tools.iter().any(|tool| tool["toolSpec"]["name"] == TOOL) {
        return 0;
    }
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let step = 1 + messages.iter().map(|message| blocks(&message["content"], "toolResult")).sum::<usize>();
    assert!(step < STEPS, "a tool more than the script asks for");
    step
}
