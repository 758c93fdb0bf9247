//! What the supervisor gets to know of a turn.

use serde_json::{Map, Value, json};

use super::calls::Call;
use crate::data::Approval;

/// Bytes of a summary; the contract allows 4 KiB.
const MAX_SUMMARY: usize = 4096;

/// Bytes kept free for an approval.
const RESERVE: usize = 1024;

/// The tools that ran, newest figures first to stay: `{"tools":[{"name","status","title","facts"}],"stopped"}`.
pub(super) fn of(calls: &[Call], stopped: &str) -> String {
    let mut tools: Vec<Map<String, Value>> = calls.iter().map(entry).collect();
    let mut text = render(&tools, stopped);
    while text.len() > MAX_SUMMARY - RESERVE {
        // Figures of the oldest calls go first, then the oldest calls.
        match tools.iter_mut().find(|tool| tool.contains_key("facts")) {
            Some(tool) => {
                tool.remove("facts");
                tool.remove("title");
            }
            None => {
                tools.remove(0);
            }
        }
        text = render(&tools, stopped);
    }
    text
}

/// Adds the write that waits for the user.
pub(super) fn add_approval(summary: &mut String, approval: &Approval) {
    let Ok(Value::Object(mut members)) = serde_json::from_str(summary) else {
        return;
    };
    let shown: String = approval.summary.chars().take(200).collect();
    members.insert("approval".to_owned(), json!({ "id": approval.id, "summary": shown }));
    let text = Value::Object(members).to_string();
    if text.len() <= MAX_SUMMARY {
        *summary = text;
    }
}

fn entry(call: &Call) -> Map<String, Value> {
    let status = if call.failed() { "failed" } else { "completed" };
    let name: String = call.name.chars().take(64).collect();
    let mut entry = Map::from_iter([("name".to_owned(), name.into()), ("status".to_owned(), status.into())]);
    if let Ok(answer) = &call.result {
        if let Some(title) = answer.heading() {
            entry.insert("title".to_owned(), title.into());
        }
        // Present even when empty, so that a long title can go with it.
        entry.insert("facts".to_owned(), answer.figures().clone().into());
    }
    entry
}

fn render(tools: &[Map<String, Value>], stopped: &str) -> String {
    let mut summary = json!({ "tools": tools });
    if !stopped.is_empty() {
        summary["stopped"] = stopped.into();
    }
    summary.to_string()
}
