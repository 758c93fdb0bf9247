//! The Bedrock provider against a loopback server that speaks the real event-stream framing.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

#[path = "bedrock/server.rs"]
mod server;

use std::time::{Duration, Instant};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use canvalo::capability::llm::bedrock::{Bedrock, BedrockOptions};
use canvalo::capability::llm::{
    Completion, CompletionEvent, CompletionRequest, Content, LanguageModel, LlmError, Message, Role, StopReason,
    TokenUsage, Tool, ToolResult, ToolUse,
};
use futures::StreamExt;
use serde_json::{Value, json};
use server::{Answer, Server, Step, event, exception};

fn config(attempts: u32) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test");
    let retry = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retry)
        .build()
}

fn options(server: &Server) -> BedrockOptions {
    BedrockOptions { endpoint_url: Some(server.url.clone()), ..BedrockOptions::new("amazon.nova-lite-v1:0") }
}

fn model(server: &Server) -> Bedrock {
    Bedrock::with_config(&config(1), options(server))
}

fn question() -> CompletionRequest {
    CompletionRequest {
        system: "You keep invoices.".into(),
        messages: vec![Message::text(Role::User, "Show me all overdue invoices")],
        tools: vec![Tool {
            name: "list_invoices".into(),
            description: "Lists invoices.".into(),
            parameters: json!({"type": "object", "properties": {"limit": {"type": "integer", "maximum": 50}}}),
        }],
        max_output_tokens: Some(500),
        temperature: None,
    }
}

async fn ask(model: &Bedrock, request: CompletionRequest) -> (String, Result<Completion, LlmError>) {
    let mut stream = match model.stream(request).await {
        Ok(stream) => stream,
        Err(error) => return (String::new(), Err(error)),
    };
    let (mut text, mut end) = (String::new(), None);
    while let Some(event) = stream.next().await {
        assert!(end.is_none(), "nothing comes after the end");
        match event {
            Ok(CompletionEvent::TextDelta(delta)) => text.push_str(&delta),
            Ok(CompletionEvent::Finished(completion)) => end = Some(Ok(completion)),
            Err(error) => end = Some(Err(error)),
        }
    }
    (text, end.expect("a stream has an end"))
}

async fn answer(frames: Vec<Vec<u8>>) -> (String, Result<Completion, LlmError>) {
    let server = Server::start(vec![Answer::stream(frames)]).await;
    ask(&model(&server), question()).await
}

fn start() -> Vec<u8> {
    event("messageStart", json!({"role": "assistant"}))
}

fn text(index: u32, text: &str) -> Vec<u8> {
    event("contentBlockDelta", json!({"contentBlockIndex": index, "delta": {"text": text}}))
}

fn tool(index: u32, id: &str, name: &str) -> Vec<u8> {
    event(
        "contentBlockStart",
        json!({"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": id, "name": name}}}),
    )
}

fn input(index: u32, part: &str) -> Vec<u8> {
    event("contentBlockDelta", json!({"contentBlockIndex": index, "delta": {"toolUse": {"input": part}}}))
}

fn block_stop(index: u32) -> Vec<u8> {
    event("contentBlockStop", json!({"contentBlockIndex": index}))
}

fn stop(reason: &str) -> Vec<u8> {
    event("messageStop", json!({"stopReason": reason}))
}

fn usage() -> Vec<u8> {
    let usage = json!({"inputTokens": 120, "outputTokens": 7, "totalTokens": 157, "cacheReadInputTokens": 30});
    event("metadata", json!({"usage": usage, "metrics": {"latencyMs": 210}}))
}

#[tokio::test]
async fn a_text_answer_arrives_in_deltas_with_its_usage_after_the_stop() {
    let frames = vec![
        start(),
        text(0, "You have "),
        text(0, "two "),
        text(0, "invoices."),
        block_stop(0),
        stop("end_turn"),
        usage(),
    ];
    let server = Server::start(vec![Answer::stream(frames)]).await;
    let events: Vec<_> = model(&server).stream(question()).await.unwrap().collect().await;
    let deltas: Vec<&str> = events
        .iter()
        .filter_map(|event| if let Ok(CompletionEvent::TextDelta(text)) = event { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(deltas, ["You have ", "two ", "invoices."]);
    let completion = Completion {
        content: vec![Content::Text("You have two invoices.".into())],
        stop_reason: StopReason::EndTurn,
        usage: TokenUsage { input_tokens: 150, output_tokens: 7, cached_input_tokens: 30 },
    };
    assert_eq!(events.last(), Some(&Ok(CompletionEvent::Finished(completion))));
}

#[tokio::test]
async fn a_delta_is_there_before_the_next_one_is_sent() {
    let pause = Duration::from_millis(1500);
    let steps = vec![
        Step::Send(start()),
        Step::Send(text(0, "first")),
        Step::Pause(pause),
        Step::Send([text(0, " second"), block_stop(0), stop("end_turn"), usage()].concat()),
    ];
    let server = Server::start(vec![Answer::steps(steps)]).await;
    let began = Instant::now();
    let mut stream = model(&server).stream(question()).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(CompletionEvent::TextDelta("first".into()))));
    assert!(began.elapsed() < pause, "the first delta waited for the second");
    assert_eq!(stream.next().await, Some(Ok(CompletionEvent::TextDelta(" second".into()))));
}

#[tokio::test]
async fn tool_uses_are_put_together_from_their_deltas_and_numbers_keep_their_digits() {
    let (shown, end) = answer(vec![
        start(),
        text(0, "<think"),
        text(0, "ing>which tool?</thinking>\n\nOne moment."),
        block_stop(0),
        tool(1, "tooluse_a-1", "list_invoices"),
        input(1, "{\"status\":\"over"),
        input(1, "due\",\"above\":12345678901234567.890}"),
        block_stop(1),
        tool(2, "tooluse_b-2", "list_invoices"),
        block_stop(2),
        stop("tool_use"),
        usage(),
    ])
    .await;
    assert_eq!(shown, "One moment.");
    let completion = end.unwrap();
    assert_eq!(completion.stop_reason, StopReason::ToolUse);
    let exact: Value = serde_json::from_str(r#"{"status":"overdue","above":12345678901234567.890}"#).unwrap();
    let tool = |id: &str, input| Content::ToolUse(ToolUse { id: id.into(), name: "list_invoices".into(), input });
    let expected = [Content::Text("One moment.".into()), tool("tooluse_a-1", exact), tool("tooluse_b-2", json!({}))];
    assert_eq!(completion.content, expected);
}

#[tokio::test]
async fn a_tool_use_cut_by_the_length_limit_never_surfaces() {
    for cut in ["{\"status\":\"over", ""] {
        let mut frames = vec![start(), text(0, "One moment."), block_stop(0), tool(1, "a", "delete_invoice")];
        frames.extend((!cut.is_empty()).then(|| input(1, cut)));
        frames.extend([block_stop(1), stop("max_tokens"), usage()]);
        let completion = answer(frames).await.1.unwrap();
        assert_eq!(completion.stop_reason, StopReason::MaxTokens);
        assert_eq!(completion.content, [Content::Text("One moment.".into())]);
    }
}

#[tokio::test]
async fn arguments_that_are_not_an_object_are_left_out_and_the_stop_reason_says_so() {
    for broken in ["[1]", "{\"a\":", "null"] {
        let frames =
            vec![start(), tool(0, "a", "list_invoices"), input(0, broken), block_stop(0), stop("tool_use"), usage()];
        let completion = answer(frames).await.1.unwrap();
        assert!(completion.content.is_empty());
        assert_eq!(completion.stop_reason, StopReason::Other("malformed_tool_use".into()));
    }
}

#[tokio::test]
async fn stop_reasons_are_kept_and_unknown_ones_are_passed_on_in_the_providers_word() {
    for (word, reason) in [
        ("stop_sequence", StopReason::StopSequence),
        ("content_filtered", StopReason::ContentFiltered),
        ("guardrail_intervened", StopReason::ContentFiltered),
        ("something_new", StopReason::Other("something_new".into())),
    ] {
        let end = answer(vec![start(), text(0, "x"), block_stop(0), stop(word), usage()]).await.1;
        assert_eq!(end.unwrap().stop_reason, reason);
    }
}

#[tokio::test]
async fn usage_is_estimated_when_the_stream_ends_without_it() {
    let (_, end) = answer(vec![start(), text(0, "12345678"), block_stop(0), stop("end_turn")]).await;
    let usage = end.unwrap().usage;
    assert_eq!(usage.output_tokens, 2);
    assert!((20..100).contains(&usage.input_tokens), "{usage:?}");
}

#[tokio::test]
async fn an_exception_within_the_stream_ends_it_with_a_typed_error() {
    type Kind = fn(&LlmError) -> bool;
    let cases: [(&str, &str, Kind); 5] = [
        ("throttlingException", "slow down", |e| matches!(e, LlmError::RateLimited(_))),
        ("modelStreamErrorException", "broke", |e| matches!(e, LlmError::Unavailable(_))),
        ("internalServerException", "oops", |e| matches!(e, LlmError::Unavailable(_))),
        ("serviceUnavailableException", "later", |e| matches!(e, LlmError::Unavailable(_))),
        ("validationException", "Input is too long for requested model.", |e| matches!(e, LlmError::ContextTooLong(_))),
    ];
    for (name, message, expected) in cases {
        let (shown, end) = answer(vec![start(), text(0, "You have"), exception(name, message)]).await;
        assert_eq!(shown, "You have");
        let error = end.unwrap_err();
        assert!(expected(&error), "{name} gave {error:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_unavailable() {
    let whole = text(0, " have two");
    let truncated = [
        Answer::stream(vec![start(), text(0, "You")]),
        Answer::steps(vec![Step::Send(start()), Step::Send(text(0, "You")), Step::Cut]),
        Answer::steps(vec![Step::Send(text(0, "You")), Step::Send(whole[..whole.len() / 2].to_vec()), Step::Cut]),
        Answer::stream(vec![text(0, "You"), whole[..whole.len() / 2].to_vec()]),
    ];
    for answer in truncated {
        let server = Server::start(vec![answer]).await;
        let (shown, end) = ask(&model(&server), question()).await;
        assert_eq!(shown, "You");
        assert!(matches!(end, Err(LlmError::Unavailable(_))), "{end:?}");
    }
}

#[tokio::test]
async fn a_damaged_frame_is_unavailable() {
    let mut damaged = text(0, "You have two");
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    let end = answer(vec![start(), damaged, stop("end_turn"), usage()]).await.1;
    assert!(matches!(end, Err(LlmError::Unavailable(_))), "{end:?}");
}

#[tokio::test]
async fn refusals_before_the_stream_are_typed() {
    type Kind = fn(&LlmError) -> bool;
    let cases: [(u16, &str, &str, Kind); 8] = [
        (429, "ThrottlingException", "Too many requests", |e| matches!(e, LlmError::RateLimited(_))),
        (403, "AccessDeniedException", "no access to the model", |e| matches!(e, LlmError::Unauthorized(_))),
        (403, "UnrecognizedClientException", "bad token", |e| matches!(e, LlmError::Unauthorized(_))),
        (400, "ValidationException", "Malformed input", |e| matches!(e, LlmError::Invalid(_))),
        (400, "ValidationException", "Input is too long", |e| matches!(e, LlmError::ContextTooLong(_))),
        (408, "ModelTimeoutException", "timed out", |e| matches!(e, LlmError::Unavailable(_))),
        (429, "ModelNotReadyException", "warming up", |e| matches!(e, LlmError::Unavailable(_))),
        (503, "ServiceUnavailableException", "later", |e| matches!(e, LlmError::Unavailable(_))),
    ];
    for (status, code, message, expected) in cases {
        let server = Server::start(vec![Answer::error(status, code, message)]).await;
        let error = model(&server).stream(question()).await.map(|_| ()).unwrap_err();
        assert!(expected(&error), "{code} gave {error:?}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn the_sdk_tries_again_when_it_is_throttled_before_the_stream() {
    let whole = Answer::stream(vec![start(), text(0, "ok"), block_stop(0), stop("end_turn"), usage()]);
    let server = Server::start(vec![Answer::error(429, "ThrottlingException", "slow down"), whole]).await;
    let (shown, end) = ask(&Bedrock::with_config(&config(2), options(&server)), question()).await;
    assert_eq!((shown.as_str(), end.is_ok(), server.requests().len()), ("ok", true, 2));
}

#[tokio::test]
async fn missing_credentials_and_an_unreachable_service_are_told_apart() {
    let server = Server::start(vec![Answer::stream(vec![])]).await;
    let without =
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).build();
    let error = Bedrock::with_config(&without, options(&server)).stream(question()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, LlmError::Unauthorized(_)), "{error:?}");

    let nobody = ProfileFileCredentialsProvider::builder().profile_name("a-profile-that-nobody-has").build();
    let empty = config(1).into_builder().credentials_provider(SharedCredentialsProvider::new(nobody)).build();
    let error = Bedrock::with_config(&empty, options(&server)).stream(question()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, LlmError::Unauthorized(_)), "{error:?}");
    assert!(server.requests().is_empty());

    // Bound and dropped: nothing listens there.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let nowhere = BedrockOptions { endpoint_url: Some(format!("http://127.0.0.1:{port}")), ..BedrockOptions::new("m") };
    let error = Bedrock::with_config(&config(1), nowhere).stream(question()).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, LlmError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn silence_before_and_between_events_ends_the_call() {
    let short = |server: &Server| {
        let mut options = options(server);
        options.timeouts.first_event = Duration::from_millis(300);
        options.timeouts.between_events = Duration::from_millis(300);
        Bedrock::with_config(&config(1), options)
    };
    for steps in [vec![Step::Wait], vec![Step::Send(start()), Step::Send(text(0, "You")), Step::Wait]] {
        let server = Server::start(vec![Answer::steps(steps)]).await;
        let began = Instant::now();
        let (_, end) = ask(&short(&server), question()).await;
        assert!(matches!(end, Err(LlmError::Unavailable(_))), "{end:?}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let steps = vec![Step::Send(start()), Step::Send(text(0, "You")), Step::Wait];
    let mut server = Server::start(vec![Answer::steps(steps)]).await;
    let mut stream = model(&server).stream(question()).await.unwrap();
    assert!(stream.next().await.is_some());
    drop(stream);
    tokio::time::timeout(Duration::from_secs(5), server.client_closed()).await.expect("the connection is closed");
}

#[tokio::test]
async fn the_request_is_in_the_services_shape() {
    let server = Server::start(vec![Answer::stream(vec![start(), text(0, "ok"), stop("end_turn"), usage()])]).await;
    let mut request = question();
    let used = ToolUse { id: "use_1".into(), name: "list_invoices".into(), input: json!({"limit": 5}) };
    let result =
        |id: &str, content, is_error| Content::ToolResult(ToolResult { tool_use_id: id.into(), content, is_error });
    let other = ToolUse { id: "use_2".into(), ..used.clone() };
    request.messages.push(Message {
        role: Role::Assistant,
        content: vec![Content::Text(" ".into()), Content::ToolUse(used), Content::ToolUse(other)],
    });
    request.messages.push(Message {
        role: Role::User,
        content: vec![
            result("use_1", json!({"rows": [{"total": 12.5}]}), false),
            result("use_2", json!({"error": "no"}), true),
        ],
    });
    ask(&model(&server), request).await.1.unwrap();
    let sent = &server.requests()[0];
    assert!(sent.head.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse-stream "), "{}", sent.head);
    assert_eq!(
        sent.body,
        json!({
            "system": [{"text": "You keep invoices."}],
            "messages": [
                {"role": "user", "content": [{"text": "Show me all overdue invoices"}]},
                {"role": "assistant", "content": [
                    {"toolUse": {"toolUseId": "use_1", "name": "list_invoices", "input": {"limit": 5}}},
                    {"toolUse": {"toolUseId": "use_2", "name": "list_invoices", "input": {"limit": 5}}},
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "use_1", "status": "success", "content": [{"json": {"rows": [{"total": 12.5}]}}]}},
                    {"toolResult": {"toolUseId": "use_2", "status": "error", "content": [{"json": {"error": "no"}}]}},
                ]},
            ],
            "inferenceConfig": {"maxTokens": 500, "temperature": 0.0},
            "toolConfig": {"tools": [{"toolSpec": {
                "name": "list_invoices",
                "description": "Lists invoices.",
                "inputSchema": {"json": {"type": "object", "properties": {"limit": {"type": "integer", "maximum": 50}}}},
            }}]},
        })
    );
}
