//! Who calls: the user, once a handler knows whom the request names, and within the user's limits.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use super::error::ApiError;
use super::limits::Levels;
use super::request_id::RequestId;
use super::trace;
use crate::app::App;
use crate::audit::{Event, LimitReached};
use crate::auth::User;
use crate::telemetry;
use crate::throttle::Place;

/// Who sent a request, as far as its headers say. A token is checked before anything else of the request is read.
pub(super) struct Caller {
    signed_in: Option<User>,
    levels: Levels,
    /// The request's id.
    pub(super) request_id: Arc<str>,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let Ok(RequestId(request_id)) = RequestId::from_request_parts(parts, app).await;
        let signed_in = app.authenticator.signed_in(parts.headers.get_all(header::AUTHORIZATION)).await?;
        Ok(Self { signed_in, levels: parts.extensions.get().cloned().unwrap_or_default(), request_id })
    }
}

impl Caller {
    /// The user. `claimed` is whom the body or the query names.
    pub(super) fn user(&self, app: &App, claimed: Option<Uuid>) -> Result<User, ApiError> {
        let user = app.authenticator.user(self.signed_in.clone(), claimed)?;
        let tag = telemetry::user_tag(user.id);
        trace::user_is(&tag);
        let reached = |limit| LimitReached { limit, user: Some(tag), address: None };
        self.levels.take(app, &app.throttle.user, &user.id, reached)?;
        Ok(user)
    }

    /// A place for one more turn of a user.
    pub(super) fn place(&self, app: &App, user: &User) -> Result<Place, ApiError> {
        let turns = &app.throttle.turns;
        turns.enter(user.id).ok_or_else(|| {
            let user = Some(telemetry::user_tag(user.id));
            app.audit().record(Event::Limit(LimitReached { limit: "turns", user, address: None }));
            ApiError::too_many_turns(turns.most())
        })
    }
}
