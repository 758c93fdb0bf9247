//! `canvalo:agent/clock`.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::plugin::bindings::canvalo::agent::clock;
use crate::plugin::state::State;

/// Guests measure from here, so that they learn nothing of the machine's uptime.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl clock::Host for State {
    fn unix_time_ms(&mut self) -> wasmtime::Result<u64> {
        self.budget.host_call()?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.budget.host_call()?;
        // A finer clock would let a guest time what its neighbours do.
        let milliseconds = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(milliseconds.saturating_mul(1_000_000))
    }
}
