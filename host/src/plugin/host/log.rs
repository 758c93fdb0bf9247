//! `canvalo:agent/log`.

use super::one_line;
use crate::plugin::bindings::canvalo::agent::log;
use crate::plugin::limits;
use crate::plugin::state::State;

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.budget.host_call()?;
        if self.budget.log_line().is_none() {
            return Ok(());
        }
        let line = one_line(&message, limits::LOG_LINE_CHARS);
        let plugin = &*self.agent;
        match level {
            log::Level::Trace => tracing::trace!(target: "plugin", plugin, "{line}"),
            log::Level::Debug => tracing::debug!(target: "plugin", plugin, "{line}"),
            log::Level::Info => tracing::info!(target: "plugin", plugin, "{line}"),
            log::Level::Warn => tracing::warn!(target: "plugin", plugin, "{line}"),
            log::Level::Error => tracing::error!(target: "plugin", plugin, "{line}"),
        }
        Ok(())
    }
}
