//! The log and the traces of this process, and servers that are deployed.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use canvalo::capability::llm::LanguageModel;
use canvalo::capability::llm::scripted::Scripted;
use canvalo::config::Config;
use canvalo::telemetry;
use canvalo::telemetry::traces::Traces;
use canvalo_tests::{Server, World};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::receiver::Received;

/// What a deployed server needs to be told, and Prometheus' token.
pub(crate) const DEPLOYED: [(&str, &str); 3] = [
    ("ENVIRONMENT", "beta"),
    ("ADMIN_API_KEY", "an-admin-key-of-at-least-32-bytes"),
    ("METRICS_TOKEN", "a-token-for-prometheus-of-32-bytes"),
];

/// A key that the receiver of traces wants to see.
pub(crate) const RECEIVER_KEY: &str = "the-key-of-the-receiver";

/// What a deployed server of this process says, and where its traces arrive. All tests write into both.
pub(crate) struct Watched {
    pub(crate) received: Received,
    log: Buffer,
    traces: Traces,
    _runtime: tokio::runtime::Runtime,
}

impl Watched {
    /// Starts at the first call.
    pub(crate) fn get() -> &'static Self {
        static WATCHED: OnceLock<Watched> = OnceLock::new();
        // A thread of its own, as a test's runtime ends with it.
        WATCHED.get_or_init(|| std::thread::spawn(Self::start).join().unwrap())
    }

    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (received, log) = (Received::default(), Buffer::default());
        let endpoint = runtime.block_on(received.start());
        let headers = format!("api-key={RECEIVER_KEY}");
        let otel = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_HEADERS", headers.as_str()),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        ];
        let variables = [&DEPLOYED[..], &otel].concat();
        let config = config(&variables);
        let traces = runtime.block_on(async { telemetry::start_with(&config, log.clone()).unwrap() });
        Self { received, log, traces, _runtime: runtime }
    }

    /// The spans of a trace, when its request and as many others as expected have ended.
    pub(crate) async fn trace(&self, asked: &Asked, holds: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        for _ in 0..400 {
            self.traces.flush().await;
            let spans = self.received.trace(asked.trace.as_bytes());
            if holds(&spans) {
                return spans;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("the trace never arrived: {:#?}", self.received.trace(asked.trace.as_bytes()));
    }

    /// Sends what there is.
    pub(crate) async fn flush(&self) {
        self.traces.flush().await;
    }

    /// The lines about a request.
    pub(crate) fn lines(&self, asked: &Asked) -> Vec<Value> {
        let lines = self.log.lines();
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("a line is one JSON object"));
        lines.filter(|line| line["request_id"] == asked.request).collect()
    }

    /// All of the log.
    pub(crate) fn log(&self) -> String {
        self.log.lines().join("\n")
    }
}

fn config(variables: &[(&str, &str)]) -> Config {
    World::get();
    canvalo_tests::configuration(variables)
}

/// A deployed server.
pub(crate) async fn deployed(model: Arc<dyn LanguageModel>) -> Server {
    Watched::get();
    Server::with(model, &DEPLOYED).await
}

/// A model with these rules.
pub(crate) fn script(rules: Value) -> Arc<Scripted> {
    Arc::new(Scripted::from_json(&rules.to_string()).unwrap())
}

/// The supervisor picks invoices, which looks up what is overdue and says "Two are late."
pub(crate) fn overdue() -> Arc<Scripted> {
    script(json!([
        {
            "when": { "tool_offered": "overdue_invoices", "after_tool": null },
            "reply": { "tool_uses": [{ "name": "overdue_invoices", "input": {} }] },
        },
        { "when": { "after_tool": "overdue_invoices" }, "reply": { "text": "Two are late.", "deltas": 2 } },
        {
            "when": { "tool_offered": "invoices", "after_tool": null },
            "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] },
        },
    ]))
}

/// A request that can be told from all others.
pub(crate) struct Asked {
    pub(crate) trace: Uuid,
    pub(crate) request: String,
}

impl Asked {
    pub(crate) fn new() -> Self {
        Self { trace: Uuid::new_v4(), request: Uuid::new_v4().to_string() }
    }

    /// Sends a chat message as a user, inside a trace that somebody else began.
    pub(crate) async fn chat(&self, server: &Server, user: Uuid, message: &str) -> reqwest::Response {
        let request = reqwest::Client::new().post(format!("{}/api/chat/stream", server.url));
        let request = request.bearer_auth(server.world.token(user)).json(&json!({ "message": message }));
        self.marked(request).send().await.unwrap()
    }

    /// With its ids.
    pub(crate) fn marked(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let parent = format!("00-{}-00f067aa0ba902b7-01", self.trace.simple());
        request.header("traceparent", parent).header("x-request-id", &self.request)
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap().split_terminator('\n').map(str::to_owned).collect()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Buffer {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
