//! A tool's result as Markdown, for reading on a phone.
//!
//! Tools give presentation-ready JSON: `title`, `rows`, `total_rows`, `facts`, `note`, `next`, each optional. Any other
//! member is shown as what it is: a scalar beside the facts, a list as a table.

mod table;

use serde_json::{Map, Value};

use super::super::ToolResult;
use super::{humanise, is_id, scalar};

const KNOWN: &[&str] = &["title", "rows", "total_rows", "facts", "note", "next"];

/// The answer to the results of one or several tools, each with its tool's name.
pub(super) fn results(results: &[(String, &ToolResult)]) -> String {
    if results.iter().all(|(_, result)| agent(result).is_some()) {
        return joined(results);
    }
    let parts: Vec<String> = results.iter().map(|(name, result)| one(name, result)).collect();
    parts.join("\n\n")
}

/// The agent whose answer a result is. The user has already read it.
fn agent(result: &ToolResult) -> Option<&str> {
    result.content.get("agent").and_then(Value::as_str)
}

fn joined(results: &[(String, &ToolResult)]) -> String {
    let mut answered = Vec::new();
    let mut failed = Vec::new();
    for (_, result) in results {
        let name = humanise(agent(result).unwrap_or_default());
        match result.content.get("error").and_then(scalar) {
            Some(error) => failed.push(format!("{name} could not answer: {}", sentence(&error))),
            None if result.is_error => failed.push(format!("{name} could not answer.")),
            None => answered.push(name),
        }
    }
    let mut sentences = Vec::new();
    if !answered.is_empty() {
        sentences.push(format!("That is what {} found.", list(&answered)));
    }
    sentences.extend(failed);
    sentences.join(" ")
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn one(tool: &str, result: &ToolResult) -> String {
    match &result.content {
        content if result.is_error => failure(content),
        Value::Object(members) if members.len() == 1 && members.contains_key("error") => failure(&result.content),
        Value::Object(members) => object(tool, members),
        Value::Array(rows) => blocks([Some(heading(&humanise(tool))), Some(rows_or_nothing(rows, None))]),
        other => scalar(other).unwrap_or_else(|| "Done.".into()),
    }
}

fn failure(content: &Value) -> String {
    let said = content.get("error").or_else(|| content.get("message")).unwrap_or(content);
    match scalar(said).or_else(|| said.get("message").and_then(scalar)) {
        Some(text) => format!("That didn't work: {}", sentence(&plain(&text))),
        None => "That didn't work.".into(),
    }
}

/// A tool's words for a model, for people: `due_date` is a due date.
fn plain(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { part.replace('_', " ") } else { part.to_owned() }).collect()
}

fn object(tool: &str, members: &Map<String, Value>) -> String {
    let text = |name: &str| members.get(name).and_then(scalar);
    let title = text("title").unwrap_or_else(|| humanise(tool));
    let total = members.get("total_rows").and_then(Value::as_u64);
    let rows = members.get("rows").and_then(Value::as_array).map(|rows| match &rows[..] {
        [Value::Object(row)] if total.is_none_or(|total| total == 1) => facts(row),
        rows => rows_or_nothing(rows, total),
    });
    let mut blocks_shown = vec![Some(heading(&title)), rows];
    blocks_shown.push(members.get("facts").and_then(Value::as_object).map(facts));
    let mut rest = Map::new();
    for (name, value) in members.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()) && !is_id(name)) {
        match value {
            Value::Array(list) if list.iter().any(Value::is_object) => {
                blocks_shown.push(Some(format!("{}\n\n{}", heading(&humanise(name)), rows_or_nothing(list, None))));
            }
            Value::Object(inner) => {
                blocks_shown.push(Some(format!("{}\n\n{}", heading(&humanise(name)), facts(inner))))
            }
            _ => _ = rest.insert(name.clone(), value.clone()),
        }
    }
    blocks_shown.push(Some(facts(&rest)));
    blocks_shown.push(text("note"));
    blocks_shown.push(members.get("next").and_then(Value::as_array).map(|next| steps(next)));
    blocks(blocks_shown)
}

fn blocks(blocks: impl IntoIterator<Item = Option<String>>) -> String {
    let shown: Vec<String> = blocks.into_iter().flatten().filter(|block| !block.is_empty()).collect();
    shown.join("\n\n")
}

fn heading(title: &str) -> String {
    let title = table::inline(title);
    if title.is_empty() { title } else { format!("**{title}**") }
}

fn rows_or_nothing(rows: &[Value], total: Option<u64>) -> String {
    if rows.is_empty() { "Nothing found.".into() } else { table::table(rows, total) }
}

/// Named values as a list, one a line.
fn facts(members: &Map<String, Value>) -> String {
    let lines: Vec<String> = members
        .iter()
        .filter(|(name, _)| !is_id(name))
        .filter_map(|(name, value)| {
            let value = table::cell(value);
            // Facts are named for reading, columns are not.
            let name =
                if name.contains(' ') || name.starts_with(char::is_uppercase) { name.clone() } else { humanise(name) };
            (!value.is_empty()).then(|| format!("- **{}:** {value}", table::inline(&name)))
        })
        .collect();
    lines.join("\n")
}

fn steps(next: &[Value]) -> String {
    let lines: Vec<String> = next.iter().filter_map(scalar).map(|step| format!("- {}", table::inline(&step))).collect();
    if lines.is_empty() { String::new() } else { format!("Next you could:\n\n{}", lines.join("\n")) }
}

/// A text as a sentence: with a full stop.
fn sentence(text: &str) -> String {
    let text = table::inline(text);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}
