//! `GET /` and `GET /health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::app::App;

/// What this service is and where to go from here.
pub(super) async fn index() -> Json<Value> {
    Json(json!({
        "service": "canvalo",
        "version": env!("CARGO_PKG_VERSION"),
        "links": { "health": "/health", "chat": "/api/chat/stream", "conversations": "/api/conversations" },
    }))
}

/// Whether it works. Always 200: a load balancer must not take a server out because a dependency is down.
pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Value> {
    let problems = app.problems().await;
    Json(json!({
        "status": if problems.is_empty() { "healthy" } else { "degraded" },
        "supabase_configured": app.config.supabase.is_some(),
        "bedrock_model": app.config.llm.model_id,
        "environment": app.config.stage.as_str(),
        "agents_available": app.supervisor.registry().plugins().len(),
        "llm": app.supervisor.services().model.id(),
        "version": env!("CARGO_PKG_VERSION"),
        "problems": problems,
    }))
}
