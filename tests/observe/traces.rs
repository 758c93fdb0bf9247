//! What a receiver of OTLP gets of a request.

use canvalo::telemetry;
use canvalo_tests::new_user;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;

use crate::receiver::attribute;
use crate::tree::tree;
use crate::watched::{Asked, RECEIVER_KEY, Watched, deployed, overdue, script};

const CHAT: &str = "POST /api/chat/stream";

fn ended(spans: &[Span], name: &str) -> usize {
    spans.iter().filter(|span| span.name == name).count()
}

/// Without what is written down beside the answer, whose order is its own.
fn answer(spans: &[Span]) -> Vec<Span> {
    spans.iter().filter(|span| !span.name.contains(" agent_")).cloned().collect()
}

#[tokio::test]
async fn a_chat_is_one_trace_from_the_request_to_every_model_call_tool_and_read() {
    let server = deployed(overdue()).await;
    let (asked, user) = (Asked::new(), new_user());
    let answered = asked.chat(&server, user, "What is overdue?").await.text().await.unwrap();
    assert!(answered.contains(r#""type":"complete""#), "{answered}");

    let whole = |spans: &[Span]| ended(spans, CHAT) == 1 && ended(spans, "insert agent_messages") == 2;
    let spans = Watched::get().trace(&asked, whole).await;
    assert_eq!(
        tree(&answer(&spans), &["gen_ai.operation.name"]),
        "\
POST /api/chat/stream (server)
  invoke_agent supervisor (internal) gen_ai.operation.name=invoke_agent
    chat scripted (client) gen_ai.operation.name=chat
    invoke_agent invoices (internal) gen_ai.operation.name=invoke_agent
      chat scripted (client) gen_ai.operation.name=chat
      execute_tool overdue_invoices (internal) gen_ai.operation.name=execute_tool
        select invoices (client)
        aggregate invoices (client)
      chat scripted (client) gen_ai.operation.name=chat
"
    );

    let span = |name: &str| spans.iter().rfind(|span| span.name == name).unwrap();
    let of = |name: &str, key: &str| attribute(&span(name).attributes, key).unwrap_or_else(|| "-".to_owned());
    assert_eq!(span(CHAT).parent_span_id, 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes(), "whoever asked had a span");
    assert_eq!(of(CHAT, "http.request.method"), "POST");
    assert_eq!(of(CHAT, "http.route"), "/api/chat/stream");
    assert_eq!(of(CHAT, "http.response.status_code"), "200");
    assert_eq!(of(CHAT, "canvalo.request_id"), asked.request);
    assert_eq!(of(CHAT, "canvalo.turn.outcome"), "completed");
    assert_eq!(of(CHAT, "enduser.pseudo.id"), *telemetry::user_tag(user));
    assert_eq!(of("invoke_agent invoices", "gen_ai.agent.name"), "invoices");
    assert_eq!(of("execute_tool overdue_invoices", "gen_ai.tool.name"), "overdue_invoices");
    assert_eq!(of("execute_tool overdue_invoices", "gen_ai.tool.type"), "function");
    assert_ne!(of("execute_tool overdue_invoices", "gen_ai.tool.call.id"), "-");
    assert_eq!(of("select invoices", "db.system.name"), "postgresql");
    assert_eq!(of("select invoices", "db.operation.name"), "select");
    assert_eq!(of("select invoices", "db.collection.name"), "invoices");
    assert_eq!(of("chat scripted", "gen_ai.request.model"), "scripted");
    assert_eq!(of("chat scripted", "gen_ai.response.finish_reasons"), r#"["stop"]"#);
    assert_ne!(of("chat scripted", "gen_ai.provider.name"), "-");
    for tokens in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"] {
        assert!(of("chat scripted", tokens).parse::<u32>().unwrap() > 0, "{tokens}");
    }
    let first = spans.iter().find(|span| span.name == "chat scripted").unwrap();
    let reasons = attribute(&first.attributes, "gen_ai.response.finish_reasons");
    assert_eq!(reasons.as_deref(), Some(r#"["tool_call"]"#), "the supervisor's call chose an agent");

    let end = |name: &str| span(name).end_time_unix_nano;
    assert!(end("invoke_agent supervisor") <= end(CHAT), "a request lasts as long as its stream");
    let written = spans.iter().find(|span| span.name == "insert agent_conversations").unwrap();
    assert_eq!(written.parent_span_id, span(CHAT).span_id, "what is written down belongs to the request");
}

#[tokio::test]
async fn what_fails_is_marked_from_the_call_up_to_the_request_by_a_word_and_not_by_its_text() {
    let server = deployed(script(json!([
        { "when": { "tool_offered": "overdue_invoices" }, "reply": { "error": "unavailable" } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ])))
    .await;
    let asked = Asked::new();
    let answered = asked.chat(&server, new_user(), "What is overdue?").await.text().await.unwrap();
    assert!(answered.contains("SERVICE_UNAVAILABLE"), "{answered}");

    let spans = Watched::get().trace(&asked, |spans| ended(spans, CHAT) == 1).await;
    assert_eq!(
        tree(&answer(&spans), &["error.type"]),
        "\
POST /api/chat/stream (server) error.type=SERVICE_UNAVAILABLE FAILED
  invoke_agent supervisor (internal) error.type=SERVICE_UNAVAILABLE FAILED
    chat scripted (client)
    invoke_agent invoices (internal) error.type=unavailable FAILED
      chat scripted (client) error.type=unavailable FAILED
"
    );
    let texts = spans.iter().map(|span| span.status.as_ref().map_or("", |status| &status.message));
    assert!(texts.collect::<String>().is_empty(), "a status has no text");
}

#[tokio::test]
async fn a_request_that_asks_for_no_turn_is_a_span_under_its_route() {
    let server = deployed(overdue()).await;
    let asked = Asked::new();
    let id = uuid::Uuid::new_v4();
    let request = reqwest::Client::new().get(format!("{}/api/conversations/{id}?message_limit=7", server.url));
    let request = request.bearer_auth(server.world.token(new_user()));
    assert_eq!(asked.marked(request).send().await.unwrap().status(), 404);
    let spans = Watched::get().trace(&asked, |spans| spans.iter().any(|span| span.name.starts_with("GET"))).await;
    let shown = tree(&spans, &["http.response.status_code"]);
    assert!(shown.starts_with("GET /api/conversations/{id} (server) http.response.status_code=404\n"), "{shown}");
    assert!(shown.contains("  select agent_conversations (client)"), "{shown}");
    assert!(!format!("{spans:?}").contains(&id.to_string()), "an id is not in it");
}

#[tokio::test]
async fn a_batch_says_whose_it_is_and_shows_the_receivers_key() {
    let server = deployed(overdue()).await;
    let asked = Asked::new();
    asked.chat(&server, new_user(), "What is overdue?").await.text().await.unwrap();
    let watched = Watched::get();
    watched.trace(&asked, |spans| ended(spans, CHAT) == 1).await;
    let export = watched.received.exports().pop().unwrap();
    assert_eq!(export.headers["content-type"], "application/x-protobuf");
    assert_eq!(export.headers["api-key"], RECEIVER_KEY);
    let resource = &export.decoded.resource_spans[0].resource.as_ref().unwrap().attributes;
    assert_eq!(attribute(resource, "service.name").as_deref(), Some("canvalo"));
    assert_eq!(attribute(resource, "service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(attribute(resource, "deployment.environment.name").as_deref(), Some("test"));
    assert!(!watched.log().contains(RECEIVER_KEY));
}
