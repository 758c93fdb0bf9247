//! The HTTP API: every route in one list.

mod chat;
mod conversations;
mod document;
pub mod error;
mod extract;
mod pages;
mod service;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;
use crate::config::Stage;
use error::ApiError;

/// The largest body: a message of 32,000 characters and a long history fit many times.
const BODY_BYTES: usize = 1024 * 1024;

/// How long the ends of turns may take to reach their readers. Who reads nothing would hold the server up for ever.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The routes of the service. Each of them is in the [`document`] too.
fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(service::index))
        .route("/health", get(service::health))
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
    let router = routes()
        .fallback(|| async { ApiError::not_found() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() });
    let router = if app.config.stage == Stage::Development { router.layer(any_origin()) } else { router };
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(|_| ApiError::panicked().into()))
        .layer(SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ))
        .with_state(app)
}

/// Serves until the app is told to stop, and then until the turns that run have ended, for as long as they may.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::io::Result<()> {
    let shutdown = app.shutdown.clone();
    let overdue = async {
        stream::drained(shutdown.clone()).await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        served = server.into_future() => served,
        () = overdue => {
            tracing::warn!("stopped with connections open: their clients don't read, or don't send");
            Ok(())
        }
    }
}

/// In development a frontend is served from wherever its tools serve it. No cookies are involved, so this gives away
/// nothing that a token doesn't already guard.
fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
}
