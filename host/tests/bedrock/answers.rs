//! How an answer is put together from its stream.

use std::time::{Duration, Instant};

use canvalo::capability::llm::{Completion, CompletionEvent, Content, LanguageModel, StopReason, TokenUsage, ToolUse};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::server::{Answer, BedrockServer, Step, block_stop, exception, input, start, stop, text, tool, usage};
use crate::support::{answer, ask, model, question};

#[tokio::test]
async fn a_text_answer_arrives_in_deltas_with_its_usage_after_the_stop() {
    let deltas = ["You have ", "two ", "invoices."];
    let mut frames = vec![start()];
    frames.extend(deltas.map(|delta| text(0, delta)));
    frames.extend([block_stop(0), stop("end_turn"), usage()]);
    let server = BedrockServer::start(vec![Answer::stream(frames)]).await;
    let events: Vec<_> = model(&server).stream(question()).await.unwrap().collect().await;
    let mut expected: Vec<_> = deltas.map(|delta| Ok(CompletionEvent::TextDelta(delta.into()))).into();
    expected.push(Ok(CompletionEvent::Finished(Completion {
        content: vec![Content::Text(deltas.concat())],
        stop_reason: StopReason::EndTurn,
        usage: TokenUsage { input_tokens: 150, output_tokens: 7, cached_input_tokens: 30, is_estimate: false },
        model: None,
    })));
    assert_eq!(events, expected);
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
    let server = BedrockServer::start(vec![Answer::steps(steps)]).await;
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
        ("end_turn", StopReason::EndTurn),
        ("tool_use", StopReason::Other("malformed_tool_use".into())),
        ("max_tokens", StopReason::MaxTokens),
        ("model_context_window_exceeded", StopReason::MaxTokens),
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
async fn a_tool_that_a_withheld_answer_asked_for_never_surfaces() {
    for word in ["guardrail_intervened", "content_filtered"] {
        let frames = vec![
            start(),
            tool(0, "a", "delete_invoice"),
            input(0, "{\"id\":\"7\"}"),
            block_stop(0),
            text(1, "I can't help with that."),
            block_stop(1),
            stop(word),
            usage(),
        ];
        let completion = answer(frames).await.1.unwrap();
        assert_eq!(completion.content, [Content::Text("I can't help with that.".into())]);
    }
}

#[tokio::test]
async fn usage_is_estimated_when_the_stream_ends_breaks_or_stalls_without_it() {
    let whole = [start(), text(0, "12345678"), block_stop(0), stop("end_turn")].map(Step::Send);
    for last in [
        vec![],
        vec![Step::Cut],
        vec![Step::Reset],
        vec![Step::Wait],
        vec![Step::Send(exception("throttlingException", "slow down"))],
    ] {
        let server = BedrockServer::start(vec![Answer::steps([whole.to_vec(), last].concat())]).await;
        let usage = ask(&model(&server), question()).await.1.unwrap().usage;
        assert_eq!(usage.output_tokens, 2);
        assert!(usage.is_estimate && (20..100).contains(&usage.input_tokens), "{usage:?}");
    }
}
