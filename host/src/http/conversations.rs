//! `/api/conversations`: what was said before. A `user_id` may be sent and grants nothing, as in a chat.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::Caller;
use super::document::examples;
use super::document::refusals::{self, JsonBody, OneConversation, Refusals, SignedIn, Stored};
use super::error::ApiError;
use super::extract::{self, Id, JsonObject, Parameters};
use crate::app::App;
use crate::conversation::{Conversation, StoredMessage};

/// Characters of a title that a client gives.
const TITLE_CHARS: usize = 200;

/// The largest offset: what every client has a number for.
const LAST_OFFSET: u32 = i32::MAX.unsigned_abs();

/// A page of a user's conversations.
#[derive(Serialize, ToSchema)]
pub(super) struct ConversationPage {
    /// The one that changed last first.
    conversations: Vec<Conversation>,
    /// How many there are in all.
    total: u64,
    /// As the request said, or its default.
    limit: u32,
    /// As the request said, or 0.
    offset: u32,
    /// Whether there are any after these.
    has_more: bool,
}

/// A conversation with some of its messages, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct ConversationWithMessages {
    #[serde(flatten)]
    conversation: Conversation,
    /// Some of its messages, oldest first.
    messages: Vec<StoredMessage>,
}

/// Which page of a user's conversations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Whose they are, where no token says it.
    #[param(nullable = false)]
    user_id: Option<Uuid>,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 100, default = 50)]
    limit: u32,
    /// How many to leave out.
    #[param(required = false, minimum = 0, maximum = 2147483647, default = 0)]
    offset: u32,
}

/// Which of a conversation's messages.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ShowQuery {
    /// Whose it is, where no token says it.
    #[param(nullable = false)]
    user_id: Option<Uuid>,
    /// How many messages at most.
    #[param(required = false, minimum = 1, maximum = 500, default = 100)]
    message_limit: u32,
    /// How many of the oldest messages to leave out.
    #[param(required = false, minimum = 0, maximum = 2147483647, default = 0)]
    message_offset: u32,
}

/// Whose conversation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserQuery {
    /// Whose it is, where no token says it.
    #[param(nullable = false)]
    user_id: Option<Uuid>,
}

/// A conversation to make. Fields that are null or unknown are as good as absent.
#[derive(ToSchema)]
pub(super) struct NewConversation {
    /// Whose it will be, where no token says it.
    user_id: Option<Uuid>,
    /// What it is about. Without one it is named after its first message.
    #[schema(max_length = 200)]
    title: Option<String>,
}

impl ListQuery {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: parameters.uuid("user_id")?,
            limit: parameters.number("limit", 1..=100, 50)?,
            offset: parameters.number("offset", 0..=LAST_OFFSET, 0)?,
        })
    }
}

impl ShowQuery {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: parameters.uuid("user_id")?,
            message_limit: parameters.number("message_limit", 1..=500, 100)?,
            message_offset: parameters.number("message_offset", 0..=LAST_OFFSET, 0)?,
        })
    }
}

impl UserQuery {
    fn read(parameters: &Parameters) -> Result<Self, ApiError> {
        Ok(Self { user_id: parameters.uuid("user_id")? })
    }
}

impl NewConversation {
    fn parse(mut body: JsonObject) -> Result<Self, ApiError> {
        let user_id = body.uuid("user_id")?;
        // A form that was left empty asks for none.
        let title = body.take("title").filter(|title| title.as_str().is_none_or(|title| !title.trim().is_empty()));
        let title = title.map(|title| extract::text("title", Some(title), TITLE_CHARS)).transpose()?;
        Ok(Self { user_id, title })
    }
}

/// Lists the user's conversations, the one that changed last first.
#[utoipa::path(
    get,
    path = "/api/conversations",
    operation_id = "list_conversations",
    tag = "conversations",
    params(ListQuery),
    responses(
        (
            status = 200,
            description = "A page of them.",
            body = ConversationPage,
            example = json!(ConversationPage::example()),
        ),
        Refusals<(SignedIn, refusals::Parameters, Stored)>,
    ),
    security(("user_token" = [])),
)]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<ConversationPage>, ApiError> {
    let ListQuery { user_id, limit, offset } = ListQuery::read(&parameters)?;
    let user = caller.user(&app, user_id)?;
    let (conversations, total) = app.conversations.list(&user, limit, offset).await?;
    let has_more = u64::from(offset) + (conversations.len() as u64) < total;
    Ok(Json(ConversationPage { conversations, total, limit, offset, has_more }))
}

/// Makes a conversation without messages.
#[utoipa::path(
    post,
    path = "/api/conversations",
    operation_id = "create_conversation",
    tag = "conversations",
    request_body(content = NewConversation, example = json!({ "title": "Kitchen repainting" })),
    responses(
        (
            status = 201,
            description = "The conversation.",
            body = Conversation,
            example = json!(examples::new_conversation()),
        ),
        Refusals<(SignedIn, JsonBody, Stored)>,
    ),
    security(("user_token" = [])),
)]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: JsonObject,
) -> Result<(StatusCode, Json<Conversation>), ApiError> {
    let NewConversation { user_id, title } = NewConversation::parse(body)?;
    let user = caller.user(&app, user_id)?;
    let conversation = app.conversations.create(&user, title.as_deref()).await?;
    Ok((StatusCode::CREATED, Json(conversation)))
}

/// Shows a conversation of the user's with its messages, oldest first.
#[utoipa::path(
    get,
    path = "/api/conversations/{id}",
    operation_id = "show_conversation",
    tag = "conversations",
    params(("id" = Uuid, Path, description = "The conversation."), ShowQuery),
    responses(
        (
            status = 200,
            description = "The conversation.",
            body = ConversationWithMessages,
            example = json!(ConversationWithMessages::example()),
        ),
        Refusals<(SignedIn, refusals::Parameters, OneConversation, Stored)>,
    ),
    security(("user_token" = [])),
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    parameters: Parameters,
) -> Result<Json<ConversationWithMessages>, ApiError> {
    let ShowQuery { user_id, message_limit, message_offset } = ShowQuery::read(&parameters)?;
    let user = caller.user(&app, user_id)?;
    let (conversation, messages) = app.conversations.get(&user, id, message_limit, message_offset).await?;
    Ok(Json(ConversationWithMessages { conversation, messages }))
}

/// Removes a conversation of the user's with all its messages.
#[utoipa::path(
    delete,
    path = "/api/conversations/{id}",
    operation_id = "delete_conversation",
    tag = "conversations",
    params(("id" = Uuid, Path, description = "The conversation."), UserQuery),
    responses(
        (status = 204, description = "It is gone."),
        Refusals<(SignedIn, refusals::Parameters, OneConversation, Stored)>,
    ),
    security(("user_token" = [])),
)]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Id(id): Id,
    parameters: Parameters,
) -> Result<StatusCode, ApiError> {
    let UserQuery { user_id } = UserQuery::read(&parameters)?;
    let user = caller.user(&app, user_id)?;
    app.conversations.delete(&user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl ConversationPage {
    fn example() -> Self {
        Self { conversations: vec![examples::conversation()], total: 1, limit: 50, offset: 0, has_more: false }
    }
}

impl ConversationWithMessages {
    fn example() -> Self {
        Self { conversation: examples::conversation(), messages: examples::messages() }
    }
}
