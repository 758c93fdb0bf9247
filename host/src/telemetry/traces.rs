//! Traces: spans in OpenTelemetry's conventions, sent in batches over OTLP by a thread of their own.
//!
//! Without an endpoint nothing is made: a [`Span`] is then a `None`, and what would describe it is not even computed.
//! Spans say what was done, for how long and how it ended. What users say and own is in none of them, unless the
//! operator turns that on ([`captures_messages`]).

mod sender;

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{FutureExt, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use secrecy::ExposeSecret;

pub use opentelemetry::trace::SpanKind;

use crate::config::{self, TracesConfig};

/// How long the last spans may take on their way when the host stops.
const FLUSH: Duration = Duration::from_secs(3);

/// What makes spans, once per process.
static TRACER: OnceLock<(SdkTracer, TracesConfig)> = OnceLock::new();

/// Where spans go, until the end.
pub struct Traces(Option<SdkTracerProvider>);

/// Why traces can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The HTTP client could not start.
    #[error(
        "the HTTP client for traces could not start: are the certificates of the system (ca-certificates) installed?"
    )]
    Client(#[from] reqwest::Error),
    /// The exporter doesn't take its settings.
    #[error("traces can't be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

impl Traces {
    /// Starts sending, if there is somewhere to send to. To be called inside the runtime that sends.
    pub(super) fn start(config: Option<&TracesConfig>) -> Result<Self, TracesError> {
        let Some(config) = config else { return Ok(Self(None)) };
        let headers =
            config.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender::Sender::new(&config.endpoint)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&config.endpoint)
            .with_headers(headers)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(config))
            .with_sampler(sampler(config.sampler))
            .with_batch_exporter(exporter)
            .build();
        // Only a test process starts twice, and then keeps its first.
        let _ = TRACER.set((provider.tracer("canvalo"), config.clone()));
        Ok(Self(Some(provider)))
    }

    /// Sends what is left, for as long as is sensible.
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        let flushed = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH));
        match tokio::time::timeout(FLUSH + Duration::from_secs(1), flushed).await {
            Ok(Ok(Ok(()))) => {}
            _ => tracing::warn!("the last spans could not be sent"),
        }
    }

    /// Sends what there is now, for tests that look at it.
    pub async fn flush(&self) {
        let Some(provider) = self.0.clone() else { return };
        let _ = tokio::task::spawn_blocking(move || provider.force_flush()).await;
    }
}

fn resource(config: &TracesConfig) -> Resource {
    let given = config.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(given)
        .with_service_name(config.service.clone())
        .build()
}

fn sampler(config: config::Sampler) -> Sampler {
    let own = match config.ratio {
        1.0 => Sampler::AlwaysOn,
        0.0 => Sampler::AlwaysOff,
        ratio => Sampler::TraceIdRatioBased(ratio),
    };
    if config.parent_based { Sampler::ParentBased(Box::new(own)) } else { own }
}

/// Whether model calls carry their prompts and answers.
pub fn captures_messages() -> bool {
    TRACER.get().is_some_and(|(_, config)| config.messages)
}

/// Something that takes time. It ends when it is dropped.
#[derive(Default)]
pub struct Span(Option<Context>);

impl Span {
    /// Begins inside what the current task does. Name and attributes are made only if somebody wants them.
    pub fn start<const N: usize>(kind: SpanKind, describe: impl FnOnce() -> (String, [KeyValue; N])) -> Self {
        Self::child_of(Context::current, kind, describe)
    }

    /// Begins a request: inside the trace of its `traceparent`, if it has one.
    pub fn of_request<const N: usize>(
        headers: &axum::http::HeaderMap,
        describe: impl FnOnce() -> (String, [KeyValue; N]),
    ) -> Self {
        let parent = || TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
        Self::child_of(parent, SpanKind::Server, describe)
    }

    fn child_of<const N: usize>(
        parent: impl FnOnce() -> Context,
        kind: SpanKind,
        describe: impl FnOnce() -> (String, [KeyValue; N]),
    ) -> Self {
        let Some((tracer, _)) = TRACER.get() else { return Self(None) };
        let (name, attributes) = describe();
        let builder = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
        let parent = parent();
        Self(Some(parent.with_span(tracer.build_with_context(builder, &parent))))
    }

    /// Says more of it.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// It went wrong. `kind` is a word of the host's own, never the text of an error.
    pub fn fail(&self, kind: &'static str) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new("error.type", kind));
            context.span().set_status(Status::error(""));
        }
    }

    /// Names the trace, if it is kept.
    pub fn trace_id(&self) -> Option<String> {
        let context = self.0.as_ref()?;
        let span = context.span();
        span.span_context().is_sampled().then(|| span.span_context().trace_id().to_string())
    }

    /// Whether anybody will see it.
    pub fn is_recording(&self) -> bool {
        self.0.as_ref().is_some_and(|context| context.span().is_recording())
    }

    /// Runs a future inside it.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        match &self.0 {
            Some(context) => future.with_context(context.clone()).await,
            None => future.await,
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(context) = &self.0 {
            context.span().end();
        }
    }
}

/// Says more of what the current task does.
pub fn say_of_current(key: &'static str, value: impl FnOnce() -> Value) {
    if TRACER.get().is_some() {
        Context::map_current(|context| context.span().set_attribute(KeyValue::new(key, value())));
    }
}

/// A future for another task, inside what this one does.
pub fn carried<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let span = TRACER.get().map(|_| Context::current());
    async move {
        match span {
            Some(context) => future.with_context(context).await,
            None => future.await,
        }
    }
}

/// The headers of a request as OpenTelemetry reads them.
struct Headers<'a>(&'a axum::http::HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_an_endpoint_a_span_is_nothing_and_is_not_even_described() {
        let span = Span::start::<0>(SpanKind::Internal, || unreachable!("nobody wants it"));
        span.set("a", 1_i64);
        span.fail("x");
        assert_eq!(span.run(async { 7 }).await, 7);
        assert_eq!((span.trace_id(), span.is_recording()), (None, false));
    }

    #[test]
    fn a_sampler_is_what_its_name_says() {
        let shown = |parent_based, ratio| format!("{:?}", sampler(config::Sampler { parent_based, ratio }));
        assert_eq!(shown(true, 1.0), "ParentBased(AlwaysOn)");
        assert_eq!(shown(false, 0.0), "AlwaysOff");
        assert_eq!(shown(true, 0.25), "ParentBased(TraceIdRatioBased(0.25))");
    }
}
