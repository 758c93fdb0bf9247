//! `/api/admin/audit`: what operators look back on.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::audit::{Denial, Entry, Event, Filter, Kind, Write};
use crate::http::document::examples;
use crate::http::document::refusals::{self, Operator, Refusals};
use crate::http::error::ApiError;
use crate::http::extract::Parameters;
use crate::telemetry::user_tag;

/// Events, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(AuditList::example()))]
pub(crate) struct AuditList {
    events: Vec<Entry>,
}

/// Which events.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, whose values are read one by one with their errors")]
pub(crate) struct AuditQuery {
    /// `denial`, `write`, `admin` or `limit`.
    #[param(nullable = false, pattern = "^(denial|write|admin|limit)$")]
    kind: Option<String>,
    /// Of one plugin.
    #[param(nullable = false)]
    plugin: Option<String>,
    /// Of one user, by the tag that logs have.
    #[param(nullable = false)]
    user: Option<String>,
    /// Not before this time.
    #[param(nullable = false)]
    since: Option<DateTime<Utc>>,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 1000, default = 100)]
    limit: u32,
}

/// Lists the newest audit events of this process, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/audit",
    operation_id = "list_audit",
    tag = "operators",
    params(AuditQuery),
    responses((status = 200, description = "The events.", body = AuditList), Refusals<(Operator, refusals::Parameters)>),
    security(("admin_key" = [])),
)]
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

impl AuditList {
    fn example() -> Self {
        let user = user_tag(uuid::Uuid::nil());
        let denial = Denial {
            event: "grant.denied",
            plugin: "reviews".into(),
            user: user.clone(),
            table: Some("invoices".to_owned()),
            verb: Some("select"),
            column: Some("total_amount".to_owned()),
            message: r#"plugin "reviews" was not granted to select column "total_amount" of table "invoices": add "#
                .to_owned()
                + r#""total_amount" to `select` under [reviews.tables.invoices] in grants.toml"#,
        };
        let write = Write {
            plugin: "invoices".into(),
            user,
            table: "invoices".to_owned(),
            verb: "update",
            rows: 1,
            outcome: "written",
        };
        let entry = |id, at, event| Entry { id, at: examples::at(at), event };
        Self { events: vec![entry(18, 931, Event::Denial(denial)), entry(17, 420, Event::Write(write))] }
    }
}
