//! What is seen of a request: a span around whatever answers it, one line of the log at its end, and figures.
//!
//! A request ends with the last byte of its answer. For a stream that is when its turn has ended, or when the client has
//! gone; [`Watch`] tells how the turn went.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures::StreamExt;
use metrics::{counter, histogram};
use opentelemetry::KeyValue;
use tracing::Instrument;

use super::request_id::RequestId;
use crate::plugin::{Event, EventKind};
use crate::supervisor::Step;
use crate::telemetry::metrics::{HTTP_REQUEST_DURATION, HTTP_REQUESTS, TIME_TO_FIRST_TOKEN, TURN_DURATION};
use crate::telemetry::millis;
use crate::telemetry::traces::{self, Span};

/// What is asked again and again by machines: worth a line only when it fails.
const POLLED: [&str; 2] = ["/health", "/metrics"];

/// Follows a request to its end.
pub(super) async fn follow(request: Request, next: Next) -> Response {
    let seen = Seen::begin(&request);
    let answered = next.run(request).instrument(seen.log.clone());
    let response = seen.span.run(answered).await;
    seen.answered(response)
}

/// Says who asks, as soon as that is known: in the log and in the trace of the request.
pub(super) fn user_is(user_tag: &str) {
    tracing::Span::current().record("user", user_tag);
    traces::say_of_current("enduser.pseudo.id", || user_tag.to_owned().into());
}

/// A request under way. It is over when this is dropped.
struct Seen {
    began: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    status: StatusCode,
    turn: Option<Arc<Watch>>,
    span: Span,
    log: tracing::Span,
}

impl Seen {
    fn begin(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = method(request.method());
        let id = RequestId::of(request.extensions());
        let span = Span::of_request(request.headers(), || {
            let path = route.as_ref().map_or("", MatchedPath::as_str);
            let attributes = [
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", path.to_owned()),
                KeyValue::new("url.scheme", "http"),
                KeyValue::new("canvalo.request_id", id.to_string()),
            ];
            (format!("{method} {path}").trim_end().to_owned(), attributes)
        });
        let user = tracing::field::Empty;
        // Of the highest level, so that a line of any level says which request it belongs to.
        let log = tracing::error_span!("request", request_id = %id, trace_id = span.trace_id(), user);
        // What becomes of it when it is dropped before there is an answer: nginx' number for a client that has gone.
        let status = StatusCode::from_u16(499).expect("a number of three digits");
        Self { began: Instant::now(), method, route, status, turn: None, span, log }
    }

    /// With the head of its answer. What is left is to follow the body, unless it is all there.
    fn answered(mut self, mut response: Response) -> Response {
        self.status = response.status();
        self.turn = response.extensions_mut().remove::<Arc<Watch>>();
        if response.body().size_hint().exact().is_some() {
            return response;
        }
        response.map(|body| {
            let followed = futures::stream::unfold((body.into_data_stream(), self), |(mut parts, seen)| async move {
                parts.next().await.map(|part| (part, (parts, seen)))
            });
            Body::from_stream(followed)
        })
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        let (method, status) = (self.method, self.status.as_u16());
        let route: Arc<str> = self.route().into();
        counter!(HTTP_REQUESTS, "route" => route.clone(), "method" => method, "status" => status.to_string())
            .increment(1);
        histogram!(HTTP_REQUEST_DURATION, "route" => route.clone(), "method" => method).record(duration);
        self.span.set("http.response.status_code", i64::from(status));
        if self.status.is_server_error() {
            self.span.fail("5xx");
        }
        let (duration_ms, route) = (millis(duration), &*route);
        let entered = self.log.enter();
        match &self.turn {
            Some(turn) => turn.ended(self.began, duration_ms, &self.span, route),
            None if self.status.is_server_error() => {
                tracing::warn!(method, route, status, duration_ms, "{method} {route} {status}");
            }
            None if POLLED.contains(&route) => {
                tracing::debug!(method, route, status, duration_ms, "{method} {route} {status}");
            }
            None => tracing::info!(method, route, status, duration_ms, "{method} {route} {status}"),
        }
        drop(entered);
    }
}

/// How a turn goes on, told by the stream that shows it.
pub(super) struct Watch {
    began: Instant,
    first_text: OnceLock<(Instant, Arc<str>)>,
    end: OnceLock<(Instant, Result<Arc<str>, &'static str>)>,
}

impl Watch {
    pub(super) fn begin() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), first_text: OnceLock::new(), end: OnceLock::new() })
    }

    /// A step that the user is about to see. Only the first text and the end count.
    pub(super) fn see(&self, step: &Step) {
        match step {
            Step::Event(Event { agent, kind: EventKind::Text(_) }) if self.first_text.get().is_none() => {
                let _ = self.first_text.set((Instant::now(), Arc::clone(agent)));
            }
            Step::Event(_) => {}
            Step::End(end) => {
                let end = match end {
                    Ok(end) => Ok(Arc::clone(&end.agent)),
                    Err(failure) => Err(failure.code),
                };
                let _ = self.end.set((Instant::now(), end));
            }
        }
    }

    /// The request of the turn is over.
    fn ended(&self, asked: Instant, duration_ms: f64, span: &Span, route: &str) {
        let (at, end) = match self.end.get() {
            Some((at, end)) => (*at, Some(end)),
            None => (Instant::now(), None),
        };
        let outcome = match end {
            Some(Ok(_)) => "completed",
            Some(Err(_)) => "failed",
            None => "cancelled",
        };
        let turn = at - self.began;
        histogram!(TURN_DURATION, "outcome" => outcome).record(turn);
        let first = self.first_text.get().map(|(at, agent)| {
            let waited = *at - asked;
            histogram!(TIME_TO_FIRST_TOKEN, "agent" => Arc::clone(agent)).record(waited);
            millis(waited)
        });
        let agent = match end {
            Some(Ok(agent)) => Some(&**agent),
            _ => None,
        };
        let error_code = match end {
            Some(Err(code)) => Some(*code),
            _ => None,
        };
        span.set("canvalo.turn.outcome", outcome);
        if let Some(code) = error_code {
            span.fail(code);
        }
        let (time_to_first_token_ms, turn_ms) = (first, millis(turn));
        tracing::info!(
            method = "POST",
            route,
            status = 200,
            duration_ms,
            time_to_first_token_ms,
            turn_ms,
            outcome,
            answered_by = agent,
            error_code,
            "POST {route} 200, {outcome}"
        );
    }
}

/// A method that the API knows. Anybody can make up others.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_somebody_made_up_is_no_label_of_its_own() {
        assert_eq!(method(&Method::DELETE), "DELETE");
        assert_eq!(method(&Method::from_bytes(b"BREW").unwrap()), "_OTHER");
    }
}
