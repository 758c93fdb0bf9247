//! Rows as a Markdown table.

use serde_json::Value;

use super::super::{humanise, is_id, scalar};

/// More rows than this are a scroll; the rest is counted.
const MOST_ROWS: usize = 15;
/// More columns than this don't fit, even sideways.
const MOST_COLUMNS: usize = 8;

/// A table of the first rows. `total` is how many there are in all, if more than were given.
pub(super) fn table(rows: &[Value], total: Option<u64>) -> String {
    let columns = columns(rows);
    if columns.is_empty() {
        let lines: Vec<String> =
            rows.iter().take(MOST_ROWS).map(cell).filter(|c| !c.is_empty()).map(|c| format!("- {c}")).collect();
        return with_more(lines, rows.len(), total);
    }
    let shown = &rows[..rows.len().min(MOST_ROWS)];
    let mut lines = vec![
        format!("| {} |", columns.iter().map(|name| inline(&humanise(name))).collect::<Vec<_>>().join(" | ")),
        format!(
            "| {} |",
            columns
                .iter()
                .map(|name| if is_numeric(name, shown) { "---:" } else { "---" })
                .collect::<Vec<_>>()
                .join(" | ")
        ),
    ];
    for row in shown {
        let cells: Vec<String> = columns.iter().map(|name| row.get(name).map(cell).unwrap_or_default()).collect();
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    with_more(lines, rows.len(), total)
}

fn with_more(lines: Vec<String>, given: usize, total: Option<u64>) -> String {
    let shown = given.min(MOST_ROWS) as u64;
    let all = total.unwrap_or(0).max(given as u64);
    let text = lines.join("\n");
    if all > shown { format!("{text}\n\n…and {} more", all - shown) } else { text }
}

/// The members that rows show: no ids, nothing that is empty in all of them.
fn columns(rows: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in rows.iter().filter_map(Value::as_object).flatten() {
        if !is_id(name) && !names.contains(&name.as_str()) && !cell(value).is_empty() {
            names.push(name);
        }
    }
    names.truncate(MOST_COLUMNS);
    names
}

/// Whether every value of a column is a number, money or a percentage.
fn is_numeric(name: &str, rows: &[Value]) -> bool {
    let mut values = rows.iter().filter_map(|row| row.get(name)).map(cell).filter(|text| !text.is_empty()).peekable();
    values.peek().is_some()
        && values.all(|text| {
            let digits = text.trim_start_matches(['-', '(']).trim_start_matches('$').trim_end_matches([')', '%']);
            let digits = digits.trim();
            digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
        })
}

/// A value within a line.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Array(members) if members.iter().any(Value::is_object) => match members.len() {
            1 => "1 item".into(),
            count => format!("{count} items"),
        },
        Value::Array(members) => {
            let shown: Vec<String> = members.iter().filter_map(scalar).map(|text| inline(&text)).collect();
            shown.join(", ")
        }
        Value::Object(members) => {
            let shown = members.iter().filter(|(name, _)| !is_id(name));
            let shown: Vec<String> = shown
                .filter_map(|(name, value)| Some(format!("{}: {}", humanise(name), inline(&scalar(value)?))))
                .collect();
            shown.join(", ")
        }
        other => scalar(other).map(|text| inline(&text)).unwrap_or_default(),
    }
}

/// Text that stays within its line and cell, and is read as text: a row's content is no Markdown of ours.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if matches!(c, '|' | '<' | '[' | ']' | '`' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
