//! `/api/admin/turns`: the turns that run, and stopping one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::capability::llm::usage::Usage;
use crate::http::document::examples;
use crate::http::document::refusals::{OneTurn, Operator, Parameters, Refusals};
use crate::http::error::ApiError;
use crate::http::extract::Id;
use crate::supervisor::RunningTurn;
use crate::telemetry::user_tag;

/// All turns that run, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(TurnList::example()))]
pub(crate) struct TurnList {
    turns: Vec<TurnView>,
}

/// A turn that runs.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(TurnView::example()))]
pub(crate) struct TurnView {
    id: Uuid,
    /// Stands for the user, as in the log.
    #[schema(value_type = String)]
    user: Arc<str>,
    /// The agents that were asked so far; none while the supervisor chooses or answers itself.
    #[schema(value_type = Vec<String>)]
    agents: Vec<Arc<str>>,
    #[schema(required = true)]
    conversation_id: Option<Uuid>,
    #[schema(value_type = String)]
    request_id: Arc<str>,
    started_at: DateTime<Utc>,
    age_ms: u64,
    /// What its model calls used, of those that are over.
    usage: Usage,
}

impl From<&RunningTurn> for TurnView {
    fn from(turn: &RunningTurn) -> Self {
        Self {
            id: turn.id,
            user: Arc::clone(&turn.user_tag),
            agents: turn.agents(),
            conversation_id: turn.conversation,
            request_id: Arc::clone(&turn.request_id),
            started_at: turn.started_at,
            age_ms: u64::try_from(turn.age().as_millis()).unwrap_or(u64::MAX),
            usage: turn.usage(),
        }
    }
}

/// Lists the turns that run, the oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/turns",
    operation_id = "list_turns",
    tag = "operators",
    responses((status = 200, description = "All of them.", body = TurnList), Refusals<(Operator,)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<TurnList> {
    let turns = app.supervisor.turns().all().iter().map(|turn| TurnView::from(&**turn)).collect();
    Json(TurnList { turns })
}

/// Stops a turn, and answers with what it was.
///
/// Its stream ends with an error that says so. A write that is under way finishes.
#[utoipa::path(
    delete,
    path = "/api/admin/turns/{id}",
    operation_id = "stop_turn",
    tag = "operators",
    params(("id" = Uuid, Path, description = "The turn.")),
    responses((status = 200, description = "What it was.", body = TurnView), Refusals<(Operator, Parameters, OneTurn)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn stop(State(app): State<Arc<App>>, Id(id): Id) -> Result<Json<TurnView>, ApiError> {
    let turn = app.supervisor.turns().stop(id).ok_or_else(ApiError::no_such_turn)?;
    Ok(Json(TurnView::from(&*turn)))
}

impl TurnList {
    fn example() -> Self {
        Self { turns: vec![TurnView::example()] }
    }
}

impl TurnView {
    fn example() -> Self {
        Self {
            id: examples::id(0x31),
            user: user_tag(Uuid::nil()),
            agents: vec!["invoices".into()],
            conversation_id: Some(examples::id(0x11)),
            request_id: examples::id(0x41).to_string().into(),
            started_at: examples::at(4),
            age_ms: 912,
            usage: examples::usage(),
        }
    }
}
