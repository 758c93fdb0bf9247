//! Turns of one user at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Counts the turns of each user. What is kept is bounded by the turns that run.
#[derive(Clone)]
pub struct TurnsPerUser {
    most: u32,
    running: Arc<Mutex<HashMap<Uuid, u32>>>,
}

/// A turn that is counted, until it is dropped.
pub struct Place {
    user: Uuid,
    turns: TurnsPerUser,
}

impl TurnsPerUser {
    /// At most so many.
    pub fn new(most: u32) -> Self {
        Self { most, running: Arc::default() }
    }

    /// How many a user may have.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// A place for one more turn, unless the user has as many as there may be.
    pub fn enter(&self, user: Uuid) -> Option<Place> {
        let mut running = self.running();
        let count = running.entry(user).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { user, turns: self.clone() })
    }

    fn running(&self) -> MutexGuard<'_, HashMap<Uuid, u32>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.turns.running();
        let Some(count) = running.get_mut(&self.user) else { return };
        *count -= 1;
        if *count == 0 {
            running.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_so_many_places_and_no_more_and_gets_them_back() {
        let turns = TurnsPerUser::new(2);
        let (ann, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (first, _second) = (turns.enter(ann).unwrap(), turns.enter(ann).unwrap());
        assert!(turns.enter(ann).is_none());
        assert!(turns.enter(ben).is_some());
        drop(first);
        assert!(turns.enter(ann).is_some());
    }

    #[test]
    fn nothing_is_kept_of_a_user_without_turns() {
        let turns = TurnsPerUser::new(1);
        drop(turns.enter(Uuid::nil()));
        assert!(turns.running().is_empty());
    }
}
