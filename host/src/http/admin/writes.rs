//! `/api/admin/writes`: the kill switch for all that plugins write.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;

/// Where the switch stands.
#[derive(Serialize)]
pub(crate) struct Writes {
    /// `allowed` or `stopped`.
    state: &'static str,
    stopped_at: Option<DateTime<Utc>>,
}

/// `GET /api/admin/writes`
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Writes> {
    let stopped_at = app.write_switch().stopped_at();
    Json(Writes { state: if stopped_at.is_some() { "stopped" } else { "allowed" }, stopped_at })
}

/// `POST /api/admin/writes/stop`: no plugin changes anything from now on. Writes that have left the host finish.
/// Conversations are kept all the same.
pub(crate) async fn stop(app: State<Arc<App>>) -> Json<Writes> {
    app.write_switch().stop();
    show(app).await
}

/// `POST /api/admin/writes/allow`
pub(crate) async fn allow(app: State<Arc<App>>) -> Json<Writes> {
    app.write_switch().allow();
    show(app).await
}
