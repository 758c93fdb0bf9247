//! `/api/admin`: what operators see and do. Every call needs `Authorization: Bearer <ADMIN_API_KEY>`, and is an audit
//! event.
//!
//! What is changed here is changed in this process: other instances of the host have to be told too, and a restart forgets
//! it.

pub(super) mod audit;
pub(super) mod plugins;
pub(super) mod turns;
pub(super) mod writes;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::client_address::ClientAddress;
use super::error::ApiError;
use super::limits::Levels;
use super::request_id::RequestId;
use crate::app::App;
use crate::audit::{AdminCall, Event};

/// Lets operators through, and records who did what.
pub(super) async fn guard(
    State(app): State<Arc<App>>,
    RequestId(request_id): RequestId,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Extension(levels): Extension<Levels>,
    request: Request,
    next: Next,
) -> Response {
    let Some(admin_key) = &app.admin_key else { return ApiError::admin_not_configured().into_response() };
    let key = admin_key.check(request.headers().get_all(header::AUTHORIZATION));
    let buckets = if key.is_some() { &app.throttle.admin } else { &app.throttle.admin_failures };
    if let Err(error) = levels.take_for_address(&app, buckets, address) {
        return error.into_response();
    }
    let call = call(&request, key.is_some());
    let recorded = move |app: &App, key, response: Response| {
        let status = response.status().as_u16();
        app.audit().record(Event::Admin(AdminCall { address, key, call, status, request_id }));
        response
    };
    if key.is_none() {
        let is_missing = !request.headers().contains_key(header::AUTHORIZATION);
        return recorded(&app, None, ApiError::admin_key_refused(is_missing).into_response());
    }
    // In a task of its own: what an operator began is done, and recorded, even when the connection breaks.
    let (done, app) = (next.run(request), Arc::clone(&app));
    let task = tokio::spawn(async move { recorded(&app, key, done.await) }.in_current_span());
    task.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => ApiError::panicked().into_response(),
    })
}

/// What is called. Whoever has no key could write anything into a path, so of them only the route is told.
fn call(request: &Request, has_key: bool) -> String {
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let path = if has_key { request.uri().path() } else { route };
    let path: String = path.chars().take(200).collect();
    format!("{method} {path}")
}
