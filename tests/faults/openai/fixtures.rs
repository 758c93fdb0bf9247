//! What the mock answers: each chat's four calls.

use serde_json::{Value, json};

use crate::chats::{AGENT, CONTACTS, Outcome, TOOL, tag};

/// The chat that meets no fault.
pub(crate) const CALM: usize = 99_999;

/// The calls of a chat: which agent, the first contact, the second one, the closing words.
const STEPS: usize = 4;

/// The answers to so many chats, and to the calm one. If they are cut, each chat's first answer to one of its calls breaks
/// off.
pub(crate) fn all(chats: usize, are_cut: bool) -> Value {
    let of_chat = |number: usize| {
        let cut = (are_cut && number != CALM).then(|| cut(number, step_cut(number)));
        cut.into_iter().chain((0..STEPS).map(move |step| fixture(number, step)))
    };
    json!({ "fixtures": (0..chats).chain([CALM]).flat_map(of_chat).collect::<Vec<Value>>() })
}

/// What must come of a chat with an answer that broke off once.
pub(crate) fn outcome_when_cut(number: usize) -> Outcome {
    match step_cut(number) {
        // Words choose the agent in place of the model.
        step if step > 0 && speaks(number) => {
            let rows = [usize::from(step > 1), usize::from(step > 2)];
            Outcome { error: Some("SERVICE_UNAVAILABLE".to_owned()), rows }
        }
        _ => Outcome { error: None, rows: [1, 1] },
    }
}

fn step_cut(number: usize) -> usize {
    number % STEPS
}

/// Whether the user reads something of the answer that breaks off. Then the call is not made again.
fn speaks(number: usize) -> bool {
    number / STEPS % 2 == 1
}

fn fixture(number: usize, step: usize) -> Value {
    let response = match step {
        0 => json!({ "toolCalls": [{ "id": id(number, 0), "name": AGENT, "arguments": {} }] }),
        1 | 2 => json!({ "toolCalls": [call(number, step)] }),
        _ => json!({ "content": "Both are there." }),
    };
    json!({ "match": matches(number, step), "response": response })
}

/// The first answer to this call.
fn cut(number: usize, step: usize) -> Value {
    let words =
        if speaks(number) { "One moment, please: I am about to do that." } else { "<think>I am about to do that." };
    let mut matches = matches(number, step);
    matches["sequenceIndex"] = 0.into();
    json!({
        "match": matches,
        "response": { "content": words.repeat(4), "toolCalls": [call(number, step)] },
        "truncateAfterChunks": 6,
        "latency": 5,
    })
}

fn matches(number: usize, step: usize) -> Value {
    // The agent offers its tool, the supervisor the agent.
    let offers = if step == 0 { AGENT } else { TOOL };
    let mut matches = json!({ "userMessage": tag(number), "toolName": offers, "hasToolResult": step > 1 });
    if step > 1 {
        matches["toolCallId"] = id(number, step - 1).into();
    }
    matches
}

fn call(number: usize, step: usize) -> Value {
    let contact = CONTACTS[step.clamp(1, 2) - 1];
    let name = format!("{}-{contact}", tag(number));
    json!({ "id": id(number, step), "name": TOOL, "arguments": { "contacts": [{ "name": name }] } })
}

fn id(number: usize, step: usize) -> String {
    format!("call_{number}_{step}")
}
