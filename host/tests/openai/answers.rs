//! What becomes of an answer.

use std::time::{Duration, Instant};

use canvalo::capability::llm::{CompletionEvent, Content, LanguageModel, StopReason, TokenUsage, ToolUse};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::server::{Answer, DONE, Server, Step, arguments, chunk, event, finish, text, tool, usage};
use crate::support::{answer, ask, model, question};

#[tokio::test]
async fn text_arrives_as_it_is_written() {
    let pause = Duration::from_secs(1);
    let steps = vec![
        Step::Send(chunk(json!({"role": "assistant", "content": ""}), None).into()),
        Step::Send(text("first").into()),
        Step::Pause(pause),
        Step::Send([text(" second"), finish("stop"), usage(), DONE.into()].concat().into()),
    ];
    let server = Server::start(vec![Answer::steps(steps)]).await;
    let began = Instant::now();
    let mut stream = model(&server.url).stream(question()).await.unwrap();
    assert_eq!(stream.next().await, Some(Ok(CompletionEvent::TextDelta("first".into()))));
    assert!(began.elapsed() < pause, "the first delta waited for the second");
    assert_eq!(stream.next().await, Some(Ok(CompletionEvent::TextDelta(" second".into()))));
    let Some(Ok(CompletionEvent::Finished(completion))) = stream.next().await else { panic!("no end") };
    assert_eq!(completion.content, [Content::Text("first second".into())]);
    assert_eq!(
        completion.usage,
        TokenUsage { input_tokens: 150, output_tokens: 7, cached_input_tokens: 30, is_estimate: false }
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn text_and_tool_calls_of_one_answer_arrive_together_and_numbers_keep_their_digits() {
    let (shown, end) = answer(Answer::stream([
        text("<thi"),
        text("nk>which tool?</think>\n\nOne moment."),
        tool(0, "call_a", "list_invoices", ""),
        tool(1, "", "list_invoices", ""),
        arguments(0, "{\"status\":\"over"),
        arguments(0, "due\",\"above\":12345678901234567.890}"),
        finish("tool_calls"),
        usage(),
        DONE.into(),
    ]))
    .await;
    assert_eq!(shown, "One moment.");
    let completion = end.unwrap();
    assert_eq!(completion.stop_reason, StopReason::ToolUse);
    let exact: Value = serde_json::from_str(r#"{"status":"overdue","above":12345678901234567.890}"#).unwrap();
    let [Content::Text(said), Content::ToolUse(first), Content::ToolUse(second)] = &completion.content[..] else {
        panic!("{completion:?}")
    };
    assert_eq!(said, "One moment.");
    assert_eq!(first, &ToolUse { id: "call_a".into(), name: "list_invoices".into(), input: exact });
    assert_eq!((second.input.clone(), second.id.starts_with("call_")), (json!({}), true));
}

#[tokio::test]
async fn thoughts_are_never_shown() {
    let thinking = |member: &str| chunk(json!({"content": null, member: "The user wants"}), None);
    let (shown, end) = answer(Answer::stream([
        thinking("reasoning_content"),
        thinking("reasoning"),
        text("<thinking>hm</think"),
        text("ing>"),
        text("Two."),
        chunk(json!({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": " Or"}]}), None),
        text(" three <"),
        finish("stop"),
        DONE.into(),
    ]))
    .await;
    assert_eq!(shown, "Two. Or three <");
    assert_eq!(end.unwrap().content, [Content::Text("Two. Or three <".into())]);
}

#[tokio::test]
async fn a_tool_call_that_was_cut_or_withheld_never_surfaces() {
    for (how, parts) in [
        ("in the JSON", vec!["{\"id\":", "finish:length"]),
        ("before the JSON", vec!["", "finish:length"]),
        ("stop", vec!["{\"id\":\"7\"", "finish:stop"]),
        ("tool_calls", vec!["{\"id\":7}}", "finish:tool_calls"]),
        ("no object", vec!["[7]", "finish:tool_calls"]),
        ("withheld", vec!["{\"id\":\"7\"}", "finish:content_filter"]),
        ("unknown", vec!["", "finish:aborted"]),
    ] {
        let reason = parts[1].strip_prefix("finish:").unwrap();
        let call = tool(0, "call_1", "delete_invoice", parts[0]);
        let (_, end) = answer(Answer::stream([text("One moment."), call, finish(reason), usage(), DONE.into()])).await;
        let completion = end.unwrap();
        assert_eq!(completion.content, [Content::Text("One moment.".into())], "{how}");
        assert_ne!(completion.stop_reason, StopReason::ToolUse, "{how}");
    }
}

#[tokio::test]
async fn stop_reasons_are_kept_and_unknown_ones_are_passed_on_in_the_servers_word() {
    for (word, reason) in [
        ("stop", StopReason::EndTurn),
        ("length", StopReason::MaxTokens),
        ("content_filter", StopReason::ContentFiltered),
        ("tool_calls", StopReason::Other("malformed_tool_use".into())),
        ("function_call", StopReason::Other("malformed_tool_use".into())),
        ("something_new", StopReason::Other("something_new".into())),
    ] {
        let end = answer(Answer::stream([text("x"), finish(word), usage(), DONE.into()])).await.1;
        assert_eq!(end.unwrap().stop_reason, reason, "{word}");
    }
}

#[tokio::test]
async fn a_whole_tool_call_is_one_whatever_the_server_calls_the_end() {
    for word in ["stop", "tool_calls", "function_call"] {
        let call = tool(0, "call_1", "list_invoices", "{}");
        let completion = answer(Answer::stream([call, finish(word), DONE.into()])).await.1.unwrap();
        assert!(
            completion.stop_reason == StopReason::ToolUse && completion.content.len() == 1,
            "{word}: {completion:?}"
        );
    }
    let oldest = |function: Value| chunk(json!({ "function_call": function }), None);
    let parts =
        [oldest(json!({"name": "list_invoices", "arguments": ""})), oldest(json!({"arguments": "{\"limit\":1}"}))];
    let completion = answer(Answer::stream([parts.concat(), finish("function_call")])).await.1.unwrap();
    let Content::ToolUse(call) = &completion.content[0] else { panic!("{completion:?}") };
    assert_eq!((call.name.as_str(), &call.input), ("list_invoices", &json!({"limit": 1})));
}

#[tokio::test]
async fn usage_is_taken_wherever_it_stands_and_estimated_where_it_does_not() {
    let figures = json!({"prompt_tokens": 9, "completion_tokens": 3});
    let within = json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": figures});
    let usage = answer(Answer::stream([text("12345678"), event(&within)])).await.1.unwrap().usage;
    assert_eq!(usage, TokenUsage { input_tokens: 9, output_tokens: 3, cached_input_tokens: 0, is_estimate: false });
    let nothing = event(&json!({"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}));
    let error = event(&json!({"error": {"message": "oops"}}));
    for last in [
        vec![Step::Send(DONE.into())],
        vec![Step::Send(nothing.into()), Step::Send(DONE.into())],
        vec![],
        vec![Step::Cut],
        vec![Step::Reset],
        vec![Step::Wait],
        vec![Step::Send(error.into())],
    ] {
        let whole = vec![Step::Send(text("12345678").into()), Step::Send(finish("stop").into())];
        let server = Server::start(vec![Answer::steps([whole, last].concat())]).await;
        let usage = ask(&model(&server.url), question()).await.1.unwrap().usage;
        assert_eq!(usage.output_tokens, 2);
        assert!(usage.is_estimate && (20..100).contains(&usage.input_tokens), "{usage:?}");
    }
}
