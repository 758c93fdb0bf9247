//! Chats that write, each of a user of its own.

use std::collections::HashMap;

use canvalo_tests::{Answer, Server, chunks, new_user};
use futures::{StreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use crate::AT_ONCE;

/// The agent that is asked, and its tool that writes.
pub(crate) const AGENT: &str = "contacts";
pub(crate) const TOOL: &str = "create_contacts";

/// The two contacts that a chat adds, one after the other.
pub(crate) const CONTACTS: [char; 2] = ['A', 'B'];

/// What stands in every error of a provider, and must not reach a user.
pub(crate) const INTERNAL: &str = "arn:aws:internal";

/// What a chat's contacts and tool uses are named after.
pub(crate) fn tag(number: usize) -> String {
    format!("C{number:05}")
}

/// The number of the chat that some text is about.
pub(crate) fn number(text: &str) -> Option<usize> {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.find_map(|word| word.strip_prefix('C').filter(|digits| digits.len() == 5)?.parse().ok())
}

/// What the user asks: something that the words alone send to the agent, or something that they send to nobody.
pub(crate) fn message(number: usize, is_plain: bool) -> String {
    if is_plain { format!("Add a new lead: {}, 555-0142", tag(number)) } else { tag(number) }
}

/// What came of a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The error's code, if it ended with one.
    pub(crate) error: Option<String>,
    /// How often each of the two contacts is there.
    pub(crate) rows: [usize; 2],
}

/// What came of all chats of a kind.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) chats: usize,
    pub(crate) complete: usize,
    pub(crate) errors: HashMap<String, usize>,
    pub(crate) tools: usize,
    pub(crate) twice: usize,
}

/// Has so many chats, some at the same time, and compares each with what is expected of it, if anything is.
pub(crate) async fn run(
    server: &Server,
    chats: usize,
    message: impl Fn(usize) -> String,
    expected: impl Fn(usize) -> Option<Outcome>,
) -> Tally {
    let mut outcomes = stream::iter(0..chats)
        .map(|number| {
            let message = message(number);
            async move { (number, chat(server, number, &message).await) }
        })
        .buffer_unordered(AT_ONCE);
    let mut tally = Tally::default();
    while let Some((number, outcome)) = outcomes.next().await {
        if let Some(expected) = expected(number) {
            assert_eq!(outcome, expected, "chat {number}");
        }
        tally.chats += 1;
        tally.tools += outcome.rows.iter().sum::<usize>();
        tally.twice += outcome.rows.iter().filter(|rows| **rows > 1).count();
        match outcome.error {
            None => tally.complete += 1,
            Some(code) => *tally.errors.entry(code).or_default() += 1,
        }
    }
    assert_eq!(tally.twice, 0, "a tool ran twice");
    tally
}

/// Has a chat to its end, and checks what holds for each.
pub(crate) async fn chat(server: &Server, number: usize, message: &str) -> Outcome {
    let user = new_user();
    let response = server.send(user, &json!({ "message": message })).await;
    assert_eq!(response.status(), 200, "chat {number}");
    let text = response.text().await.expect("a stream with a proper end");
    assert!(!text.contains(INTERNAL) && !text.contains("Exception"), "chat {number} shows internals: {text}");
    let answer = Answer(chunks(&text));
    let end = answer.end();
    let error = (end["type"] == "error").then(|| {
        let words = end["error"]["userMessage"].as_str().unwrap_or_default();
        assert!(words.ends_with('.') && end["error"]["suggestedActions"][0].is_string(), "chat {number}: {end}");
        answer.error_code().to_owned()
    });
    let completed = completed(&answer, number);
    let rows = rows(server, user, number).await;
    assert_eq!(rows.iter().sum::<usize>(), completed, "chat {number}: a row for each tool that ran: {text}");
    if error.is_none() {
        assert_eq!(rows, [1, 1], "chat {number}: a whole answer has done all of it: {text}");
    }
    Outcome { error, rows }
}

/// How many tools ran. Each was started once and ended once.
fn completed(answer: &Answer, number: usize) -> usize {
    let mut calls: HashMap<&str, Vec<&str>> = HashMap::new();
    for chunk in answer.0.iter().filter(|chunk| chunk["type"] == "tool_call") {
        let call = &chunk["tool_call"];
        assert_eq!(call["name"], TOOL, "chat {number}");
        calls.entry(call["id"].as_str().unwrap()).or_default().push(call["status"].as_str().unwrap());
    }
    assert!(calls.values().all(|statuses| statuses == &["started", "completed"]), "chat {number}: {calls:?}");
    calls.len()
}

/// How often each of a chat's contacts is in the database.
async fn rows(server: &Server, user: Uuid, number: usize) -> [usize; 2] {
    let rows = server.world.select(user, "contacts", "select=name").await;
    let counts = CONTACTS.map(|contact| {
        let begins = format!("{}-{contact}", tag(number));
        rows.iter().filter(|row| row["name"].as_str().unwrap().starts_with(&begins)).count()
    });
    assert_eq!(rows.len(), counts.iter().sum::<usize>(), "chat {number}: {rows:?}");
    counts
}
