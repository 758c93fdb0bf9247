//! What a deployed server writes of a request: JSON, one object per line.

use canvalo::telemetry;
use canvalo_tests::{new_user, until};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::watched::{Asked, Watched, deployed, overdue, script};

/// The line at the end of a request.
async fn last_line(asked: &Asked) -> Value {
    let watched = Watched::get();
    let is_last = |line: &Value| line["target"] == "canvalo::http::trace";
    until("the request's line", || watched.lines(asked).iter().any(is_last)).await;
    let lines: Vec<Value> = watched.lines(asked).into_iter().filter(is_last).collect();
    assert_eq!(lines.len(), 1, "one line per request: {lines:?}");
    lines[0].clone()
}

#[tokio::test]
async fn a_chat_ends_with_a_line_of_its_route_status_and_durations_and_each_agent_has_one() {
    let server = deployed(overdue()).await;
    let (asked, user) = (Asked::new(), new_user());
    asked.chat(&server, user, "What is overdue?").await.text().await.unwrap();
    let line = last_line(&asked).await;
    let fields = &line["fields"];
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["user"], *telemetry::user_tag(user));
    assert_eq!(line["trace_id"], asked.trace.simple().to_string(), "it leads to the trace");
    assert_eq!((&fields["method"], &fields["route"]), (&json!("POST"), &json!("/api/chat/stream")));
    assert_eq!((&fields["status"], &fields["outcome"]), (&json!(200), &json!("completed")));
    assert_eq!(fields["answered_by"], "invoices");
    let ms = |name: &str| fields[name].as_f64().unwrap_or_else(|| panic!("{name} in {line}"));
    assert!(ms("time_to_first_token_ms") > 0.0 && ms("time_to_first_token_ms") <= ms("duration_ms"));
    assert!(ms("turn_ms") > 0.0 && ms("turn_ms") <= ms("duration_ms"));

    let lines = Watched::get().lines(&asked);
    let of_agent: Vec<&Value> = lines.iter().filter(|line| line["agent"] == "invoices").collect();
    assert_eq!(of_agent.len(), 1, "{lines:?}");
    assert_eq!(of_agent[0]["user"], *telemetry::user_tag(user));
    assert_eq!(of_agent[0]["fields"]["outcome"], "answered");
    assert!(of_agent[0]["fields"]["duration_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn a_client_that_goes_away_and_a_turn_that_fails_are_told_apart() {
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    let server = deployed(script(json!([
        {
            "when": { "last_user_contains": "story" },
            "reply": { "text": words.concat(), "deltas": words, "delay_ms": 50 },
        },
        { "when": {}, "reply": { "error": "unavailable" } },
    ])))
    .await;
    let asked = Asked::new();
    let mut stream = asked.chat(&server, new_user(), "a long story").await.bytes_stream();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let fields = &last_line(&asked).await["fields"];
    assert_eq!(fields["outcome"], "cancelled");
    assert!(fields["error_code"].is_null() && fields["answered_by"].is_null(), "{fields}");

    let asked = Asked::new();
    asked.chat(&server, new_user(), "zzz").await.text().await.unwrap();
    let fields = &last_line(&asked).await["fields"];
    assert_eq!((&fields["outcome"], &fields["error_code"]), (&json!("failed"), &json!("MODEL_UNAVAILABLE")));
    assert!(fields["time_to_first_token_ms"].is_null(), "{fields}");
}

#[tokio::test]
async fn a_request_without_an_id_gets_one_and_a_refused_one_has_its_line_too() {
    let server = deployed(overdue()).await;
    let asked = Asked::new();
    let request = reqwest::Client::new().get(format!("{}/api/conversations", server.url));
    assert_eq!(asked.marked(request).send().await.unwrap().status(), 401);
    let line = last_line(&asked).await;
    assert_eq!((&line["fields"]["status"], &line["fields"]["route"]), (&json!(401), &json!("/api/conversations")));
    assert!(line["user"].is_null(), "nobody is known: {line}");

    let path = format!("/nowhere/{}", asked.request);
    assert_eq!(reqwest::get(format!("{}{path}", server.url)).await.unwrap().status(), 404);
    let log = Watched::get().log();
    assert!(!log.contains(&path), "a path that somebody made up is not in the log");
    let unmatched: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let unmatched = unmatched.iter().filter(|line: &&Value| line["fields"]["route"] == "unmatched");
    let ids: Vec<&str> = unmatched.filter_map(|line| line["request_id"].as_str()).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| uuid::Uuid::try_parse(id).is_ok()), "{ids:?}");
}
