//! `canvalo:agent/events`.

use super::one_line;
use crate::plugin::bindings::canvalo::agent::events::{EventsError, Host, ToolStatus as GuestStatus};
use crate::plugin::event::{EventKind, ToolStatus};
use crate::plugin::limits;
use crate::plugin::state::{SendError, Spent, State};

/// Longest progress message, tool id and tool name, in characters.
const PROGRESS_CHARS: usize = 200;
const NAME_CHARS: usize = 64;

impl Host for State {
    async fn text(&mut self, text: String) -> wasmtime::Result<Result<(), EventsError>> {
        self.budget.host_call()?;
        if text.len() > limits::TEXT_BYTES_PER_CALL {
            let message = format!("{} bytes of text in one call, at most {}", text.len(), limits::TEXT_BYTES_PER_CALL);
            return Ok(Err(EventsError::LimitExceeded(message)));
        }
        if let Err(spent) = self.budget.event() {
            return Ok(Err(spent.into()));
        }
        Ok(self.show(text).await.map_err(EventsError::from))
    }

    async fn progress(&mut self, message: String) -> wasmtime::Result<Result<(), EventsError>> {
        self.emit(EventKind::Progress(one_line(&message, PROGRESS_CHARS))).await
    }

    async fn tool_started(&mut self, id: String, name: String) -> wasmtime::Result<Result<(), EventsError>> {
        let event = tool(&id, &name, ToolStatus::Started);
        self.tools.started(&id, &name);
        self.emit(event).await
    }

    async fn tool_finished(
        &mut self,
        id: String,
        name: String,
        status: GuestStatus,
    ) -> wasmtime::Result<Result<(), EventsError>> {
        let status = match status {
            GuestStatus::Completed => ToolStatus::Completed,
            GuestStatus::Failed => ToolStatus::Failed,
        };
        self.tools.finished(&id, status == ToolStatus::Failed);
        self.emit(tool(&id, &name, status)).await
    }
}

impl State {
    async fn emit(&mut self, kind: EventKind) -> wasmtime::Result<Result<(), EventsError>> {
        self.budget.host_call()?;
        if let Err(spent) = self.budget.event() {
            return Ok(Err(spent.into()));
        }
        Ok(self.send(kind).await.map_err(|()| EventsError::Closed))
    }
}

fn tool(id: &str, name: &str, status: ToolStatus) -> EventKind {
    EventKind::Tool { id: one_line(id, NAME_CHARS), name: one_line(name, NAME_CHARS), status }
}

impl From<Spent> for EventsError {
    fn from(Spent(what): Spent) -> Self {
        Self::LimitExceeded(what.into())
    }
}

impl From<SendError> for EventsError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closed => Self::Closed,
            SendError::Spent(spent) => spent.into(),
        }
    }
}
