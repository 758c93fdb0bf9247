//! A receiver of OTLP over HTTP that keeps what it gets.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;

/// What arrived.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<Export>>>);

/// One batch.
#[derive(Clone)]
pub(crate) struct Export {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) decoded: ExportTraceServiceRequest,
}

impl Received {
    /// Starts receiving. Returns the address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
    pub(crate) async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(keep)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    pub(crate) fn exports(&self) -> Vec<Export> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The spans of a trace, oldest first.
    pub(crate) fn trace(&self, trace: &[u8]) -> Vec<Span> {
        let exports = self.exports();
        let resources = exports.iter().flat_map(|export| &export.decoded.resource_spans);
        let spans = resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans);
        let mut spans: Vec<Span> = spans.filter(|span| span.trace_id == trace).cloned().collect();
        spans.sort_by_key(|span| (span.start_time_unix_nano, span.end_time_unix_nano));
        spans
    }
}

async fn keep(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Ok(decoded) = ExportTraceServiceRequest::decode(body.clone()) else { return StatusCode::BAD_REQUEST };
    received.0.lock().unwrap_or_else(PoisonError::into_inner).push(Export { headers, body, decoded });
    StatusCode::OK
}

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().filter(|attribute| attribute.key == key).collect::<Vec<_>>();
    assert!(found.len() < 2, "{key} stands there twice: {attributes:?}");
    found.first().and_then(|attribute| attribute.value.as_ref()).map(text)
}

fn text(value: &AnyValue) -> String {
    match value.value.as_ref().unwrap() {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        Value::BoolValue(flag) => flag.to_string(),
        Value::ArrayValue(array) => format!("{:?}", array.values.iter().map(text).collect::<Vec<_>>()),
        other => panic!("no attribute of the host's is {other:?}"),
    }
}
