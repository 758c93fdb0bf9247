//! `/api/admin/audit`: what operators look back on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::audit::{Entry, Filter, Kind};
use crate::http::error::ApiError;
use crate::http::extract::Parameters;

/// Events, the newest first.
#[derive(Serialize)]
pub(crate) struct AuditList {
    events: Vec<Entry>,
}

/// `GET /api/admin/audit?kind=&plugin=&user=&since=&limit=`: the newest events of this process.
pub(crate) async fn list(State(app): State<Arc<App>>, parameters: Parameters) -> Result<Json<AuditList>, ApiError> {
    let filter = Filter {
        kind: parameters.text("kind").map(kind).transpose()?,
        plugin: parameters.text("plugin").map(str::to_owned),
        user: parameters.text("user").map(str::to_owned),
        since: parameters.text("since").map(time).transpose()?,
    };
    let limit = parameters.number("limit", 1..=1_000, 100)?;
    Ok(Json(AuditList { events: app.audit().newest(&filter, limit as usize) }))
}

fn kind(name: &str) -> Result<Kind, ApiError> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
    kind.ok_or_else(|| ApiError::invalid_parameter("kind: must be denial, write, admin or limit"))
}

fn time(text: &str) -> Result<DateTime<Utc>, ApiError> {
    // In a query a + that nobody escaped is a space.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    let wrong = |_| ApiError::invalid_parameter("since: must be a time like 2026-11-25T09:30:00Z");
    Ok(time.map_err(wrong)?.to_utc())
}
