//! A mock of OpenAI's API that others wrote, which fails at random, and in the middle of an answer where its fixtures say.

mod fixtures;

use std::time::Duration;

use canvalo::app::ModelCalls;
use canvalo::capability::llm::openai::OpenAiTimeouts;
use canvalo::capability::llm::retry::RetryPolicy;
use reqwest::Client;
use serde_json::json;

use crate::aimock::Mock;
use crate::chats;
use crate::host::Ground;
use crate::retries;
use crate::table::{self, Line};

/// The mock's flags under each kind of fault. A chat has four calls, of which each is made three times at most: at these
/// odds some fail once or twice at any step, and some three times.
const KINDS: [(&str, &[&str]); 8] = [
    ("none", &[]),
    ("drop", &["--chaos-drop", "0.5"]),
    ("malformed", &["--chaos-malformed", "0.5"]),
    ("disconnect", &["--chaos-disconnect", "0.5"]),
    // Each one asks to be left alone for a second.
    ("rate limit", &["--chaos-ratelimit", "0.3"]),
    ("latency", &["--chaos-latency", "150", "--latency", "5"]),
    (CUT, &[]),
    (
        "all of them",
        &[
            "--chaos-drop",
            "0.1",
            "--chaos-malformed",
            "0.1",
            "--chaos-disconnect",
            "0.1",
            "--chaos-ratelimit",
            "0.05",
            "--chaos-latency",
            "20",
        ],
    ),
];

/// Not a flag of the mock but a way of its answers.
const CUT: &str = "cut in the stream";

/// Runs so many chats under each kind of fault.
pub(crate) async fn run(chats: usize) {
    let mut ground = Ground::new();
    let mut lines = Vec::new();
    for (name, flags) in KINDS {
        let before = retries::count();
        let is_cut = name == CUT;
        let folder = tempfile::tempdir().unwrap();
        let fixtures = folder.path().join("fixtures.json");
        std::fs::write(&fixtures, fixtures::all(chats, is_cut).to_string()).unwrap();
        let mock = Mock::start(&fixtures, &[flags, &["--chunk-size", "9", "--journal-max", "0"]].concat()).await;
        let variables = vec![
            ("LLM_PROVIDER", "openai".to_owned()),
            ("OPENAI_BASE_URL", mock.url.clone()),
            ("OPENAI_MODEL", "qwen3:8b".to_owned()),
        ];
        let server = ground.host(model_calls(), variables).await;
        let expected = |number| is_cut.then(|| fixtures::outcome_when_cut(number));
        let tally = chats::run(&server, chats, |number| chats::message(number, true), expected).await;
        if name == "none" || name == "latency" {
            assert_eq!(tally.complete, chats, "{name}");
        }

        calm(&mock).await;
        let after = chats::chat(&server, fixtures::CALM, &chats::message(fixtures::CALM, true)).await;
        assert_eq!((after.error, after.rows), (None, [1, 1]), "after {name}");
        let (calls, retries) = (mock.calls().await, retries::count() - before);
        drop(mock);
        let mib = ground.clear(server).await;
        lines.push(Line { fault: name, tally, calls, retries, mib });
    }
    table::print("OpenAI", &lines);
}

fn model_calls() -> ModelCalls {
    let long = Duration::from_secs(30);
    let openai = OpenAiTimeouts { first_event: long, between_events: long, ..OpenAiTimeouts::default() };
    let retry = RetryPolicy { base: Duration::from_millis(4), ..RetryPolicy::default() };
    ModelCalls { openai, retry, ..ModelCalls::default() }
}

/// Ends the faults.
async fn calm(mock: &Mock) {
    let client = Client::builder().no_proxy().build().unwrap();
    let done = client.post(mock.control("chaos")).json(&json!({})).send().await.unwrap();
    assert!(done.status().is_success(), "{}", done.status());
}
