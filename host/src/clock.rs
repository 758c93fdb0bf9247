//! What time it is where an answer depends on it: "overdue" and "next week" are relative to a clock.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};

/// The machine's clock, unless a test stopped it.
#[derive(Debug, Default)]
pub struct Clock {
    stopped: OnceLock<DateTime<Utc>>,
}

impl Clock {
    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.stopped.get().copied().unwrap_or_else(Utc::now)
    }

    /// Makes it this time from now on, for tests. A clock that stands is not set again.
    pub fn stop_at(&self, time: DateTime<Utc>) {
        let _ = self.stopped.set(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_until_it_is_stopped() {
        let clock = Clock::default();
        assert!((Utc::now() - clock.now()).num_seconds() < 60);
        clock.stop_at(DateTime::UNIX_EPOCH);
        assert_eq!(clock.now(), DateTime::UNIX_EPOCH);
    }
}
