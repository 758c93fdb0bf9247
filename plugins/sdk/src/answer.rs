//! What a tool returns: an answer that is ready to be read.

mod markdown;

use serde::Serialize;
use serde_json::{Map, Value};

/// The result of a tool, in the words and figures the user should read.
///
/// Amounts are text such as `$1,234.50`, dates are ISO, sums are made: whoever renders an answer does no arithmetic. Rows
/// may carry ids for follow-up calls; they aren't for the user. As JSON every part is left out when empty:
/// `{"title","rows","total_rows","facts","note","next"}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    // No rows and an empty list differ: the second says that nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<Map<String, Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<u64>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    facts: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next: Vec<String>,
}

impl Answer {
    /// An empty answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// What this is: "Overdue invoices".
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The rows of a table, each an object whose columns are in the order to show them.
    pub fn rows(mut self, rows: Vec<Map<String, Value>>) -> Self {
        self.rows = Some(rows);
        self
    }

    /// How many rows there are in all, when `rows` holds a part of them.
    pub fn total_rows(mut self, total: u64) -> Self {
        self.total_rows = Some(total);
        self
    }

    /// A figure with its name: "Total outstanding", "$12,345.60".
    pub fn fact(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.facts.insert(name.into(), Value::String(value.to_string()));
        self
    }

    /// A sentence the reader should see. A second one is added to the first.
    pub fn note(mut self, note: impl AsRef<str>) -> Self {
        let notes = self.note.get_or_insert_default();
        if !notes.is_empty() {
            notes.push(' ');
        }
        notes.push_str(note.as_ref());
        self
    }

    /// Something the user may want to ask next, in the user's words.
    pub fn next(mut self, question: impl Into<String>) -> Self {
        self.next.push(question.into());
        self
    }

    pub(crate) fn heading(&self) -> Option<&str> {
        self.title.as_deref()
    }

    pub(crate) fn figures(&self) -> &Map<String, Value> {
        &self.facts
    }
}

/// A row of an answer: its columns in the order to show them.
pub fn columns<const N: usize>(columns: [(&str, Value); N]) -> Map<String, Value> {
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_parts_are_left_out_and_an_empty_table_is_not() {
        assert_eq!(serde_json::to_value(Answer::new()).unwrap(), json!({}));
        assert_eq!(serde_json::to_value(Answer::new().rows(Vec::new())).unwrap(), json!({ "rows": [] }));
    }

    #[test]
    fn parts_keep_the_order_they_were_written_in() {
        let row = columns([("number", json!("INV-2")), ("amount", json!("$5.00"))]);
        let answer = Answer::new()
            .title("Invoices")
            .rows(vec![row])
            .total_rows(7)
            .fact("Total", "$5.00")
            .fact("Average", "$5.00")
            .note("One.")
            .note("Two.")
            .next("Which are overdue?");
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"title":"Invoices","rows":[{"number":"INV-2","amount":"$5.00"}],"total_rows":7,"facts":{"Total":"$5.00","Average":"$5.00"},"note":"One. Two.","next":["Which are overdue?"]}"#
        );
    }
}
