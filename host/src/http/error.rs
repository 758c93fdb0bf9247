//! The one error body of the API, and what each layer's errors become in it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::AuthError;
use crate::capability::data::DataError;
use crate::conversation::ConversationError;
use crate::supervisor::Failure;
use crate::throttle::Level;

/// An answer that isn't 2xx.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    /// Apart, as every result of a handler would have to have room for it.
    body: Box<ErrorBody>,
    retry_after_s: Option<u32>,
}

/// The body of every answer that isn't 2xx.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorAnswer {
    /// What is wrong.
    pub error: ErrorBody,
}

/// What clients read, in an answer as in a stream.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// For programs.
    #[schema(pattern = "^[A-Z_]+$")]
    pub code: &'static str,
    /// For developers.
    pub message: String,
    /// For the user: plain language.
    pub user_message: String,
    /// What the user can do.
    pub suggested_actions: Vec<String>,
    /// Whether the same request may work later.
    pub retryable: bool,
    /// The id of the request, in an answer that isn't a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, user: &str, actions: &[&str]) -> Self {
        let body = ErrorBody {
            code,
            message: message.into(),
            user_message: user.to_owned(),
            suggested_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            retryable: status.is_server_error(),
            request_id: None,
        };
        Self { status, body: Box::new(body), retry_after_s: None }
    }

    /// The request has the right form, but a field's value can't be used.
    pub(super) fn invalid_field(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "INVALID_REQUEST",
            message,
            "The message couldn't be sent as it is.",
            &["Check the message and send it again."],
        )
    }

    /// A part of the address can't be used.
    pub(super) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "INVALID_REQUEST",
            message,
            "That can't be shown as it was asked for.",
            &["Reload the page and try again."],
        )
    }

    pub(super) fn malformed_body(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MALFORMED_REQUEST",
            message,
            "The message couldn't be read.",
            &["Send it again."],
        )
    }

    pub(super) fn body_too_large(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "REQUEST_TOO_LARGE",
            message,
            "The message is too long.",
            &["Shorten the message, or start a new conversation."],
        )
    }

    pub(super) fn body_too_slow() -> Self {
        let error = Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            "the body took too long to arrive",
            "The connection was too slow to send the message.",
            &["Check your connection and send it again."],
        );
        error.that_may_work_later(None)
    }

    /// Too many requests out of one bucket.
    pub(super) fn rate_limited(level: &Level, retry_after_s: u32) -> Self {
        let error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            format!("the limit {:?} of {} requests a minute is reached", level.name, level.quota),
            "That were too many requests at once.",
            &["Wait a moment and try again."],
        );
        error.that_may_work_later(Some(retry_after_s))
    }

    /// The user has as many turns running as one may.
    pub(super) fn too_many_turns(most: u32) -> Self {
        let error = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TOO_MANY_TURNS",
            format!("the user has {most} turns running, as many as one may"),
            "The assistant is still working on your earlier questions.",
            &["Wait until one of them is answered."],
        );
        error.that_may_work_later(Some(2))
    }

    pub(super) fn admin_not_configured() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "CONFIGURATION_ERROR",
            "ADMIN_API_KEY is not set, so nobody can use the admin API",
            "Administration is not set up.",
            &["Set ADMIN_API_KEY and start the server again."],
        );
        error.body.retryable = false;
        error
    }

    pub(super) fn admin_key_refused(is_missing: bool) -> Self {
        let (code, message) = match is_missing {
            true => ("MISSING_ADMIN_KEY", "send `Authorization: Bearer <ADMIN_API_KEY>`"),
            false => ("INVALID_ADMIN_KEY", "this is not the key in ADMIN_API_KEY"),
        };
        Self::new(StatusCode::UNAUTHORIZED, code, message, "This is for administrators.", &[])
    }

    pub(super) fn no_such_plugin() -> Self {
        let message = "there is no plugin of this name; GET /api/admin/plugins lists what there is";
        Self::new(StatusCode::NOT_FOUND, "PLUGIN_NOT_FOUND", message, "There is no such assistant.", &[])
    }

    pub(super) fn plugin_not_loaded(cause: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "PLUGIN_NOT_LOADED",
            cause,
            "The assistant was not replaced. The version before it, if there is one, goes on.",
            &["Repair the plugin or its grants, and reload it again."],
        )
    }

    pub(super) fn no_such_turn() -> Self {
        let message = "no turn of this id runs; it may have ended";
        Self::new(StatusCode::NOT_FOUND, "TURN_NOT_FOUND", message, "That answer has ended already.", &[])
    }

    pub(super) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the body must be JSON: send `Content-Type: application/json`",
            "The message couldn't be read.",
            &[],
        )
    }

    pub(super) fn not_found() -> Self {
        let message = "no such path; GET / lists what there is";
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message, "There is nothing here.", &[])
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "this path doesn't take that method; GET / lists what there is";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message, "That can't be done here.", &[])
    }

    pub(super) fn busy() -> Self {
        let error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "BUSY",
            "as many turns run as this server allows",
            "The assistant is very busy right now.",
            &["Try again in a few seconds."],
        );
        Self { retry_after_s: Some(2), ..error }
    }

    fn that_may_work_later(mut self, retry_after_s: Option<u32>) -> Self {
        self.body.retryable = true;
        Self { retry_after_s, ..self }
    }

    pub(super) fn panicked() -> Self {
        Self::from(Failure::internal("the request handler panicked"))
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is said beside the body.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers
    }

    pub(super) fn into_answer(self) -> ErrorAnswer {
        ErrorAnswer { error: *self.body }
    }
}

impl From<ConversationError> for ApiError {
    fn from(error: ConversationError) -> Self {
        match error {
            ConversationError::NotFound => Self::new(
                StatusCode::NOT_FOUND,
                "CONVERSATION_NOT_FOUND",
                "the user has no conversation with this id",
                "This conversation doesn't exist any more.",
                &["Start a new conversation."],
            ),
            ConversationError::TooLong(error) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "CONTEXT_TOO_LONG",
                format!("message: longer than the model reads: {error}"),
                "The message is too long for the assistant.",
                &["Shorten the message."],
            ),
            ConversationError::Data(error) => error.into(),
        }
    }
}

impl From<DataError> for ApiError {
    fn from(error: DataError) -> Self {
        let (status, code, user, actions): (_, _, _, &[&str]) = match &error {
            DataError::Unauthorized(_) => return AuthError::InvalidToken("the data service refuses it").into(),
            DataError::NotFound => return ConversationError::NotFound.into(),
            DataError::LimitExceeded(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RESPONSE_TOO_LARGE",
                "That is too much to load at once.",
                &["Ask for less at once."],
            ),
            DataError::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "SERVICE_UNAVAILABLE",
                "Your conversations can't be reached right now.",
                &["Try again in a moment."],
            ),
            DataError::Denied(_) | DataError::Invalid { .. } | DataError::Conflict(_) | DataError::Other(_) => {
                return Failure::internal(&error.to_string()).into();
            }
        };
        Self::new(status, code, error.to_string(), user, actions)
    }
}

impl From<Failure> for ErrorBody {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            user_message: failure.user_message,
            suggested_actions: failure.suggested_actions,
            retryable: failure.retryable,
            request_id: None,
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let status = match failure.code {
            "INTERNAL_ERROR" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, body: Box::new(failure.into()), retry_after_s: None }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let (status, user, actions): (_, _, &[&str]) = match error {
            AuthError::UserMismatch => {
                (StatusCode::FORBIDDEN, "You are signed in as somebody else.", &["Sign in again."])
            }
            AuthError::Configuration(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The assistant isn't set up correctly.",
                &["Tell your administrator that sign-in is not configured."],
            ),
            AuthError::Unavailable(_) => {
                let user = "Your sign-in can't be checked right now.";
                let message = error.to_string();
                let actions = ["Try again in a few seconds."];
                let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), message, user, &actions);
                return Self { retry_after_s: Some(2), ..error };
            }
            AuthError::ExpiredToken => (StatusCode::UNAUTHORIZED, "Your session has ended.", &["Sign in again."]),
            AuthError::MissingToken | AuthError::MalformedToken(_) | AuthError::InvalidToken(_) => {
                (StatusCode::UNAUTHORIZED, "You need to sign in first.", &["Sign in again."])
            }
        };
        let mut error = Self::new(status, error.code(), error.to_string(), user, actions);
        error.body.retryable = false;
        error
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, headers, answer) = (self.status(), self.headers(), self.into_answer());
        let mut response = (status, headers, Json(&answer)).into_response();
        response.extensions_mut().insert(answer);
        response
    }
}

/// Puts the id of its request into an answer that is an error.
pub(super) fn name_request(response: &mut Response, id: &str) {
    let Some(mut answer) = response.extensions_mut().remove::<ErrorAnswer>() else { return };
    answer.error.request_id = Some(id.to_owned());
    let answer = serde_json::to_string(&answer).expect("an error holds only strings and booleans");
    *response.body_mut() = Body::from(answer);
}

impl From<ApiError> for Response<axum::body::Body> {
    fn from(error: ApiError) -> Self {
        error.into_response()
    }
}
