//! Who calls: the user, once a handler knows whom the request names, and within the user's limits.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
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

/// What a request says of who sent it.
pub(super) struct Caller {
    authorization: Vec<HeaderValue>,
    levels: Levels,
    /// The request's id.
    pub(super) request_id: Arc<str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let RequestId(request_id) = RequestId::from_request_parts(parts, state).await?;
        Ok(Self {
            authorization: parts.headers.get_all(header::AUTHORIZATION).iter().cloned().collect(),
            levels: parts.extensions.get().cloned().unwrap_or_default(),
            request_id,
        })
    }
}

impl Caller {
    /// The user. `claimed` is whom the body or the query names.
    pub(super) async fn user(&self, app: &App, claimed: Option<Uuid>) -> Result<User, ApiError> {
        let user = app.authenticator.authenticate(&self.authorization, claimed).await?;
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
