//! A turn as Server-Sent Events, in the frontend's chunk format.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::coalesce::Coalesced;
use super::error::ErrorBody;
use super::trace::Watch;
use crate::capability::llm::budget::Limit;
use crate::capability::llm::usage::{Ledger, Usage};
use crate::conversation::Exchange;
use crate::plugin::{Event, EventKind, ToolStatus};
use crate::supervisor::{Failure, Step, TurnEnd};

/// Load balancers cut a connection that is silent for 60 s.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long a turn may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// One `data:` line. Exactly one `complete` or `error` ends a stream. More fields may come, and more types.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Chunk<'a> {
    /// More of the answer.
    Token {
        /// Markdown.
        content: &'a str,
        /// Whose words they are: an agent's name, or `supervisor`.
        agent_type: &'a str,
    },
    /// A tool started or ended.
    ToolCall {
        /// Which one.
        tool_call: ToolCall<'a>,
        /// Whose tool it is.
        agent_type: &'a str,
    },
    /// The answer is whole.
    Complete {
        /// Who spoke last.
        agent_type: &'a str,
        /// Where the answer is kept; the next message may name it. Absent where nothing is kept.
        #[schema(nullable = false)]
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation_id: Option<Uuid>,
        /// The budget that cut the answer short.
        #[schema(nullable = false)]
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<&'static str>,
        usage: Usage,
    },
    /// The answer ends here and isn't whole.
    Error {
        /// Why.
        error: ErrorBody,
        /// Whose fault it is.
        agent_type: &'a str,
        /// Where the answer is kept as far as it came.
        #[schema(nullable = false)]
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation_id: Option<Uuid>,
        usage: Usage,
    },
}

/// A tool that an agent uses.
#[derive(Serialize, ToSchema)]
pub(super) struct ToolCall<'a> {
    /// The same from its start to its end.
    pub(super) id: &'a str,
    /// The tool.
    pub(super) name: &'a str,
    /// Where it stands.
    pub(super) status: ToolStatus,
}

/// The response that streams a turn. A client that goes away drops it, and with it the turn.
pub(super) fn stream_exchange(exchange: Exchange, shutdown: CancellationToken) -> Response {
    let (conversation, ledger) = (exchange.conversation(), Arc::clone(exchange.ledger()));
    let watch = Watch::begin();
    let steps = Box::pin(steps(exchange, shutdown, Arc::clone(&watch)));
    let mut response = response(Coalesced::new(steps), conversation, ledger);
    response.extensions_mut().insert(watch);
    response
}

/// The response that streams these steps, each as a chunk.
pub fn response(
    steps: impl Stream<Item = Step> + Send + 'static,
    conversation: Option<Uuid>,
    ledger: Arc<Ledger>,
) -> Response {
    let events = steps.map(move |step| {
        Ok::<_, Infallible>(match step {
            Step::Event(event) => sse_event(&event),
            Step::End(end) => sse_end(end, conversation, ledger.usage()),
        })
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The steps of a turn, which ends early when the server stops. At its end it has been kept.
fn steps(exchange: Exchange, shutdown: CancellationToken, watch: Arc<Watch>) -> impl Stream<Item = Step> {
    // One wait for the whole turn: begun again at each event, it would not end before a turn that is never silent.
    let drained = Box::pin(drained(shutdown));
    futures::stream::unfold(Some((exchange, drained, watch)), |state| async move {
        let (mut exchange, mut drained, watch) = state?;
        let step = tokio::select! {
            biased;
            () = &mut drained => Step::End(Err(Failure::shutting_down())),
            step = exchange.next() => step?,
        };
        watch.see(&step);
        if let Step::End(_) = &step {
            exchange.kept().await;
            return Some((step, None));
        }
        Some((step, Some((exchange, drained, watch))))
    })
}

/// Over when the turns that still run must end.
pub(super) async fn drained(shutdown: CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

fn sse_event(event: &Event) -> sse::Event {
    let agent_type = &*event.agent;
    match &event.kind {
        EventKind::Text(content) => data(&Chunk::Token { content, agent_type }),
        EventKind::Tool { id, name, status } => {
            data(&Chunk::ToolCall { tool_call: ToolCall { id, name, status: *status }, agent_type })
        }
        // The frontend's format has no chunk for it; a comment reaches people who read the stream and no parser.
        EventKind::Progress(message) => sse::Event::default().comment(format!("{agent_type}: {message}")),
    }
}

fn sse_end(end: Result<TurnEnd, Failure>, conversation_id: Option<Uuid>, usage: Usage) -> sse::Event {
    match end {
        Ok(end) => {
            let limit = end.limit.map(Limit::as_str);
            data(&Chunk::Complete { agent_type: &end.agent, conversation_id, limit, usage })
        }
        Err(failure) => {
            let agent = failure.agent.clone();
            data(&Chunk::Error { error: failure.into(), agent_type: &agent, conversation_id, usage })
        }
    }
}

/// JSON escapes every line break, so a chunk is always one line.
fn data(chunk: &Chunk<'_>) -> sse::Event {
    sse::Event::default().json_data(chunk).expect("a chunk holds only strings, numbers and booleans")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(event: &sse::Event) -> String {
        format!("{event:?}")
    }

    #[test]
    fn a_chunk_stays_on_one_line_whatever_the_text() {
        let kind = EventKind::Text("a\r\nb\u{2028}\0".into());
        let event = sse_event(&Event { agent: "invoices".into(), kind });
        assert!(text(&event).contains(r"a\\r\\nb"), "{event:?}");
    }
}
