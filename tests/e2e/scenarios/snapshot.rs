//! What is kept of a scenario, for people to read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use canvalo_tests::Answer;
use serde_json::{Map, Value};

use super::file::Scenario;
use super::model::Read;

/// Characters of JSON on one line.
const WIDTH: usize = 100;

/// What the user asked and read, what the model read, and the new rows.
pub(super) fn text(
    scenario: &Scenario,
    answer: &Answer,
    reads: &[Read],
    added: &[(String, Map<String, Value>)],
) -> String {
    let mut text = format!("# Asked\n\n{}\n\n# Answered\n\n{}\n", scenario.message.trim(), answer.text().trim());
    if let Some(words) = answer.end()["error"]["userMessage"].as_str() {
        text.push_str(&format!("\n# Failed\n\n{words}\n"));
    }
    if !reads.is_empty() {
        text.push_str("\n# The model read\n");
    }
    for Read { tool, arguments, result, is_error } in reads {
        let refused = if *is_error { " refused" } else { "" };
        text.push_str(&format!("\n{tool} {}{refused}\n{}\n", json(arguments, 0), json(result, 0)));
    }
    if !added.is_empty() {
        text.push_str("\n# New rows\n");
    }
    for (table, row) in added {
        text.push_str(&format!("\n{table} {}\n", json(&Value::Object(row.clone()), 0)));
    }
    text
}

/// JSON with what fits on a line on one line.
fn json(value: &Value, indent: usize) -> String {
    let line = on_one_line(value);
    if line.chars().count() + indent <= WIDTH {
        return line;
    }
    let inner = indent + 2;
    let (open, close, parts): (_, _, Vec<String>) = match value {
        Value::Array(values) => ('[', ']', values.iter().map(|value| json(value, inner)).collect()),
        Value::Object(members) => {
            let part =
                |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), json(value, inner));
            ('{', '}', members.iter().map(part).collect())
        }
        _ => return line,
    };
    let pad = " ".repeat(inner);
    format!("{open}\n{pad}{}\n{}{close}", parts.join(&format!(",\n{pad}")), " ".repeat(indent))
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("[{}]", values.iter().map(on_one_line).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let part =
                |(name, value): (&String, &Value)| format!("{}: {}", Value::from(name.as_str()), on_one_line(value));
            format!("{{{}}}", members.iter().map(part).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Where the snapshot of a scenario is.
pub(super) fn path(file: &Path) -> PathBuf {
    let (folder, name) = (file.parent().unwrap_or(file), file.file_stem().unwrap_or_default());
    folder.join("snapshots").join(name).with_extension("snap")
}

/// Whether it is as it was accepted. Shows the difference if not.
pub(super) fn matches(file: &Path, text: &str) -> bool {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(path(file).parent().unwrap_or(file));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // It says so by a panic, and the other scenarios shall be compared as well.
    let compared = catch_unwind(AssertUnwindSafe(|| settings.bind(|| insta::assert_snapshot!(name, text))));
    compared.is_ok()
}
