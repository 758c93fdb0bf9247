//! What each way of failing becomes: its type, the requests that were made, and what the user had seen.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::SharedCredentialsProvider;
use canvalo::capability::llm::LanguageModel;
use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions};

use crate::server::{Answer, BedrockServer, Step, error, exception, start, stop, text, usage};
use crate::support::{ask, config, kind, model, options, question, retrying};

/// What an answer that is given to every attempt becomes: the error's kind, the requests made, and what was said.
async fn outcome(answer: Answer) -> (&'static str, usize, String) {
    let server = BedrockServer::start(vec![answer]).await;
    let (said, end) = ask(&retrying(model(&server)), question()).await;
    (kind(&end.unwrap_err()), server.requests().len(), said)
}

const SAID: &str = "You have";

#[tokio::test]
async fn refusals_before_the_stream_are_typed_and_only_what_may_pass_is_tried_three_times() {
    for (status, code, message, expected, requests) in [
        (429, "ThrottlingException", "Too many requests", "rate limited", 3),
        (400, "ServiceQuotaExceededException", "quota", "rate limited", 3),
        (429, "ModelNotReadyException", "warming up", "unavailable", 3),
        (408, "ModelTimeoutException", "timed out", "unavailable", 3),
        (424, "ModelErrorException", "broke", "unavailable", 3),
        (500, "InternalServerException", "oops", "unavailable", 3),
        (503, "ServiceUnavailableException", "later", "unavailable", 3),
        (403, "AccessDeniedException", "no access to the model", "unauthorized", 1),
        (403, "UnrecognizedClientException", "bad token", "unauthorized", 1),
        (403, "ExpiredTokenException", "expired", "unauthorized", 1),
        (404, "ResourceNotFoundException", "no such model", "unauthorized", 1),
        (400, "ValidationException", "Malformed input", "invalid", 1),
        (400, "ValidationException", "Input is too long for requested model.", "too long", 1),
        (500, "SomethingNewException", "?", "unavailable", 3),
        (418, "SomethingNewException", "?", "invalid", 1),
    ] {
        assert_eq!(outcome(Answer::error(status, code, message)).await, (expected, requests, String::new()), "{code}");
        let server = BedrockServer::start(vec![Answer::error(status, code, message)]).await;
        let error = model(&server).stream(question()).await.err().unwrap();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(server.requests().len(), 1, "the SDK must not count attempts of its own: {code}");
    }
}

#[tokio::test]
async fn a_proxys_page_is_told_by_its_status() {
    for (status, expected, requests) in [(502, "unavailable", 3), (504, "unavailable", 3), (429, "rate limited", 3)] {
        let page = Answer::page(status, "<html><h1>Bad gateway</h1></html>");
        assert_eq!(outcome(page).await, (expected, requests, String::new()), "{status}");
    }
    assert_eq!(outcome(Answer::page(200, "<html>Sign in</html>")).await.0, "unavailable");
}

const EXCEPTIONS: [(&str, &str, &str, usize); 6] = [
    ("throttlingException", "slow down", "rate limited", 3),
    ("modelStreamErrorException", "broke", "unavailable", 3),
    ("internalServerException", "oops", "unavailable", 3),
    ("serviceUnavailableException", "later", "unavailable", 3),
    ("validationException", "Malformed input", "invalid", 1),
    ("validationException", "Input is too long for requested model.", "too long", 1),
];

#[tokio::test]
async fn an_exception_in_the_stream_is_typed_and_after_text_it_is_the_end() {
    for (name, message, expected, _) in EXCEPTIONS {
        let answer = Answer::stream(vec![start(), text(0, SAID), exception(name, message)]);
        assert_eq!(outcome(answer).await, (expected, 1, SAID.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn an_exception_in_a_stream_that_said_nothing_is_as_one_before_it() {
    for (name, message, expected, requests) in EXCEPTIONS {
        let thinking = text(0, "<thinking>Which");
        let answer = Answer::stream(vec![start(), thinking, exception(name, message)]);
        assert_eq!(outcome(answer).await, (expected, requests, String::new()), "{name}");
    }
}

#[tokio::test]
async fn an_error_that_the_services_model_does_not_know_is_unavailable() {
    let answer = Answer::stream(vec![start(), text(0, SAID), error("Whatever", "oops")]);
    assert_eq!(outcome(answer).await, ("unavailable", 1, SAID.to_owned()));
}

#[tokio::test]
async fn a_stream_that_ends_early_is_unavailable() {
    let half = || {
        let whole = text(0, " two invoices");
        whole[..whole.len() / 2].to_vec()
    };
    // The client reads on after the text, so that a reset can't take it away.
    let pause = Step::Pause(Duration::from_millis(50));
    for (how, last) in [
        ("no message stop", vec![]),
        ("closed", vec![Step::Cut]),
        ("reset", vec![pause, Step::Reset]),
        ("closed in a frame", vec![Step::Send(half()), Step::Cut]),
        ("a truncated frame", vec![Step::Send(half())]),
    ] {
        let said = [vec![Step::Send(start()), Step::Send(text(0, SAID))], last.clone()].concat();
        assert_eq!(outcome(Answer::steps(said)).await, ("unavailable", 1, SAID.to_owned()), "{how}");
        let silent = [vec![Step::Send(start())], last].concat();
        assert_eq!(outcome(Answer::steps(silent)).await.0, "unavailable", "{how}");
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_before_an_answer_is_unavailable_after_three_attempts() {
    for answer in [Answer::reset(), Answer::steps(vec![Step::Reset]), Answer::steps(vec![Step::Cut])] {
        assert_eq!(outcome(answer.clone()).await, ("unavailable", 3, String::new()), "{answer:?}");
    }
}

#[tokio::test]
async fn a_damaged_frame_is_unavailable() {
    let mut damaged = text(0, " two invoices");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    let frames = vec![start(), text(0, SAID), damaged, stop("end_turn"), usage()];
    assert_eq!(outcome(Answer::stream(frames)).await, ("unavailable", 1, SAID.to_owned()));
}

#[tokio::test]
async fn missing_credentials_and_an_unreachable_service_are_told_apart() {
    let server = BedrockServer::start(vec![Answer::text("ok")]).await;
    let without =
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).build();
    let (_, end) = ask(&retrying(Bedrock::with_config(&without, options(&server))), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unauthorized");

    let nobody = ProfileFileCredentialsProvider::builder().profile_name("a-profile-that-nobody-has").build();
    let empty = config().into_builder().credentials_provider(SharedCredentialsProvider::new(nobody)).build();
    let (_, end) = ask(&retrying(Bedrock::with_config(&empty, options(&server))), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unauthorized");
    assert!(server.requests().is_empty());

    // Bound and dropped: nothing listens there.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let nowhere = BedrockOptions { endpoint_url: Some(format!("http://127.0.0.1:{port}")), ..BedrockOptions::new("m") };
    let (_, end) = ask(&Bedrock::with_config(&config(), nowhere), question()).await;
    assert_eq!(kind(&end.unwrap_err()), "unavailable");
}
