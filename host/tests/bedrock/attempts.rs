//! Calls that are made again, and of another model.

use std::sync::Arc;
use std::time::Duration;

use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions};
use canvalo::capability::llm::fallback::Fallback;
use canvalo::capability::llm::{Content, StopReason};
use serde_json::json;

use crate::server::{Answer, BedrockServer, Step, exception, start, text};
use crate::support::{NOVA, ask, config, kind, model, options, question, retrying};

#[tokio::test]
async fn a_call_that_failed_twice_without_a_word_answers_the_third_time() {
    let answers = vec![
        Answer::error(429, "ThrottlingException", "slow down"),
        Answer::stream(vec![start(), exception("modelStreamErrorException", "broke")]),
        Answer::text("You have two."),
    ];
    let server = BedrockServer::start(answers).await;
    let (said, end) = ask(&retrying(model(&server)), question()).await;
    assert_eq!((said.as_str(), end.unwrap().stop_reason), ("You have two.", StopReason::EndTurn));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.body == requests[0].body), "the same request every time");
}

#[tokio::test]
async fn a_tool_use_that_broke_off_is_asked_for_again_and_surfaces_once() {
    let broken = Answer::stream(vec![
        start(),
        crate::server::tool(0, "a", "delete_invoice"),
        crate::server::input(0, "{\"id\":\"7\"}"),
        exception("internalServerException", "oops"),
    ]);
    let server = BedrockServer::start(vec![broken, Answer::tool_use("b", "delete_invoice", &json!({"id": "7"}))]).await;
    let completion = ask(&retrying(model(&server)), question()).await.1.unwrap();
    let ids: Vec<&str> = completion
        .content
        .iter()
        .filter_map(|block| if let Content::ToolUse(tool) = block { Some(tool.id.as_str()) } else { None })
        .collect();
    assert_eq!(ids, ["b"]);
}

#[tokio::test]
async fn the_service_is_left_alone_for_as_long_as_it_asks() {
    for (header, value) in [("retry-after", "1"), ("x-amz-retry-after", "1000")] {
        let busy = Answer::error(429, "ThrottlingException", "slow down").with_header(header, value);
        let server = BedrockServer::start(vec![busy, Answer::text("ok")]).await;
        assert_eq!(ask(&retrying(model(&server)), question()).await.0, "ok");
        let requests = server.requests();
        let waited = requests[1].at - requests[0].at;
        assert!(waited >= Duration::from_secs(1), "{header}: {waited:?}");
    }
    let busy = Answer::error(503, "ServiceUnavailableException", "later").with_header("retry-after", "60");
    let server = BedrockServer::start(vec![busy]).await;
    let error = ask(&retrying(model(&server)), question()).await.1.unwrap_err();
    assert_eq!((kind(&error), error.retry_after()), ("unavailable", Some(Duration::from_secs(60))));
    assert_eq!(server.requests().len(), 1, "a minute is longer than a user waits");
}

fn with_fallback(server: &BedrockServer) -> Fallback {
    let second = BedrockOptions { model_id: "amazon.nova-micro-v1:0".into(), ..options(server) };
    let second = retrying(Bedrock::with_config(&config(), second));
    Fallback::new(Arc::new(retrying(model(server))), Arc::new(second))
}

/// Which model each request was for.
fn models(server: &BedrockServer) -> Vec<String> {
    server.requests().iter().map(|request| request.model().replace("%3A", ":")).collect()
}

#[tokio::test]
async fn the_fallback_model_is_asked_after_the_first_ones_attempts() {
    let busy = || Answer::error(503, "ServiceUnavailableException", "later");
    let server = BedrockServer::start(vec![busy(), busy(), busy(), Answer::text("ok")]).await;
    let (said, end) = ask(&with_fallback(&server), question()).await;
    assert_eq!((said.as_str(), end.is_ok()), ("ok", true));
    assert_eq!(models(&server), [NOVA, NOVA, NOVA, "amazon.nova-micro-v1:0"]);
}

#[tokio::test]
async fn the_fallback_model_never_continues_what_the_user_has_begun_to_read() {
    let steps = vec![Step::Send(start()), Step::Send(text(0, "You have")), Step::Cut];
    let server = BedrockServer::start(vec![Answer::steps(steps)]).await;
    let (said, end) = ask(&with_fallback(&server), question()).await;
    assert_eq!((said.as_str(), kind(&end.unwrap_err())), ("You have", "unavailable"));
    assert_eq!(models(&server), [NOVA]);
}

#[tokio::test]
async fn what_a_model_does_not_take_is_left_out_at_once_and_from_then_on() {
    let uncached = "Malformed input request: #/system/1: extraneous key [cachePoint] is not permitted";
    let answers = vec![
        Answer::error(400, "ValidationException", uncached),
        Answer::error(400, "ValidationException", "`temperature` is deprecated for this model."),
        Answer::text("ok"),
    ];
    let server = BedrockServer::start(answers).await;
    let model = model(&server);
    for _ in 0..2 {
        assert_eq!(ask(&model, question()).await.0, "ok");
    }
    let requests = server.requests();
    let has = |at: usize| {
        let body = &requests[at].body;
        (body["system"][1].is_object(), body["inferenceConfig"]["temperature"].is_number())
    };
    assert_eq!(requests.len(), 4);
    assert_eq!([has(0), has(1), has(2), has(3)], [(true, true), (false, true), (false, false), (false, false)]);
}
