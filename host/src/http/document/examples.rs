//! Answers for examples. They are written by the code that writes answers, so they have its form.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::capability::llm::Role;
use crate::capability::llm::usage::{Share, Tally, Usage};
use crate::conversation::{Conversation, StoredMessage};
use crate::http::stream::{Chunk, ToolCall};
use crate::plugin::ToolStatus;
use crate::plugin::event::SUPERVISOR;

const QUESTION: &str = "Show me all overdue invoices";
const ANSWER: [&str; 2] = ["**Overdue invoices**\n\n- **Overdue invoices:** 9\n", "- **Total overdue:** $11,834.42\n"];

/// 18 November 2026, three o'clock in the afternoon.
const BEGAN: i64 = 1_795_014_000;

/// An id.
pub(in crate::http) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x5f8b_7a52_9c0e_4a57_8f0e_0d5b_1b8f_6c00 + number)
}

/// So long after the question.
pub(in crate::http) fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(BEGAN) + TimeDelta::milliseconds(milliseconds)
}

/// A conversation after its first turn.
pub(in crate::http) fn conversation() -> Conversation {
    Conversation {
        id: id(0x11),
        user_id: Uuid::nil(),
        title: Some(QUESTION.to_owned()),
        created_at: at(0),
        updated_at: at(934),
        last_message_at: Some(at(931)),
        message_count: 2,
        metadata: json!({}),
    }
}

/// A conversation that was just made.
pub(in crate::http) fn new_conversation() -> Conversation {
    let title = Some("Kitchen repainting".to_owned());
    Conversation { title, updated_at: at(0), last_message_at: None, message_count: 0, ..conversation() }
}

/// Its two messages.
pub(in crate::http) fn messages() -> Vec<StoredMessage> {
    let message = |number, role, content, agent_type: Option<&str>, created_at| StoredMessage {
        id: id(number),
        conversation_id: id(0x11),
        role,
        content,
        agent_type: agent_type.map(str::to_owned),
        metadata: json!({}),
        created_at,
    };
    vec![
        message(0x21, Role::User, QUESTION.to_owned(), None, at(4)),
        message(0x22, Role::Assistant, ANSWER.concat(), Some("invoices"), at(931)),
    ]
}

/// The stream in which it was said.
pub(in crate::http) fn stream() -> String {
    let tool = |status| Chunk::ToolCall {
        tool_call: ToolCall { id: "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", name: "overdue_invoices", status },
        agent_type: "invoices",
    };
    let token = |content| Chunk::Token { content, agent_type: "invoices" };
    let (agent_type, conversation_id, usage) = ("invoices", Some(id(0x11)), usage());
    let complete = Chunk::Complete { agent_type, conversation_id, limit: None, usage };
    let chunks = [tool(ToolStatus::Started), tool(ToolStatus::Completed), token(ANSWER[0]), token(ANSWER[1]), complete];
    chunks.iter().map(|chunk| format!("data: {}\n\n", of(chunk))).collect()
}

/// What it used.
pub(in crate::http) fn usage() -> Usage {
    let tally = |calls, input_tokens, output_tokens| {
        let cost_usd = Some(Decimal::from(input_tokens * 6 + output_tokens * 24) / Decimal::from(100_000_000));
        Tally { calls, input_tokens, output_tokens, cost_usd, ..Tally::default() }
    };
    let share = |agent: &str, tally| Share { agent_type: agent.into(), model: "amazon.nova-lite-v1:0".into(), tally };
    let by_agent = vec![share(SUPERVISOR, tally(1, 3_644, 3)), share("invoices", tally(2, 6_686, 229))];
    Usage { total: tally(3, 10_330, 232), by_agent }
}

/// An answer in JSON.
pub(in crate::http) fn of(answer: &impl Serialize) -> Value {
    serde_json::to_value(answer).expect("an answer is JSON")
}
