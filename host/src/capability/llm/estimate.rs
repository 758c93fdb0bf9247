//! Tokens, where no tokenizer is at hand: what a call will cost, and what it cost when the provider doesn't say.
//!
//! Text is measured in bytes of UTF-8, called characters here, as they are the same in English text and JSON. Scripts
//! that take more tokens for a letter take more bytes for it too. How many characters make a token is learned for each
//! model from the usage that its provider reports.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::{CompletionRequest, Content, Message, TokenUsage};

/// As in English text and JSON.
const CHARACTERS_PER_THOUSAND_TOKENS: u64 = 4_000;

/// What a calibration stays between. Dense JSON comes to some 2.5 characters a token and plain prose to 5; a report far
/// outside counts something else than this text.
const RANGE: (u64, u64) = (2_000, 6_000);

/// A report moves the average by one part in so many: five calls outweigh what was believed before.
const INERTIA: i64 = 5;

/// Requests with fewer characters say little: a provider's own framing is a large part of what they cost.
const WORTH_LEARNING: usize = 2_000;

/// How many characters of a model's input make a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    per_thousand: u64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { per_thousand: CHARACTERS_PER_THOUSAND_TOKENS }
    }
}

impl Scale {
    /// The tokens of so many characters, a begun one counted whole.
    pub fn tokens(self, characters: usize) -> u32 {
        let tokens = (characters as u64).saturating_mul(1_000).div_ceil(self.per_thousand);
        u32::try_from(tokens).unwrap_or(u32::MAX)
    }

    /// The characters that so many tokens have room for: never more than [`Scale::tokens`] counts as that many.
    pub fn characters(self, tokens: u32) -> usize {
        usize::try_from(u64::from(tokens) * self.per_thousand / 1_000).unwrap_or(usize::MAX)
    }

    /// The tokens that a model reads of a request.
    pub fn input_tokens(self, request: &CompletionRequest) -> u32 {
        self.tokens(length(request))
    }
}

/// What was learned of each model's tokens. Shared by all calls.
#[derive(Debug, Default)]
pub struct Calibration(Mutex<HashMap<String, Scale>>);

impl Calibration {
    /// What is known of a model; the usual ratio before anything is.
    pub fn scale(&self, model: &str) -> Scale {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or_default()
    }

    /// Takes in that a model counted so many characters of input as so many tokens.
    pub fn learn(&self, model: &str, characters: usize, tokens: u32) {
        if characters < WORTH_LEARNING || tokens == 0 {
            return;
        }
        let seen = (characters as u64 * 1_000 / u64::from(tokens)).clamp(RANGE.0, RANGE.1);
        let mut scales = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let scale = scales.entry(model.to_owned()).or_default();
        scale.per_thousand =
            scale.per_thousand.saturating_add_signed((seen as i64 - scale.per_thousand as i64) / INERTIA);
    }
}

/// The tokens of a request and the answer to it.
pub(super) fn usage(input_tokens: u32, answer: &[Content]) -> TokenUsage {
    let output_tokens = Scale::default().tokens(answer.iter().map(block_length).sum());
    TokenUsage { input_tokens, output_tokens, cached_input_tokens: 0, is_estimate: true }
}

/// The tokens that a model reads of a request, when nothing is known of the model.
pub(super) fn input_tokens(request: &CompletionRequest) -> u32 {
    Scale::default().input_tokens(request)
}

/// The characters that so many tokens have room for, when nothing is known of the model.
pub(super) fn characters(tokens: u32) -> usize {
    Scale::default().characters(tokens)
}

/// The characters that a model reads of a request.
pub fn length(request: &CompletionRequest) -> usize {
    fixed_length(request) + request.messages.iter().map(message_length).sum::<usize>()
}

/// The characters of a request that stay the same whatever is said: the system prompt and the tools.
pub fn fixed_length(request: &CompletionRequest) -> usize {
    let tools = request.tools.iter();
    let tools = tools.map(|tool| tool.name.len() + tool.description.len() + json_length(&tool.parameters));
    request.system.len() + tools.sum::<usize>()
}

/// The characters of a message.
pub fn message_length(message: &Message) -> usize {
    message.content.iter().map(block_length).sum()
}

fn block_length(content: &Content) -> usize {
    match content {
        Content::Text(text) => text.len(),
        Content::ToolUse(tool) => tool.name.len() + json_length(&tool.input),
        Content::ToolResult(result) => json_length(&result.content),
    }
}

/// Counted, not written: every call measures every tool.
fn json_length(value: &Value) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither the counter nor a value that is JSON already can fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_model_that_counts_more_tokens_for_the_same_text_is_reckoned_with_more() {
        let calibration = Calibration::default();
        let before = calibration.scale("dense").tokens(10_000);
        for _ in 0..30 {
            calibration.learn("dense", 30_000, 10_000);
        }
        let after = calibration.scale("dense").tokens(10_000);
        assert_eq!(before, 2_500);
        assert!((3_320..=3_340).contains(&after), "{after}");
        assert_eq!(calibration.scale("another").tokens(10_000), 2_500, "each model has its own");
    }

    #[test]
    fn reports_that_make_no_sense_move_nothing_far() {
        let calibration = Calibration::default();
        calibration.learn("m", 100, 90);
        calibration.learn("m", 50_000, 0);
        assert_eq!(calibration.scale("m"), Scale::default());
        for _ in 0..100 {
            calibration.learn("m", 50_000, 1);
        }
        assert!(calibration.scale("m").per_thousand <= RANGE.1);
        for _ in 0..100 {
            calibration.learn("m", 50_000, u32::MAX);
        }
        assert!(calibration.scale("m").per_thousand >= RANGE.0);
    }

    #[test]
    fn json_is_counted_as_it_is_written() {
        let value = json!({ "a\n\u{1}": [1, -2.5e300, null, "ß\t\"\\\u{8}\u{7f}"], "b": { "c": true, "d": false }, "e": [], "f": {} });
        assert_eq!(json_length(&value), value.to_string().len());
    }

    proptest! {
        #[test]
        fn what_fits_into_tokens_never_counts_as_more(tokens: u32, per_thousand in RANGE.0..=RANGE.1) {
            let scale = Scale { per_thousand };
            prop_assert!(scale.tokens(scale.characters(tokens)) <= tokens);
        }
    }
}
