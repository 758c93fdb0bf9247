//! The REST server: a PostgREST-compatible one from the registry, under the path and behind the key check that Supabase's
//! gateway has.

mod likeness;

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use postrust_core::AppConfig;
use postrust_server::lenient_uri::LenientListener;
use postrust_server::{Builder, Host};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::likeness::{Scales, answer_like_postgrest, name_types};
use super::home::State;

const API_KEY: HeaderName = HeaderName::from_static("apikey");
/// Each connection is a process of the database server. Requests beyond this wait for a free one.
const CONNECTIONS: u32 = 6;
/// Supabase's default.
const MAX_ROWS: i64 = 1000;

/// A running REST server.
pub(super) struct Rest {
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

impl Rest {
    /// Connects to the database as `authenticator` and serves `/rest/v1/`.
    pub(super) async fn serve(
        listener: TcpListener,
        client: &tokio_postgres::Client,
        database_port: u16,
        authenticator_password: &str,
        state: &State,
    ) -> Result<Self> {
        let mut config = AppConfig::default();
        config.db_uri = format!(
            "postgresql://authenticator:{authenticator_password}@127.0.0.1:{database_port}/postgres?sslmode=disable"
        );
        config.db_schemas = vec!["api".to_owned()];
        config.db_extra_search_path = vec!["extensions".to_owned()];
        config.db_anon_role = Some("anon".to_owned());
        config.db_pool_size = CONNECTIONS;
        config.db_max_rows = Some(MAX_ROWS);
        config.db_aggregates_enabled = false;
        config.jwt_secret = Some(state.jwt_secret.clone());
        config.jwt_aud = Some("authenticated".to_owned());
        config.compat_mode = true;
        let app = Builder::new(config, Host::SERVER).build().await.context("the local REST server does not start")?;
        name_types(&mut *app.state.schema_cache.write().await);

        let scales = Scales::load(client).await?;
        let rest = app.router.layer(middleware::from_fn_with_state(scales, answer_like_postgrest));
        let pool = app.state.clone();
        let key = SecretString::from(state.publishable_key.clone());
        let router = Router::new().nest_service("/rest/v1", rest).layer(middleware::from_fn_with_state(key, check_key));
        let shutdown = CancellationToken::new();
        let ended = shutdown.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let served = axum::serve(LenientListener(listener), router).with_graceful_shutdown(ended).await;
            if let Err(error) = served {
                tracing::error!(error = %error, "the local REST server ended");
            }
            pool.pool.close().await;
        });
        Ok(Self { task, shutdown: shutdown.drop_guard() })
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

/// What Supabase's gateway does with keys: a request needs the publishable key as `apikey`. Clients without a user send
/// it as a bearer token as well, which counts as none.
async fn check_key(Shared(key): Shared<SecretString>, mut request: Request, next: Next) -> Response {
    // A browser's preflight request carries no headers of the application.
    if request.method() == axum::http::Method::OPTIONS {
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
    let body = Json(json!({ "message": message, "hint": hint }));
    (StatusCode::UNAUTHORIZED, [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], body).into_response()
}
