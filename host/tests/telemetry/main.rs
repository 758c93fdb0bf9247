//! The binary as an operator runs it: what of its traces arrives before it stops, with and without prompts.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod process;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use process::Host;
use prost::Message;
use tokio::net::TcpListener;

/// A receiver of OTLP, and the spans that it has got.
async fn receiver() -> (String, Arc<Mutex<Vec<Span>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    let keep = move |body: Bytes| {
        let export = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = export.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        kept.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        async {}
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(keep));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const QUESTION: &str = "What does the kitchen of the Chens cost?";
const ANSWER: &str = "Four thousand.";

#[tokio::test]
async fn the_last_spans_are_sent_before_the_host_stops_and_hold_neither_prompt_nor_answer() {
    let (endpoint, received) = receiver().await;
    let mut host = Host::start(&[(ENDPOINT, &endpoint)], ANSWER).await;
    assert!(host.chat(QUESTION).await.contains(ANSWER));
    host.stop().await;
    let spans = received.lock().unwrap().clone();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    for name in ["POST /api/chat/stream", "invoke_agent supervisor", "chat scripted"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let all = format!("{spans:?}");
    for content in
        ["kitchen", "thousand", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"]
    {
        assert!(!all.contains(content), "{content} in {all}");
    }
}

#[tokio::test]
async fn an_operator_who_asks_for_prompts_and_answers_gets_them_in_the_form_of_the_conventions() {
    let (endpoint, received) = receiver().await;
    let capture = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
    let mut host = Host::start(&[(ENDPOINT, &endpoint), capture], ANSWER).await;
    host.chat(QUESTION).await;
    host.stop().await;
    let spans = received.lock().unwrap().clone();
    let chat = spans.iter().find(|span| span.name == "chat scripted").unwrap();
    let json = |key: &str| -> serde_json::Value {
        let value = chat.attributes.iter().find(|attribute| attribute.key == key).unwrap().value.clone();
        let Some(Value::StringValue(text)) = value.unwrap().value else { panic!("{key} is text") };
        serde_json::from_str(&text).unwrap()
    };
    let text = |text: &str| serde_json::json!({ "type": "text", "content": text });
    let asked = json("gen_ai.input.messages");
    assert_eq!(asked[0]["role"], "user");
    assert_eq!(asked[0]["parts"][0], text(QUESTION));
    let answered = serde_json::json!([{ "role": "assistant", "parts": [text(ANSWER)], "finish_reason": "stop" }]);
    assert_eq!(json("gen_ai.output.messages"), answered);
    assert_eq!(json("gen_ai.system_instructions")[0]["type"], "text");
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_costs_no_request_and_does_not_hold_up_the_end() {
    // It takes connections, and nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let mut host = Host::start(&[(ENDPOINT, &endpoint)], ANSWER).await;
    assert!(host.chat(QUESTION).await.contains(ANSWER));
    let stopped = tokio::time::timeout(Duration::from_secs(20), host.stop()).await;
    assert!(stopped.unwrap().contains("the last spans could not be sent"));
}
