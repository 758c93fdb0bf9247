//! `/api/admin/writes`: the kill switch for all that plugins write.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::document::examples;
use crate::http::document::refusals::{Operator, Refusals};

/// Where the switch stands.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(Writes::stopped(examples::at(0))))]
pub(crate) struct Writes {
    /// `allowed` or `stopped`.
    state: &'static str,
    #[schema(required = true)]
    stopped_at: Option<DateTime<Utc>>,
}

impl Writes {
    fn allowed() -> Self {
        Self { state: "allowed", stopped_at: None }
    }

    fn stopped(at: DateTime<Utc>) -> Self {
        Self { state: "stopped", stopped_at: Some(at) }
    }
}

/// Says whether plugins may write.
#[utoipa::path(
    get,
    path = "/api/admin/writes",
    operation_id = "show_writes",
    tag = "operators",
    responses((status = 200, description = "Where the switch stands.", body = Writes), Refusals<(Operator,)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn show(State(app): State<Arc<App>>) -> Json<Writes> {
    Json(app.write_switch().stopped_at().map_or_else(Writes::allowed, Writes::stopped))
}

/// Stops all that plugins write.
///
/// No plugin changes anything from now on. Writes that have left the host finish. Conversations are kept all the same.
#[utoipa::path(
    post,
    path = "/api/admin/writes/stop",
    operation_id = "stop_writes",
    tag = "operators",
    responses((status = 200, description = "Where the switch stands.", body = Writes), Refusals<(Operator,)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn stop(app: State<Arc<App>>) -> Json<Writes> {
    app.write_switch().stop();
    show(app).await
}

/// Lets plugins write again.
#[utoipa::path(
    post,
    path = "/api/admin/writes/allow",
    operation_id = "allow_writes",
    tag = "operators",
    responses((status = 200, description = "Where the switch stands.", body = Writes), Refusals<(Operator,)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn allow(app: State<Arc<App>>) -> Json<Writes> {
    app.write_switch().allow();
    show(app).await
}
