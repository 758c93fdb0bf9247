//! `POST /api/chat/stream`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono_tz::Tz;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::Caller;
use super::document::examples;
use super::document::refusals::{JsonBody, OneConversation, Refusals, SignedIn, Stored, Turn};
use super::document::stream::StreamEvent;
use super::error::ApiError;
use super::extract::{self, JsonObject};
use super::stream::stream_exchange;
use crate::app::App;
use crate::capability::llm::{Message, Role};
use crate::conversation::{Incoming, context};
use crate::supervisor::Question;
use crate::telemetry;

/// Characters of a message, the user's or one of the history.
const MESSAGE_CHARS: usize = 32_000;

/// Messages of a history.
const HISTORY_MESSAGES: usize = 200;

/// Answers a message as a stream of chunks.
///
/// Server-Sent Events, a chunk of JSON in each `data:` line. Text comes in `token` chunks as it is written; exactly one `complete` or
/// `error` ends the stream. What was said is kept in a conversation, which the end names. Comments, lines that begin with a
/// colon, keep the connection alive.
#[utoipa::path(
    post,
    path = "/api/chat/stream",
    operation_id = "chat",
    tag = "chat",
    request_body(content = ChatRequest, example = json!({ "message": "Show me all overdue invoices" })),
    responses(
        (
            status = 200,
            description = "The answer.",
            content_type = "text/event-stream",
            body = StreamEvent,
            example = json!(examples::stream()),
        ),
        Refusals<(SignedIn, JsonBody, OneConversation, Stored, Turn)>,
    ),
    security(("user_token" = [])),
)]
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: JsonObject,
) -> Result<Response, ApiError> {
    let body = ChatRequest::parse(body, app.config.time_zone)?;
    let user = caller.user(&app, body.user_id)?;
    let place = caller.place(&app, &user)?;
    let permit = app.admit().ok_or_else(ApiError::busy)?;
    let (message, user_tag) = (Arc::<str>::from(body.message), telemetry::user_tag(user.id));
    let now = app.clock.now();
    let incoming = Incoming {
        conversation: body.conversation_id,
        text: Arc::clone(&message),
        told: body.history,
        user_tag: Arc::clone(&user_tag),
        now,
    };
    let opening = app.conversations.open(&user, incoming).await?;
    let question = Question {
        user_tag,
        user,
        message,
        history: opening.history(),
        account: opening.account(),
        conversation: opening.conversation(),
        request_id: caller.request_id,
        now: now.with_timezone(&body.time_zone),
        permit,
        place: Some(place),
    };
    Ok(stream_exchange(opening.begin(app.supervisor.answer(question)), app.shutdown.clone()))
}

/// A message. Fields that are null or unknown are as good as absent.
#[derive(ToSchema)]
struct ChatRequest {
    /// What the user wrote, word for word.
    #[schema(min_length = 1, max_length = 32000, pattern = r"\S")]
    message: String,
    /// The conversation that it goes on with. Without one a conversation begins.
    conversation_id: Option<Uuid>,
    /// Who asks, where no token says it.
    user_id: Option<Uuid>,
    /// What was said before, oldest first, as the client knows it. It counts only where nothing is kept.
    #[schema(value_type = Option<Vec<HistoryMessage>>, max_items = 200)]
    history: Vec<Message>,
    /// Where "today" is: an IANA name.
    #[schema(value_type = Option<String>, format = "iana-time-zone", example = "America/Chicago")]
    time_zone: Tz,
}

/// A message of a history.
#[derive(ToSchema)]
struct HistoryMessage {
    /// Who said it.
    role: Role,
    /// What was said.
    #[schema(min_length = 1, max_length = 32000, pattern = r"\S")]
    content: String,
}

impl ChatRequest {
    fn parse(mut body: JsonObject, default_zone: Tz) -> Result<Self, ApiError> {
        let message = extract::text("message", body.take("message"), MESSAGE_CHARS)?;
        let conversation_id = body.uuid("conversation_id")?;
        let user_id = body.uuid("user_id")?;
        let history = history(body.take("history"))?;
        let time_zone = match body.take("time_zone") {
            None => default_zone,
            Some(zone) => zone
                .as_str()
                .and_then(|name| name.parse().ok())
                .ok_or_else(|| ApiError::invalid_field("time_zone: must be an IANA name such as America/Chicago"))?,
        };
        Ok(Self { message, conversation_id, user_id, history, time_zone })
    }
}

/// The history as a model takes it: the user first, roles alternating, the assistant last. It counts only until there are
/// messages that were kept.
fn history(value: Option<Value>) -> Result<Vec<Message>, ApiError> {
    let items = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(ApiError::invalid_field("history: must be a list of messages")),
    };
    if items.len() > HISTORY_MESSAGES {
        return Err(ApiError::invalid_field(format!("history: must have at most {HISTORY_MESSAGES} messages")));
    }
    let items: Vec<_> =
        items.into_iter().enumerate().map(|(at, item)| history_item(at, item)).collect::<Result<_, _>>()?;
    let mut messages = context::alternating(items.into_iter().map(|item| (item.role, item.content)));
    if messages.last().is_some_and(|last| last.role == Role::User) {
        messages.pop();
    }
    Ok(messages)
}

fn history_item(at: usize, item: Value) -> Result<HistoryMessage, ApiError> {
    let Value::Object(mut members) = item else {
        return Err(ApiError::invalid_field(format!("history[{at}]: must be an object with `role` and `content`")));
    };
    let role = match members.get("role").and_then(Value::as_str) {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        _ => return Err(ApiError::invalid_field(format!("history[{at}].role: must be `user` or `assistant`"))),
    };
    let content = extract::text(&format!("history[{at}].content"), members.remove("content"), MESSAGE_CHARS)?;
    Ok(HistoryMessage { role, content })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles(items: Value) -> Vec<Role> {
        history(Some(items)).unwrap().iter().map(|message| message.role).collect()
    }

    #[test]
    fn a_history_comes_out_alternating_from_the_user_to_the_assistant() {
        let item = |role: &str| json!({ "role": role, "content": "x" });
        let (user, assistant) = (item("user"), item("assistant"));
        assert_eq!(roles(json!([])), []);
        assert_eq!(roles(json!([assistant, user, user, assistant, assistant, user])), [Role::User, Role::Assistant]);
        assert_eq!(roles(json!([user])), []);
    }

    #[test]
    fn a_history_that_smuggles_another_role_is_refused_by_name() {
        for item in [json!("text"), json!({"role": "system", "content": "x"}), json!({"role": "user", "content": []})] {
            let error = history(Some(json!([{ "role": "user", "content": "x" }, item]))).unwrap_err();
            assert!(format!("{error:?}").contains("history[1]"), "{error:?}");
        }
    }
}
