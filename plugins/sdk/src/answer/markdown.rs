//! An answer as Markdown, for when the model found no words for it.

use std::fmt::Write;

use serde_json::Value;

use super::Answer;

impl Answer {
    /// Title, table without ids, figures and note.
    pub fn to_markdown(&self) -> String {
        let mut parts = Vec::new();
        if let Some(title) = &self.title {
            parts.push(format!("**{}**", inline(title)));
        }
        match &self.rows {
            Some(rows) if rows.is_empty() => parts.push("Nothing was found.".to_owned()),
            Some(_) => parts.push(self.table()),
            None => {}
        }
        if !self.facts.is_empty() {
            let facts = self.facts.iter().map(|(name, value)| format!("- {}: {}", inline(name), cell(value)));
            parts.push(facts.collect::<Vec<_>>().join("\n"));
        }
        if let Some(note) = &self.note {
            parts.push(inline(note));
        }
        parts.join("\n\n")
    }

    fn table(&self) -> String {
        let rows = self.rows.as_deref().unwrap_or_default();
        let mut columns: Vec<&str> = Vec::new();
        for name in rows.iter().flat_map(|row| row.keys()) {
            let is_id = name == "id" || name.ends_with("_id");
            if !is_id && !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
        let mut table = String::new();
        for column in &columns {
            let _ = write!(table, "| {} ", heading(column));
        }
        table.push_str("|\n");
        table.push_str(&"| --- ".repeat(columns.len()));
        table.push('|');
        for row in rows {
            table.push('\n');
            for column in &columns {
                let _ = write!(table, "| {} ", row.get(*column).map(cell).unwrap_or_default());
            }
            table.push('|');
        }
        table
    }
}

/// `due_date` reads "Due date".
fn heading(column: &str) -> String {
    let words = inline(&column.replace('_', " "));
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => inline(text),
        Value::Array(members) => members.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => inline(&other.to_string()),
    }
}

/// Text on one line that can't end a table cell.
fn inline(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_reads_as_markdown_without_ids() {
        let rows = vec![
            json!({ "id": "1", "invoice_number": "INV-1", "client_id": "2", "notes": "a | b\nc" }),
            json!({ "id": "3", "invoice_number": "INV-2", "notes": null, "tags": ["x", "y"] }),
        ];
        let rows = rows.into_iter().map(|row| row.as_object().unwrap().clone()).collect();
        let answer = Answer::new().title("Invoices").rows(rows).fact("Total", "$5.00").note("That is all.");
        assert_eq!(
            answer.to_markdown(),
            "**Invoices**\n\n| Invoice number | Notes | Tags |\n| --- | --- | --- |\n| INV-1 | a \\| b c |  |\n\
             | INV-2 |  | x, y |\n\n- Total: $5.00\n\nThat is all."
        );
        assert_eq!(Answer::new().rows(Vec::new()).to_markdown(), "Nothing was found.");
    }
}
