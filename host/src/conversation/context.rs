//! What of a conversation goes to the model. Nothing here waits for anything.
//!
//! A conversation is a row of turns: a message of the user's and what followed it, tool uses and their results among it.
//! When it doesn't fit, whole turns go, the oldest first; of the newest turn, whole rounds of tools. So a tool result
//! always has its tool use, and roles keep alternating. What the user asked last is never cut.

use crate::capability::llm::estimate::{self, Scale};
use crate::capability::llm::{Content, Message, Role};

/// What a turn must find free beside its history: the largest agent's system prompt and tools, 17,500 characters, and
/// what its tools find.
const FIXED_TOKENS: u32 = 10_000;

/// The longest answer of a model call that sets no limit of its own.
pub const ANSWER_TOKENS: u32 = 4_096;

/// The most that a history takes, however large the window: every model call of a turn reads it again, and a turn may
/// use 200,000 tokens.
const HISTORY_TOKENS: u32 = 12_000;

/// How the first message of a summary begins. It is how a summary is known, so that it outlives the turns after it.
const SUMMARY_LEAD: &str = "Summary of our conversation so far:\n";

/// What answers it, as roles alternate.
const SUMMARY_NOTED: &str = "Understood.";

/// Stands for an answer that never came. Without it two messages of the user's would follow each other.
const UNANSWERED: &str = "(There was no answer to this.)";

/// A model's window, and what of it isn't the conversation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tokens that the model takes, its answer included.
    pub window: u32,
    /// Tokens of the system prompt and the tools.
    pub fixed: u32,
    /// Tokens kept free for the answer.
    pub reserve: u32,
}

impl Budget {
    /// The tokens that are left for messages.
    pub fn room(self) -> u32 {
        self.window.saturating_sub(self.fixed).saturating_sub(self.reserve)
    }
}

/// How a window is shared out before a turn, when nobody knows yet which agents will answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// For the history and the newest message.
    pub room: u32,
    /// For the history, its summary included.
    pub history: u32,
    /// From here on the oldest turns are summarised.
    pub summarise_from: u32,
    /// What stays word for word then.
    pub verbatim: u32,
}

impl Shares {
    /// The shares of a window.
    pub fn of(window: u32) -> Self {
        let budget = Budget { window, fixed: FIXED_TOKENS.min(window / 2), reserve: answer_reserve(None, window) };
        let history = (window / 4).min(HISTORY_TOKENS);
        Self { room: budget.room(), history, summarise_from: history / 4 * 3, verbatim: history / 3 }
    }
}

/// The tokens to keep free for an answer of at most so many. In a small window an answer must be content with a quarter.
pub fn answer_reserve(limit: Option<u32>, window: u32) -> u32 {
    limit.unwrap_or(ANSWER_TOKENS).min(window / 4)
}

/// What can't be left out takes more than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{needed} tokens are needed where {room} are left")]
pub struct TooLong {
    /// Tokens of what must be there.
    pub needed: u32,
    /// Tokens that there are.
    pub room: u32,
}

/// The messages that fit into so many tokens, in their order: the newest turn, a summary if the first turn is one, and
/// as many turns before the newest as there is room for.
pub fn fit(messages: Vec<Message>, room: u32, scale: Scale) -> Result<Vec<Message>, TooLong> {
    let all = scale.characters(room);
    if length(&messages) <= all {
        return Ok(messages);
    }
    let needed = length(&messages);
    let mut turns = turns(messages);
    let Some(newest) = turns.pop() else { return Err(TooLong { needed: scale.tokens(needed), room }) };
    let (newest, is_whole) =
        fit_newest(newest, all).map_err(|needed| TooLong { needed: scale.tokens(needed), room })?;
    let mut left = all - length(&newest);

    let first_is_summary = turns.first().and_then(|turn| turn.first()).is_some_and(is_summary);
    let summary = if first_is_summary { turns.remove(0) } else { Vec::new() };
    let summary = if length(&summary) <= left { summary } else { Vec::new() };
    left -= length(&summary);

    // A turn before one that has lost a part would say less than that part did.
    let fitting = if is_whole { fitting(turns.iter().rev().map(|turn| length(turn)), left) } else { 0 };
    let before = turns.split_off(turns.len() - fitting).into_iter().flatten();
    Ok(summary.into_iter().chain(before).chain(newest).collect())
}

/// What a turn begins with of a history, in a window of so many tokens. The turn before it may take more than the share of
/// a history: it is what the user most likely speaks of.
pub fn before(mut history: Vec<Message>, message: &str, window: u32, scale: Scale) -> Result<Vec<Message>, TooLong> {
    let shares = Shares::of(window);
    let last_turn = history.iter().rposition(is_question).map_or(0, |at| length(&history[at..]));
    let share = shares.history.max(scale.tokens(last_turn));
    let newest = scale.tokens(message.len());
    history.push(Message::text(Role::User, message));
    let mut messages = fit(history, shares.room.min(newest.saturating_add(share)), scale)?;
    messages.pop();
    Ok(messages)
}

/// The newest turn without the oldest rounds of tools that don't fit, and whether it is whole; or what its message and its
/// last round need, when that is more than there is.
fn fit_newest(turn: Vec<Message>, all: usize) -> Result<(Vec<Message>, bool), usize> {
    let mut messages = turn.into_iter();
    let question: Vec<Message> = messages.by_ref().take(1).collect();
    let mut rounds = rounds(messages);
    let least = length(&question) + rounds.last().map_or(0, |round| length(round));
    let left = all.checked_sub(length(&question)).filter(|_| least <= all).ok_or(least)?;
    let fitting = fitting(rounds.iter().rev().map(|round| length(round)), left);
    let is_whole = fitting == rounds.len();
    let kept = rounds.split_off(rounds.len() - fitting);
    Ok((question.into_iter().chain(kept.into_iter().flatten()).collect(), is_whole))
}

/// How many of these fit, one after the other.
fn fitting(lengths: impl Iterator<Item = usize>, mut left: usize) -> usize {
    let fits = |length: &usize| match left.checked_sub(*length) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    lengths.take_while(fits).count()
}

/// Each begins with what the user said. Anything before that is nobody's question.
fn turns(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut turns: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        match turns.last_mut() {
            _ if is_question(&message) => turns.push(vec![message]),
            Some(turn) => turn.push(message),
            None => {}
        }
    }
    turns
}

/// The model's tool uses with their results.
fn rounds(messages: impl Iterator<Item = Message>) -> Vec<Vec<Message>> {
    let mut rounds: Vec<Vec<Message>> = Vec::new();
    for message in messages {
        match rounds.last_mut() {
            Some(round) if message.role == Role::User => round.push(message),
            _ => rounds.push(vec![message]),
        }
    }
    rounds
}

fn is_question(message: &Message) -> bool {
    message.role == Role::User && !message.content.iter().any(|block| matches!(block, Content::ToolResult(_)))
}

fn is_summary(message: &Message) -> bool {
    matches!(message.content.first(), Some(Content::Text(text)) if text.starts_with(SUMMARY_LEAD))
}

/// The characters of messages.
pub fn length(messages: &[Message]) -> usize {
    messages.iter().map(estimate::message_length).sum()
}

/// What was said, as a model takes it: the user first, roles alternating. Texts of one role that follow each other become
/// blocks of one message; blank ones, which providers refuse, are left out.
pub fn alternating(said: impl IntoIterator<Item = (Role, String)>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for (role, text) in said {
        match messages.last_mut() {
            _ if text.trim().is_empty() => {}
            Some(last) if last.role == role => last.content.push(Content::Text(text)),
            None if role == Role::Assistant => {}
            _ => messages.push(Message::text(role, text)),
        }
    }
    messages
}

/// A conversation as it was kept, ready for the next message of the user's.
pub fn history(summary: Option<&str>, said: impl IntoIterator<Item = (Role, String)>) -> Vec<Message> {
    let mut messages = Vec::new();
    if let Some(summary) = summary {
        messages.push(Message::text(Role::User, format!("{SUMMARY_LEAD}{summary}")));
        messages.push(Message::text(Role::Assistant, SUMMARY_NOTED));
    }
    messages.extend(alternating(said));
    if messages.last().is_some_and(|last| last.role == Role::User) {
        messages.push(Message::text(Role::Assistant, UNANSWERED));
    }
    messages
}

#[cfg(test)]
mod tests;
