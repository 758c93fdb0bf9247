//! `/api/admin/turns`: the turns that run, and stopping one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::app::App;
use crate::capability::llm::usage::Usage;
use crate::http::error::ApiError;
use crate::http::extract::Id;
use crate::supervisor::RunningTurn;

/// All turns that run, the oldest first.
#[derive(Serialize)]
pub(crate) struct TurnList {
    turns: Vec<TurnView>,
}

/// A turn that runs.
#[derive(Serialize)]
pub(crate) struct TurnView {
    id: Uuid,
    /// Stands for the user, as in the log.
    user: Arc<str>,
    /// The agents that were asked so far; none while the supervisor chooses or answers itself.
    agents: Vec<Arc<str>>,
    conversation_id: Option<Uuid>,
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

/// `GET /api/admin/turns`
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<TurnList> {
    let turns = app.supervisor.turns().all().iter().map(|turn| TurnView::from(&**turn)).collect();
    Json(TurnList { turns })
}

/// `DELETE /api/admin/turns/{id}`: stops it, and answers with what it was. Its stream ends with an error that says so. A
/// write that is under way finishes.
pub(crate) async fn stop(State(app): State<Arc<App>>, Id(id): Id) -> Result<Json<TurnView>, ApiError> {
    let turn = app.supervisor.turns().stop(id).ok_or_else(ApiError::no_such_turn)?;
    Ok(Json(TurnView::from(&*turn)))
}
