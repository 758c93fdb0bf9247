//! The functions a guest may call, one file per WIT interface. What a guest gets wrong comes back to it as a typed
//! error; what breaks a hard limit, or the host, ends its turn.

mod clock;
mod data;
mod events;
mod llm;
mod log;
pub(super) mod offer;

use serde_json::Value;

use super::bindings::canvalo::agent::types;
use super::limits;
use super::state::State;

impl types::Host for State {}

/// Parses JSON that a guest handed over. The error is for the guest.
fn parse_json(what: &str, text: &str) -> Result<Value, String> {
    let too_deep = || format!("{what}: JSON nested deeper than {} levels", limits::JSON_DEPTH);
    match serde_json::from_str(text) {
        Ok(value) if depth(&value) > limits::JSON_DEPTH => Err(too_deep()),
        Ok(value) => Ok(value),
        // The parser has a limit of its own, above the contract's, that keeps it from overflowing the stack.
        Err(error) if error.to_string().starts_with("recursion limit") => Err(too_deep()),
        Err(error) => Err(format!("{what}: not JSON: {error}")),
    }
}

/// Levels of arrays and objects.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(members) => 1 + members.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Text fit for one line of a log or of the screen: control characters escaped, and cut.
pub(super) fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max_chars));
    for (count, character) in text.chars().enumerate() {
        if count == max_chars {
            line.push('…');
            break;
        }
        if character.is_control() || is_bidi_control(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// Characters that reorder the text around them, and so could make a line read as another.
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_a_hundred_thousand_deep_is_refused_and_sixty_four_is_not() {
        assert!(parse_json("x", &"[".repeat(100_000)).unwrap_err().contains("nested deeper"));
        let at_the_limit = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(parse_json("x", &at_the_limit).is_ok());
        assert!(parse_json("x", &format!("[{at_the_limit}]")).unwrap_err().contains("nested deeper"));
        assert!(parse_json("x", &format!("\"{}\"", "[".repeat(1000))).is_ok(), "brackets in a string don't nest");
    }

    #[test]
    fn a_log_line_stays_one_line() {
        assert_eq!(one_line("a\r\nb\u{1b}[31mc\u{202e}d", 100), "a\\r\\nb\\u{1b}[31mc\\u{202e}d");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }
}
