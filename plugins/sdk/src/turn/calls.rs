//! The tool calls of a turn, and what to do about one that was made before.

use std::ops::Range;

use serde_json::{Value, json};

use crate::{Answer, ToolError};

/// A tool call that was carried out.
pub(super) struct Call {
    /// The model call that asked for it, from 0.
    pub(super) round: usize,
    pub(super) name: String,
    pub(super) result: Result<Answer, ToolError>,
    /// As JSON, so that equal arguments are equal however they are spaced.
    input: Value,
    /// The number of writes before and after it.
    writes: Range<u32>,
}

impl Call {
    pub(super) fn new(
        round: usize,
        name: &str,
        input: Value,
        writes: Range<u32>,
        result: Result<Answer, ToolError>,
    ) -> Self {
        Self { round, name: name.to_owned(), result, input, writes }
    }

    pub(super) fn failed(&self) -> bool {
        self.result.is_err()
    }

    /// Whether it changed something, or may have.
    pub(super) fn wrote(&self) -> bool {
        !self.writes.is_empty()
    }

    /// What the model reads.
    pub(super) fn text(&self) -> String {
        match &self.result {
            Ok(answer) => crate::data::json(answer),
            Err(error) => json!({ "error": error.message() }).to_string(),
        }
    }

    /// What the user reads if the model doesn't put it in words. A failure is told when it may have changed something.
    pub(super) fn to_markdown(&self) -> Option<String> {
        match &self.result {
            Ok(answer) => Some(answer.to_markdown()).filter(|text| !text.is_empty()),
            Err(error) => self.wrote().then(|| error.message()),
        }
    }
}

/// What is known of a call that is the same as an earlier one.
pub(super) enum Earlier {
    /// Nothing, or things have changed since: run it.
    None,
    /// Its result stands. A write isn't repeated because a model lost count.
    Known {
        /// What the model reads.
        text: String,
        /// Whether it had failed.
        is_error: bool,
    },
    /// It failed, the model has read why, and nothing has changed since.
    FailedBefore {
        /// Why, in plain words.
        message: String,
    },
}

/// Looks a call up among the earlier ones.
pub(super) fn earlier(calls: &[Call], name: &str, input: &Value, round: usize, writes: u32) -> Earlier {
    let Some(call) = calls.iter().rev().find(|call| call.name == name && call.input == *input) else {
        return Earlier::None;
    };
    match &call.result {
        Err(error) if call.wrote() || call.writes.end == writes => {
            if call.round < round {
                Earlier::FailedBefore { message: error.message() }
            } else {
                Earlier::Known { text: call.text(), is_error: true }
            }
        }
        Ok(answer) if call.wrote() => {
            let note = "This exact call was already carried out in this turn and is not repeated. Its result is here.";
            Earlier::Known { text: json!({ "note": note, "result": answer }).to_string(), is_error: false }
        }
        Ok(_) if call.writes.end == writes => Earlier::Known { text: call.text(), is_error: false },
        _ => Earlier::None,
    }
}
