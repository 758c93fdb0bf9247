//! The rolling summary: what the oldest turns came to, in the model's words, kept with the conversation.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::context::Shares;
use super::store::{Store, StoredMessage};
use crate::capability::data::{DataError, UserToken};
use crate::capability::llm::{CompletionEvent, CompletionRequest, Content, LanguageModel, LlmError, Message, Role};

const PROMPT: &str = include_str!("summary.md");

/// Some 200 words in any language.
const TOKENS: u32 = 512;

/// Longer than any good answer takes, and nobody waits for it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Messages read at once. More are left for the next time.
const MESSAGES: u32 = 100;

/// The most of a message that is summarised: what comes after it in a long one is mostly a table.
const CHARACTERS: usize = 2_000;

/// Messages that stay word for word at most, however short they are.
const VERBATIM_MESSAGES: usize = 20;

/// What the turns up to a time came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) text: String,
    /// When the newest message in it was kept.
    pub(super) until: DateTime<Utc>,
}

/// Why there is no new summary.
#[derive(Debug, thiserror::Error)]
pub(super) enum SummaryError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Model(#[from] LlmError),
    #[error("the model took longer than {} s", TIMEOUT.as_secs())]
    TimedOut,
    #[error("the model said nothing")]
    Silent,
}

impl Summary {
    /// The summary in a conversation's metadata.
    pub(super) fn of(metadata: &Value) -> Option<Self> {
        Self::deserialize(metadata.get("summary")?).ok()
    }
}

/// Folds the oldest messages that are not in the summary yet into it, and keeps the result.
pub(super) async fn renew(
    store: &Store,
    model: &dyn LanguageModel,
    user: &UserToken,
    id: Uuid,
    window: u32,
) -> Result<(), SummaryError> {
    let conversation = store.find(user, id).await?;
    let earlier = Summary::of(&conversation.metadata);
    let until = earlier.as_ref().map(|summary| summary.until);
    let messages = store.messages_after(user, id, until, MESSAGES).await?;
    let scale = model.scale();
    let verbatim = scale.characters(Shares::of(window).verbatim);
    let (text, until) = match transcript(&messages, verbatim, scale.characters(window / 2)) {
        Some(transcript) => transcript,
        None => return Ok(()),
    };
    let asked = match &earlier {
        Some(earlier) => format!("The summary so far:\n{}\n\nThe messages after it:\n{text}", earlier.text),
        None => format!("The messages:\n{text}"),
    };
    let written = tokio::time::timeout(TIMEOUT, write(model, asked)).await.map_err(|_| SummaryError::TimedOut)??;
    let mut metadata = match conversation.metadata {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    metadata.insert("summary".into(), json!(Summary { text: written, until }));
    store.set_metadata(user, id, Value::Object(metadata)).await?;
    Ok(())
}

/// The oldest messages as text, and the time of the newest of them; the newest messages stay out, for they go to the
/// model as they are, beginning with one of the user's.
fn transcript(messages: &[StoredMessage], verbatim: usize, most: usize) -> Option<(String, DateTime<Utc>)> {
    let mut recent = messages.len();
    let mut length = 0;
    for (at, message) in messages.iter().enumerate().rev().take(VERBATIM_MESSAGES) {
        length += message.content.len();
        if length > verbatim {
            break;
        }
        if message.role == Role::User {
            recent = at;
        }
    }
    let mut text = String::new();
    let mut until = None;
    for message in &messages[..recent] {
        let content = &message.content[..message.content.floor_char_boundary(CHARACTERS)];
        let line = match (&message.role, &message.agent_type) {
            (Role::User, _) => format!("\nUser: {content}\n"),
            (Role::Assistant, Some(agent)) => format!("\nAssistant ({agent}): {content}\n"),
            (Role::Assistant, None) => format!("\nAssistant: {content}\n"),
        };
        if text.len() + line.len() > most {
            break;
        }
        text.push_str(&line);
        until = Some(message.created_at);
    }
    Some((text, until?))
}

async fn write(model: &dyn LanguageModel, asked: String) -> Result<String, SummaryError> {
    let request = CompletionRequest {
        system: PROMPT.into(),
        messages: vec![Message::text(Role::User, asked)],
        max_output_tokens: Some(TOKENS),
        temperature: Some(0.0),
        ..CompletionRequest::default()
    };
    let mut stream = model.stream(request).await?;
    while let Some(event) = stream.next().await {
        let CompletionEvent::Finished(completion) = event? else { continue };
        let texts = completion.content.into_iter().filter_map(|block| match block {
            Content::Text(text) => Some(text),
            Content::ToolUse(_) | Content::ToolResult(_) => None,
        });
        let text = super::store::storable(texts.collect::<String>().trim());
        return if text.is_empty() { Err(SummaryError::Silent) } else { Ok(text) };
    }
    Err(SummaryError::Silent)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn said(contents: &[&str]) -> Vec<StoredMessage> {
        let message = |(at, content): (usize, &&str)| StoredMessage {
            id: Uuid::from_u128(at as u128),
            conversation_id: Uuid::nil(),
            role: if at % 2 == 0 { Role::User } else { Role::Assistant },
            content: (*content).to_owned(),
            agent_type: None,
            metadata: json!({}),
            created_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(at as i64),
        };
        contents.iter().enumerate().map(message).collect()
    }

    #[test]
    fn the_newest_turns_stay_word_for_word_and_begin_with_the_user() {
        let messages = said(&["one", "eins", "two", "zwei", "three", "drei"]);
        let (text, until) = transcript(&messages, 10, 1_000).unwrap();
        assert_eq!(text, "\nUser: one\n\nAssistant: eins\n\nUser: two\n\nAssistant: zwei\n");
        assert_eq!(until, messages[3].created_at);
        assert_eq!(transcript(&messages, 1_000, 1_000), None, "everything is recent");
    }

    #[test]
    fn what_is_too_much_at_once_is_left_for_the_next_time_and_never_skipped() {
        let long = "x".repeat(5_000);
        let messages = said(&["one", &long, "two", "zwei"]);
        let (text, until) = transcript(&messages, 3, 2_030).unwrap();
        assert_eq!(until, messages[1].created_at);
        assert!(text.ends_with(&format!("{}\n", "x".repeat(CHARACTERS))));
        assert_eq!(transcript(&messages, 3, 5), None);
    }

    #[test]
    fn short_messages_without_end_are_summarised_all_the_same() {
        let messages = said(&["ok"; 61]);
        let (_, until) = transcript(&messages, 10_000, 10_000).unwrap();
        assert_eq!(until, messages[41].created_at);
    }

    #[test]
    fn metadata_of_another_form_is_no_summary() {
        let kept = json!({ "summary": { "text": "They paint.", "until": "2026-03-09T21:20:00.000123Z" }, "x": 1 });
        assert_eq!(Summary::of(&kept).unwrap().text, "They paint.");
        for other in
            [json!({}), json!([]), json!(null), json!({ "summary": "x" }), json!({ "summary": { "text": "x" } })]
        {
            assert_eq!(Summary::of(&other), None);
        }
    }
}
