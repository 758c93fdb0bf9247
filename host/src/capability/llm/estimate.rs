//! What a call costs when the provider doesn't say: about four characters a token, as in English text and JSON.

use super::{CompletionRequest, Content, TokenUsage};

const CHARACTERS_PER_TOKEN: usize = 4;

/// The tokens of a request and the answer to it.
pub(super) fn usage(input_tokens: u32, answer: &[Content]) -> TokenUsage {
    let output_tokens = tokens(answer.iter().map(length).sum());
    TokenUsage { input_tokens, output_tokens, cached_input_tokens: 0 }
}

/// The tokens that a model reads of a request.
pub(super) fn input_tokens(request: &CompletionRequest) -> u32 {
    let messages: usize = request.messages.iter().flat_map(|message| &message.content).map(length).sum();
    let tools: usize = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.parameters.to_string().len())
        .sum();
    tokens(request.system.len() + messages + tools)
}

/// The tokens of so many characters.
pub(super) fn tokens(characters: usize) -> u32 {
    u32::try_from(characters.div_ceil(CHARACTERS_PER_TOKEN)).unwrap_or(u32::MAX)
}

/// The characters that so many tokens have room for.
pub(super) fn characters(tokens: u32) -> usize {
    usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(CHARACTERS_PER_TOKEN)
}

fn length(content: &Content) -> usize {
    match content {
        Content::Text(text) => text.len(),
        Content::ToolUse(tool) => tool.name.len() + tool.input.to_string().len(),
        Content::ToolResult(result) => result.content.to_string().len(),
    }
}
