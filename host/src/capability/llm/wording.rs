//! What failures say.

use std::error::Error;

/// Whether a refusal is about the length of the conversation. The models word it differently.
pub(super) fn too_long(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "too long",
        "too many input tokens",
        "too many tokens",
        "context length",
        "context window",
        "maximum number of input tokens",
    ]
    .iter()
    .any(|words| message.contains(words))
        || (message.contains("token")
            && message.contains("exceed")
            && !message.contains("max_tokens")
            && !message.contains("maxtokens"))
}

/// An error and what caused it.
pub(super) fn text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    short(&text)
}

/// Bounds what goes to a log.
pub(super) fn short(text: &str) -> String {
    text.chars().take(500).collect()
}
