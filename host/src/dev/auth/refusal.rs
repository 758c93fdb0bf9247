//! What Supabase Auth says when it doesn't do what was asked.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::AuthError;

const ERROR_CODE: HeaderName = HeaderName::from_static("x-sb-error-code");
const API_VERSION: HeaderName = HeaderName::from_static("x-supabase-api-version");
/// The version since which an error's code is in `code`. Versions are dates.
const CODES_IN_CODE: &str = "2024-01-01";

/// An answer that isn't 2xx.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn invalid_credentials() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_credentials", "Invalid login credentials")
    }

    pub(super) fn email_not_confirmed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "email_not_confirmed", "Email not confirmed")
    }

    pub(super) fn banned() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "user_banned", "User is banned")
    }

    pub(super) fn refresh_token_not_found() -> Self {
        let message = "Invalid Refresh Token: Refresh Token Not Found";
        Self::new(StatusCode::BAD_REQUEST, "refresh_token_not_found", message)
    }

    pub(super) fn refresh_token_already_used() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    }

    pub(super) fn unsupported_grant() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_credentials", "unsupported_grant_type")
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_failed", message)
    }

    pub(super) fn bad_json(why: &str) -> Self {
        let message = format!("Could not parse request body as JSON: {why}");
        Self::new(StatusCode::BAD_REQUEST, "bad_json", message)
    }

    pub(super) fn no_token() -> Self {
        let message = "This endpoint requires a valid Bearer token";
        Self::new(StatusCode::UNAUTHORIZED, "no_authorization", message)
    }

    pub(super) fn bad_token(error: &AuthError) -> Self {
        let message = format!("invalid JWT: unable to parse or verify signature, {error}");
        Self::new(StatusCode::FORBIDDEN, "bad_jwt", message)
    }

    pub(super) fn session_not_found() -> Self {
        let message = "Session from session_id claim in JWT does not exist";
        Self::new(StatusCode::FORBIDDEN, "session_not_found", message)
    }

    pub(super) fn user_not_found() -> Self {
        Self::new(StatusCode::FORBIDDEN, "user_not_found", "User from sub claim in JWT does not exist")
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "The local Supabase Auth doesn't have this endpoint")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "not_found", "This endpoint doesn't take that method")
    }

    /// The cause goes into the log.
    pub(super) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("the local Supabase Auth failed: {cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected_failure",
            "Unexpected failure, please check server logs",
        )
    }

    /// In the older form, with itself attached for [`in_the_form_asked_for`].
    pub(super) fn response(self) -> Response {
        let body = json!({ "code": self.status.as_u16(), "error_code": self.code, "msg": self.message });
        let mut response = (self.status, [(ERROR_CODE, self.code)], Json(body)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        // The server's own words can quote values.
        match error.code() {
            Some(code) => Self::internal(&format!("the database says {}", code.code())),
            None => Self::internal(&error),
        }
    }
}

/// Clients that name a version of the API get the error body of that version.
pub(super) async fn in_the_form_asked_for(request: Request, next: Next) -> Response {
    let version = request.headers().get(API_VERSION).and_then(|version| version.to_str().ok());
    let is_new = version.is_some_and(|version| version >= CODES_IN_CODE);
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<Refusal>().filter(|_| is_new) else { return response };
    let body = json!({ "code": refusal.code, "message": refusal.message });
    let mut response = (refusal.status, [(ERROR_CODE, refusal.code)], Json(body)).into_response();
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static(CODES_IN_CODE));
    response
}
