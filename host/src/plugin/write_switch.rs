//! The kill switch for all writes of plugins. It is checked before a request leaves the host. What the host itself writes
//! is not stopped: a conversation is the user's own record of what was said.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};

/// Lets writes through until it is thrown. It belongs to the process: a restart lets them through again.
#[derive(Debug, Default)]
pub struct WriteSwitch {
    stopped_at: RwLock<Option<DateTime<Utc>>>,
}

impl WriteSwitch {
    /// Lets no write begin. Those under way finish.
    pub fn stop(&self) {
        let mut stopped_at = self.stopped_at.write().unwrap_or_else(PoisonError::into_inner);
        stopped_at.get_or_insert_with(Utc::now);
    }

    /// Lets writes through again.
    pub fn allow(&self) {
        *self.stopped_at.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Since when no write begins.
    pub fn stopped_at(&self) -> Option<DateTime<Utc>> {
        *self.stopped_at.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no write may begin.
    pub fn is_stopped(&self) -> bool {
        self.stopped_at().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_when_it_was_thrown_first() {
        let switch = WriteSwitch::default();
        assert!(!switch.is_stopped());
        switch.stop();
        let first = switch.stopped_at();
        switch.stop();
        assert!(switch.is_stopped() && switch.stopped_at() == first);
        switch.allow();
        assert!(!switch.is_stopped());
    }
}
