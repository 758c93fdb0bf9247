//! A Supabase project that publishes keys, answers every question about rows with none, and counts those questions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::forgery::Project;

pub(super) struct FakeProject {
    /// `SUPABASE_URL`.
    pub(super) url: String,
    /// What it signs.
    pub(super) tokens: Project,
    shared: Arc<Shared>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<Value>,
    is_down: AtomicBool,
    calls: AtomicUsize,
}

impl FakeProject {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let user = uuid::Uuid::new_v4().to_string();
        let now = jsonwebtoken::get_current_timestamp();
        let tokens = Project::new(&format!("{url}/auth/v1"), &user, now);
        let shared = Arc::new(Shared { keys: Mutex::new(tokens.key_set()), ..Shared::default() });
        let router = Router::new()
            .route("/auth/v1/.well-known/jwks.json", get(published))
            .fallback(rows)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, tokens, shared, _task: AbortOnDropHandle::new(task) }
    }

    /// From now on it publishes these keys.
    pub(super) fn publish(&self, keys: Value) {
        *self.shared.keys.lock().unwrap() = keys;
    }

    /// Whether it answers with errors.
    pub(super) fn down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::SeqCst);
    }

    /// How often it was asked about rows.
    pub(super) fn calls(&self) -> usize {
        self.shared.calls.load(Ordering::SeqCst)
    }
}

async fn published(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    match shared.is_down.load(Ordering::SeqCst) {
        true => Err(StatusCode::BAD_GATEWAY),
        false => Ok(Json(shared.keys.lock().unwrap().clone())),
    }
}

async fn rows(State(shared): State<Arc<Shared>>, request: axum::extract::Request) -> impl IntoResponse {
    // The health check asks without a user.
    if request.headers().contains_key("authorization") {
        shared.calls.fetch_add(1, Ordering::SeqCst);
    }
    ([("content-range", "*/0")], Json(json!([])))
}
