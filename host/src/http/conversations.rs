//! `/api/conversations`: what was said before. A `user_id` may be sent and grants nothing, as in a chat.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use uuid::Uuid;

use super::error::ApiError;
use super::extract::{self, Id, JsonObject, Parameters};
use super::trace;
use crate::app::App;
use crate::auth::User;
use crate::conversation::{Conversation, StoredMessage};
use crate::telemetry;

/// Characters of a title that a client gives.
const TITLE_CHARS: usize = 200;

/// A page of a user's conversations.
#[derive(Serialize)]
pub(super) struct ConversationPage {
    conversations: Vec<Conversation>,
    total: u64,
    limit: u32,
    offset: u32,
    has_more: bool,
}

/// A conversation with some of its messages, oldest first.
#[derive(Serialize)]
pub(super) struct ConversationWithMessages {
    #[serde(flatten)]
    conversation: Conversation,
    messages: Vec<StoredMessage>,
}

/// `GET /api/conversations`: the one that changed last first.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<ConversationPage>, ApiError> {
    let user = user(&app, &headers, parameters.uuid("user_id")?)?;
    let limit = parameters.number("limit", 1..=100, 50)?;
    let offset = parameters.number("offset", 0..=u32::MAX, 0)?;
    let (conversations, total) = app.conversations.list(&user, limit, offset).await?;
    let has_more = u64::from(offset) + (conversations.len() as u64) < total;
    Ok(Json(ConversationPage { conversations, total, limit, offset, has_more }))
}

/// `POST /api/conversations`: makes one without messages.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    mut body: JsonObject,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let user = user(&app, &headers, body.uuid("user_id")?)?;
    // A form that was left empty asks for none.
    let title = body.take("title").filter(|title| title.as_str().is_none_or(|title| !title.trim().is_empty()));
    let title = title.map(|title| extract::text("title", Some(title), TITLE_CHARS)).transpose()?;
    let conversation = app.conversations.create(&user, title.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(conversation)))
}

/// `GET /api/conversations/{id}`: one with its messages.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Id(id): Id,
    parameters: Parameters,
) -> Result<Json<ConversationWithMessages>, ApiError> {
    let user = user(&app, &headers, parameters.uuid("user_id")?)?;
    let limit = parameters.number("message_limit", 1..=500, 100)?;
    let offset = parameters.number("message_offset", 0..=u32::MAX, 0)?;
    let (conversation, messages) = app.conversations.get(&user, id, limit, offset).await?;
    Ok(Json(ConversationWithMessages { conversation, messages }))
}

/// `DELETE /api/conversations/{id}`: with all its messages.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Id(id): Id,
    parameters: Parameters,
) -> Result<StatusCode, ApiError> {
    let user = user(&app, &headers, parameters.uuid("user_id")?)?;
    app.conversations.delete(&user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn user(app: &App, headers: &HeaderMap, claimed: Option<Uuid>) -> Result<User, ApiError> {
    let user = app.authenticator.authenticate(headers.get_all(header::AUTHORIZATION), claimed)?;
    trace::user_is(&telemetry::user_tag(user.id));
    Ok(user)
}
