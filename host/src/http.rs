//! The HTTP API: every route in one list.

mod admin;
mod caller;
mod chat;
mod client_address;
pub mod coalesce;
mod conversations;
mod document;
pub mod error;
mod extract;
mod limits;
mod metrics;
mod pages;
mod request_id;
mod server;
mod service;
pub mod stream;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::config::CorsOrigins;
use error::ApiError;

/// The largest body: a message of 32,000 characters and a long history fit many times.
const BODY_BYTES: usize = 1024 * 1024;

/// How long the ends of turns may take to reach their readers. Who reads nothing would hold the server up for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a browser need not ask again whether a page may call.
const PREFLIGHT_STANDS: Duration = Duration::from_secs(600);

/// The routes of the service. Each of them is in the [`document`] too.
fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(service::index))
        .route("/health", get(service::health))
        .route("/metrics", get(metrics::show))
        .route("/api/chat/stream", post(chat::stream))
        .route("/api/conversations", get(conversations::list).post(conversations::create))
        .route("/api/conversations/{id}", get(conversations::show).delete(conversations::delete))
        .route("/openapi.json", get(pages::document))
        .route("/docs", get(pages::swagger_ui))
        .route("/docs/{file}", get(pages::swagger_ui_file))
        .route("/redoc", get(pages::redoc))
        .route("/redoc/{file}", get(pages::redoc_file))
}

/// The service.
pub fn router(app: Arc<App>) -> Router {
    let admin = operator_routes().route_layer(from_fn_with_state(Arc::clone(&app), admin::guard));
    let router = routes()
        .merge(admin)
        .fallback(|| async { ApiError::not_found() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() });
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&app), limits::limit_address))
        .layer(CatchPanicLayer::custom(|_| ApiError::panicked().into()))
        .layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ))
        .layer(cors(&app.config.cors))
        // Around all of that, so that nothing goes unseen.
        .layer(from_fn(trace::follow))
        .layer(from_fn(request_id::identify))
        .with_state(app)
}

/// The routes of operators, behind a guard. Each of them is in the [`document`] too.
fn operator_routes() -> Router<Arc<App>> {
    use admin::{audit, plugins, turns, writes};
    Router::new()
        .route("/api/admin/plugins", get(plugins::list))
        .route("/api/admin/plugins/{name}", get(plugins::show))
        .route("/api/admin/plugins/{name}/enable", post(plugins::enable))
        .route("/api/admin/plugins/{name}/disable", post(plugins::disable))
        .route("/api/admin/plugins/{name}/kill", post(plugins::kill))
        .route("/api/admin/plugins/{name}/reload", post(plugins::reload))
        .route("/api/admin/turns", get(turns::list))
        .route("/api/admin/turns/{id}", delete(turns::stop))
        .route("/api/admin/writes", get(writes::show))
        .route("/api/admin/writes/stop", post(writes::stop))
        .route("/api/admin/writes/allow", post(writes::allow))
        .route("/api/admin/audit", get(audit::list))
}

/// Serves until the app is told to stop, and then until the turns that run have ended, for as long as they may.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::io::Result<()> {
    let shutdown = app.shutdown.clone();
    let overdue = async {
        stream::drained(shutdown.clone()).await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = server::serve(listener, router(app), shutdown.clone()) => Ok(()),
        () = overdue => {
            tracing::warn!("stopped with connections open: their clients don't read, or don't send");
            Ok(())
        }
    }
}

/// In development a frontend is served from wherever its tools serve it. No cookies are involved, so this gives away
/// nothing that a token doesn't already guard.
fn cors(origins: &CorsOrigins) -> CorsLayer {
    let origins = match origins {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::Only(origins) => AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok())),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, request_id::REQUEST_ID])
        .expose_headers([header::RETRY_AFTER, request_id::REQUEST_ID, limits::RATE_LIMIT, limits::RATE_LIMIT_POLICY])
        .max_age(PREFLIGHT_STANDS)
}
