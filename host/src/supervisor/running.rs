//! The turns that run, for operators to see and to stop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::turn::Question;
use crate::capability::llm::usage::{Ledger, Usage};

/// All turns of the process. There are as many as are admitted, so this is bounded.
#[derive(Clone, Default)]
pub struct RunningTurns(Arc<Mutex<HashMap<Uuid, Arc<RunningTurn>>>>);

/// One of them.
pub struct RunningTurn {
    /// Names it here.
    pub id: Uuid,
    /// The request that asked.
    pub request_id: Arc<str>,
    /// Stands for the user.
    pub user_tag: Arc<str>,
    /// The conversation it belongs to, if one is kept.
    pub conversation: Option<Uuid>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    started: Instant,
    ledger: Arc<Ledger>,
    agents: Mutex<Vec<Arc<str>>>,
    stop: CancellationToken,
}

impl RunningTurns {
    /// Begins a turn. It is on the list until what comes back is dropped.
    pub(super) fn begin(&self, question: &Question) -> OnTheList {
        let turn = Arc::new(RunningTurn {
            id: Uuid::new_v4(),
            request_id: question.request_id.clone(),
            user_tag: question.user_tag.clone(),
            conversation: question.conversation,
            started_at: Utc::now(),
            started: Instant::now(),
            ledger: Arc::clone(question.account.ledger()),
            agents: Mutex::default(),
            stop: CancellationToken::new(),
        });
        self.lock().insert(turn.id, Arc::clone(&turn));
        OnTheList { turn, turns: self.clone() }
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> Vec<Arc<RunningTurn>> {
        let mut turns: Vec<_> = self.lock().values().cloned().collect();
        turns.sort_by_key(|turn| turn.started);
        turns
    }

    /// Stops one, if it still runs.
    pub fn stop(&self, id: Uuid) -> Option<Arc<RunningTurn>> {
        let turn = self.lock().get(&id).cloned()?;
        turn.stop.cancel();
        Some(turn)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<RunningTurn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningTurn {
    /// How long it runs.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// What its model calls used, of those that are over.
    pub fn usage(&self) -> Usage {
        self.ledger.usage()
    }

    /// The agents that were asked so far.
    pub fn agents(&self) -> Vec<Arc<str>> {
        self.lock_agents().clone()
    }

    fn lock_agents(&self) -> MutexGuard<'_, Vec<Arc<str>>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn that runs, until it is dropped.
pub(super) struct OnTheList {
    turn: Arc<RunningTurn>,
    turns: RunningTurns,
}

impl OnTheList {
    /// Over when an operator stops it.
    pub(super) async fn stopped(&self) {
        self.turn.stop.cancelled().await;
    }

    /// An agent is asked.
    pub(super) fn asks(&self, agent: &Arc<str>) {
        let mut agents = self.turn.lock_agents();
        if !agents.contains(agent) {
            agents.push(Arc::clone(agent));
        }
    }
}

impl Drop for OnTheList {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.turn.id);
    }
}
