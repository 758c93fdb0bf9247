//! What each way of failing becomes: its type, the requests that were made, and what the user had seen.

use std::time::Duration;

use canvalo::capability::llm::openai::{OpenAi, OpenAiOptions};
use serde_json::json;

use crate::server::{Answer, Server, Step, event, text, tool};
use crate::support::{ask, kind, model, options, question, retrying};

/// What an answer that is given to every attempt becomes: the error's kind, the requests made, and what was said.
async fn outcome(answer: Answer) -> (&'static str, usize, String) {
    let server = Server::start(vec![answer]).await;
    let (said, end) = ask(&retrying(model(&server.url)), question()).await;
    (kind(&end.unwrap_err()), server.requests().len(), said)
}

const SAID: &str = "You have";

#[tokio::test]
async fn refusals_before_the_stream_are_typed_and_only_what_may_pass_is_tried_three_times() {
    for (status, code, message, expected, requests) in [
        (401, "invalid_api_key", "Incorrect API key provided", "unauthorized", 1),
        (403, "forbidden", "no", "unauthorized", 1),
        (404, "model_not_found", "The model `m` does not exist", "unauthorized", 1),
        (400, "context_length_exceeded", "maximum context length is 8192 tokens", "too long", 1),
        (400, "invalid_value", "messages[1].role is wrong", "invalid", 1),
        (429, "rate_limit_exceeded", "Rate limit reached", "rate limited", 3),
        (429, "insufficient_quota", "You exceeded your current quota", "unauthorized", 1),
        (500, "server_error", "oops", "unavailable", 3),
        (503, "overloaded", "later", "unavailable", 3),
    ] {
        assert_eq!(outcome(Answer::error(status, code, message)).await, (expected, requests, String::new()), "{code}");
        let server = Server::start(vec![Answer::error(status, code, message)]).await;
        let error = ask(&model(&server.url), question()).await.1.unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(server.requests().len(), 1, "the client must not count attempts of its own: {code}");
    }
}

#[tokio::test]
async fn the_server_is_left_alone_for_as_long_as_it_asks() {
    let busy = Answer::error(429, "rate_limit_exceeded", "slow down").with_header("retry-after", "1");
    let server = Server::start(vec![busy, Answer::text("ok")]).await;
    assert_eq!(ask(&retrying(model(&server.url)), question()).await.0, "ok");
    let requests = server.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1));
    assert_eq!(requests[0].body, requests[1].body);
}

#[tokio::test]
async fn a_proxys_page_and_a_server_that_does_not_stream_are_unavailable() {
    for (status, expected) in [(502, "unavailable"), (429, "rate limited"), (200, "unavailable")] {
        let page = Answer::body(status, "text/html", "<html><h1>Bad gateway</h1></html>");
        assert_eq!(outcome(page).await, (expected, 3, String::new()), "{status}");
    }
    let whole = json!({"choices": [{"message": {"content": "You have two."}, "finish_reason": "stop"}]});
    assert_eq!(outcome(Answer::body(200, "application/json", &whole.to_string())).await.0, "unavailable");
    assert_eq!(outcome(Answer::body(200, "application/json", "{malformed")).await.0, "unavailable");
    let late = r#"{"error": {"message": "slow down", "code": 429}}"#;
    assert_eq!(outcome(Answer::body(200, "application/json", late)).await.0, "rate limited");
    assert_eq!(outcome(Answer::body(204, "text/event-stream", "")).await.0, "unavailable");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(vec![Answer::text("ok")]).await;
    for status in [301, 307, 308] {
        let moved = Answer::body(status, "text/plain", "").with_header("location", &elsewhere.url);
        assert_eq!(outcome(moved).await.0, "other", "{status}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_error_in_the_stream_is_typed_and_after_text_it_is_the_end() {
    for (error, expected, requests) in [
        (json!({"error": {"message": "slow down", "type": "rate_limit_error", "code": null}}), "rate limited", 3),
        (json!({"error": {"message": "oops", "code": 502}}), "unavailable", 3),
        (json!({"error": "the model runner has stopped"}), "unavailable", 3),
        (json!({"error": {"message": "bad", "type": "invalid_request_error"}}), "invalid", 1),
        (json!({"object": "error", "message": "maximum context length is 8", "code": 400}), "too long", 1),
    ] {
        let broken = |said: &str| Answer::stream([text(said), event(&error)]);
        assert_eq!(outcome(broken(SAID)).await, (expected, 1, SAID.to_owned()), "{error}");
        assert_eq!(outcome(broken("<think>Which")).await, (expected, requests, String::new()), "{error}");
    }
    let named = Answer::stream(["event: error\ndata: {\"message\": \"oops\"}\n\n"]);
    assert_eq!(outcome(named).await, ("unavailable", 3, String::new()));
}

#[tokio::test]
async fn a_stream_that_ends_without_a_reason_is_unavailable() {
    // The client reads on after the text, so that a reset can't take it away.
    let pause = Step::Pause(Duration::from_millis(50));
    for (how, last) in [
        ("ended", vec![]),
        ("[DONE]", vec![Step::Send(crate::server::DONE.into())]),
        ("closed", vec![Step::Cut]),
        ("reset", vec![pause, Step::Reset]),
        ("closed in an event", vec![Step::Send("data: {\"choi".into()), Step::Cut]),
        ("an event without its blank line", vec![Step::Send(crate::server::finish("stop").trim_end().into())]),
    ] {
        let call = tool(0, "call_1", "delete_invoice", "{\"id\":\"7\"}");
        let said = [vec![Step::Send(text(SAID).into()), Step::Send(call.into())], last.clone()].concat();
        assert_eq!(outcome(Answer::steps(said)).await, ("unavailable", 1, SAID.to_owned()), "{how}");
        assert_eq!(outcome(Answer::steps(last)).await, ("unavailable", 3, String::new()), "{how}");
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_or_refused_is_unavailable() {
    assert_eq!(outcome(Answer::reset()).await, ("unavailable", 3, String::new()));
    // Bound and dropped: nothing listens there.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let (_, end) = ask(&model(&format!("http://127.0.0.1:{port}/v1")), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unavailable");
}

#[tokio::test]
async fn neither_errors_nor_debug_show_the_key() {
    let server = Server::start(vec![Answer::error(401, "invalid_api_key", "Incorrect API key: sk-HIDDEN.")]).await;
    let options = OpenAiOptions { api_key: Some("sk-HIDDEN".into()), ..options(&server.url) };
    assert!(!format!("{options:?}").contains("HIDDEN"));
    let error = ask(&OpenAi::new(options).unwrap(), question()).await.1.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("HIDDEN"), "{error}");
    assert!(error.to_string().contains("Incorrect API key: [the key]."), "{error}");
    assert!(server.requests()[0].head.to_lowercase().contains("authorization: bearer sk-hidden\r\n"));
}
