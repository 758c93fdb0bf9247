//! The rules of a conversation, of all services. A request that breaks them would be refused, and every later one of the
//! same conversation as well.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Content, Message, Role};

/// The longest name of a tool.
const LONGEST_NAME: usize = 64;

/// The longest id of a tool use: OpenAI takes 40 characters, Bedrock 64.
const LONGEST_ID: usize = 40;

/// Whether a conversation is one, or what is wrong with it.
pub(super) fn check(messages: &[Message]) -> Result<(), String> {
    let mut asked = HashSet::new();
    for (at, message) in messages.iter().enumerate() {
        if (message.role == Role::User) != (at % 2 == 0) {
            return Err("the first message is the user's, and roles alternate".into());
        }
        let mut uses = HashSet::new();
        for block in &message.content {
            match (block, message.role) {
                (Content::Text(_), _) => {}
                (Content::ToolUse(tool), Role::Assistant) => {
                    if !uses.insert(tool.id.as_str()) {
                        return Err(format!("the tool use {:?} is there twice", tool.id));
                    }
                }
                (Content::ToolResult(result), Role::User) => {
                    if !asked.remove(result.tool_use_id.as_str()) {
                        return Err(format!(
                            "nothing in the message before asks for the result {:?}",
                            result.tool_use_id
                        ));
                    }
                }
                (Content::ToolUse(_), Role::User) => return Err("a tool use is the assistant's".into()),
                (Content::ToolResult(_), Role::Assistant) => return Err("a tool result is the user's".into()),
            }
        }
        if let Some(id) = asked.iter().next() {
            return Err(format!("the tool use {id:?} has no result in the next message"));
        }
        asked = uses;
    }
    match messages.last() {
        Some(last) if last.role == Role::User => Ok(()),
        _ => Err("the last message is the user's".into()),
    }
}

/// Whether every model takes this name of a tool. Nova refuses a `-`.
pub(super) fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name in the history as every service takes it. A model makes names up, and what it once asked for is asked for ever.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    if is_name(name) {
        return name.into();
    }
    let valid = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let mended: String = name.chars().map(valid).take(LONGEST_NAME).collect();
    if mended.is_empty() { "unnamed".into() } else { mended.into() }
}

/// The id of a tool use as every service takes it: another provider may have made it. The same id gives the same one.
pub(super) fn id(id: &str) -> Cow<'_, str> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(valid) {
        return id.into();
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    format!("id_{:016x}", hasher.finish()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{ToolResult, ToolUse};
    use super::*;

    fn uses(ids: &[&str]) -> Message {
        let block =
            |id: &&str| Content::ToolUse(ToolUse { id: (*id).into(), name: "list_invoices".into(), input: json!({}) });
        Message { role: Role::Assistant, content: ids.iter().map(block).collect() }
    }

    fn results(ids: &[&str]) -> Message {
        let block = |id: &&str| {
            Content::ToolResult(ToolResult { tool_use_id: (*id).into(), content: json!({}), is_error: false })
        };
        Message { role: Role::User, content: ids.iter().map(block).collect() }
    }

    fn user() -> Message {
        Message::text(Role::User, "What is overdue?")
    }

    fn assistant() -> Message {
        Message::text(Role::Assistant, "Nothing.")
    }

    #[test]
    fn a_conversation_with_tools_is_one() {
        let turn =
            [user(), uses(&["a", "b"]), results(&["b", "a"]), assistant(), user(), uses(&["a"]), results(&["a"])];
        assert_eq!(check(&turn), Ok(()));
    }

    #[test]
    fn what_a_service_would_refuse_is_named() {
        for (messages, wrong) in [
            (vec![], "last message"),
            (vec![assistant(), user()], "first message"),
            (vec![user(), user()], "roles alternate"),
            (vec![user(), assistant()], "last message"),
            (vec![user(), uses(&["a"])], "last message"),
            (vec![user(), uses(&["a"]), user()], "\"a\" has no result"),
            (vec![user(), uses(&["a", "b"]), results(&["a"])], "\"b\" has no result"),
            (vec![user(), uses(&["a"]), results(&["a", "a"])], "nothing in the message before"),
            (
                vec![user(), uses(&["a"]), results(&["a"]), assistant(), results(&["a"])],
                "nothing in the message before",
            ),
            (vec![results(&["a"])], "nothing in the message before"),
            (vec![user(), uses(&["a", "a"]), results(&["a"])], "twice"),
            (vec![Message { role: Role::User, ..uses(&["a"]) }], "is the assistant's"),
            (vec![user(), Message { role: Role::Assistant, ..results(&["a"]) }, user()], "is the user's"),
        ] {
            let error = check(&messages).unwrap_err();
            assert!(error.contains(wrong), "{error} instead of {wrong}: {messages:?}");
        }
    }

    #[test]
    fn names_and_ids_of_others_are_mended_the_same_way_every_time() {
        assert_eq!(name("list_invoices"), "list_invoices");
        assert_eq!(name("list-invoices now"), "list_invoices_now");
        assert_eq!(name(""), "unnamed");
        assert!(is_name(&name(&"é".repeat(90))));
        assert_eq!(id("tooluse_a-1:b.c"), "tooluse_a-1:b.c");
        for odd in ["", "call 1", "é", &"a".repeat(41)] {
            assert_eq!(id(odd), id(odd));
            assert_eq!(id(odd).len(), 19, "{}", id(odd));
        }
        assert_ne!(id("call 1"), id("call 2"));
    }
}
