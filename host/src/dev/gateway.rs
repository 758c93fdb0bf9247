//! What stands in front of a Supabase project: one address for its services, the check of the key, and the headers that
//! let a browser ask from anywhere.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use postrust_server::lenient_uri::LenientListener;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::auth;
use super::rest::Rest;

const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// A running gateway.
pub(super) struct Gateway {
    task: JoinHandle<()>,
    shutdown: DropGuard,
}

/// Opens the port told, else the last one if it is free, else any.
pub(super) async fn listen(told: Option<u16>, last: Option<u16>) -> Result<TcpListener> {
    if let Some(port) = told {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("can't use port {port} for the local Supabase"));
    }
    if let Some(port) = last
        && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
    {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free for the local Supabase")
}

impl Gateway {
    /// Serves the database at `/rest/v1` and sign-in at `/auth/v1`.
    pub(super) fn serve(listener: TcpListener, rest: Rest, auth: Router, publishable_key: &str) -> Self {
        let key = SecretString::from(publishable_key);
        let router = Router::new()
            .nest_service("/rest/v1", rest.router)
            .nest("/auth/v1", auth)
            .layer(middleware::from_fn_with_state(key, check_key))
            .layer(middleware::from_fn(allow_any_origin));
        let shutdown = CancellationToken::new();
        let ended = shutdown.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let served = axum::serve(LenientListener(listener), router).with_graceful_shutdown(ended).await;
            if let Err(error) = served {
                tracing::error!(error = %error, "the local Supabase's gateway ended");
            }
            rest.close.await;
        });
        Self { task, shutdown: shutdown.drop_guard() }
    }

    /// Finishes the requests that are being answered, for a moment, and closes.
    pub(super) async fn stop(self) {
        drop(self.shutdown);
        let abort = self.task.abort_handle();
        if tokio::time::timeout(Duration::from_secs(2), self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// What Supabase's gateway does with keys: a request needs the publishable key as `apikey`, unless it is for the public
/// keys. Clients without a user send it as a bearer token as well, which counts as none.
async fn check_key(Shared(key): Shared<SecretString>, mut request: Request, next: Next) -> Response {
    let is_open = request.uri().path() == auth::KEYS_PATH;
    if is_open || request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let key = key.expose_secret().as_bytes();
    let headers = request.headers();
    match headers.get(API_KEY) {
        Some(sent) if bool::from(sent.as_bytes().ct_eq(key)) => {}
        Some(_) => {
            return refused("Invalid API key", "Double check the publishable key in SUPABASE_PUB_KEY.");
        }
        None => return refused("No API key found in request", "No `apikey` request header was found."),
    }
    if bearer(headers).is_some_and(|token| bool::from(token.ct_eq(key))) {
        request.headers_mut().remove(header::AUTHORIZATION);
    }
    next.run(request).await
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    headers.get(header::AUTHORIZATION)?.as_bytes().strip_prefix(b"Bearer ")
}

fn refused(message: &str, hint: &str) -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "message": message, "hint": hint }))).into_response()
}

/// Answers what a browser asks before a request of another origin, and lets it read the answer to that. A `*` would not
/// allow `Authorization`, so the headers asked for are the ones allowed.
async fn allow_any_origin(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD).is_some();
    let mut response = match asked && request.method() == Method::OPTIONS {
        true => preflight(request.headers()),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    response
}

fn preflight(request: &HeaderMap) -> Response {
    let methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS";
    let answer = [(header::ACCESS_CONTROL_ALLOW_METHODS, methods), (header::ACCESS_CONTROL_MAX_AGE, "3600")];
    let mut response = (StatusCode::OK, answer).into_response();
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}
