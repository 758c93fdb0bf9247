//! The same answer, however its bytes arrive.

use canvalo::capability::llm::{Content, StopReason, ToolUse};
use serde_json::json;

use crate::server::{Answer, DONE, Step, arguments, event, finish, text, tool, usage};
use crate::support::{answer, kind};

/// An answer with text of several bytes a letter and a tool call.
fn whole() -> String {
    let call = [tool(0, "call_1", "list_invoices", ""), arguments(0, "{\"name\":"), arguments(0, "\"Zoë\"}")].concat();
    [text("Grüße, "), text("日本"), call, finish("tool_calls"), usage(), DONE.into()].concat()
}

async fn is_whole(how: &str, given: Answer) {
    let (said, end) = answer(given).await;
    let completion = end.unwrap_or_else(|error| panic!("{how}: {error}"));
    let call = ToolUse { id: "call_1".into(), name: "list_invoices".into(), input: json!({"name": "Zoë"}) };
    assert_eq!(said, "Grüße, 日本", "{how}");
    assert_eq!(completion.content, [Content::Text("Grüße, 日本".into()), Content::ToolUse(call)], "{how}");
    assert_eq!((completion.stop_reason, completion.usage.input_tokens), (StopReason::ToolUse, 150), "{how}");
}

#[tokio::test]
async fn it_does_not_matter_where_the_network_cuts() {
    let bytes = whole().into_bytes();
    for size in [1, 2, 3, 7, 64, bytes.len()] {
        is_whole(&format!("{size} bytes at a time"), Answer::stream(bytes.chunks(size))).await;
    }
    let crlf = whole().replace('\n', "\r\n").into_bytes();
    is_whole("CRLF cut everywhere", Answer::stream(crlf.chunks(1))).await;
}

#[tokio::test]
async fn line_ends_comments_and_fields_of_all_kinds_are_taken() {
    for (how, body) in [
        ("CRLF", whole().replace('\n', "\r\n")),
        ("CR", whole().replace('\n', "\r")),
        ("comments", format!(": OPENROUTER PROCESSING\n\n{}", whole().replace("data: {", ": ping\n\ndata: {"))),
        ("no space", whole().replace("data: ", "data:")),
        ("blank lines", whole().replace("\n\n", "\n\n\n\n")),
        ("other fields", whole().replace("data: {", "id: 7\nevent: message\nretry: 10\ndata: {")),
        ("empty data", whole().replace("data: {", "data:\n\ndata: {")),
        ("a byte order mark", format!("\u{feff}{}", whole())),
        ("data over two lines", whole().replace("data: {", "data: {\ndata: ")),
    ] {
        is_whole(how, Answer::stream([body])).await;
    }
}

#[tokio::test]
async fn a_stream_may_end_without_its_last_event_once_the_model_has_stopped() {
    for (how, last) in [("no [DONE]", vec![]), ("closed", vec![Step::Cut]), ("stays open", vec![Step::Wait])] {
        let body = Step::Send(whole().replace(DONE, "").into_bytes());
        is_whole(how, Answer::steps([vec![body], last].concat())).await;
    }
    is_whole("more after [DONE]", Answer::stream([whole(), text("more"), "data: {".into()])).await;
}

#[tokio::test]
async fn a_stream_need_not_be_named_as_one() {
    is_whole("plain text", Answer::body(200, "text/plain; charset=utf-8", &whole())).await;
}

#[tokio::test]
async fn what_is_no_json_is_unavailable_and_never_half_an_answer() {
    for broken in ["data: {\"choices\": [\n\n", "data: what?\n\n", "data: \u{1}\n\n"] {
        let (said, end) = answer(Answer::stream([text("You have"), broken.into(), finish("stop"), DONE.into()])).await;
        assert_eq!((said.as_str(), kind(&end.unwrap_err())), ("You have", "unavailable"), "{broken}");
    }
    let latin1 = [text("You have").as_bytes(), b"data: {\"x\": \"\xfc\"}\n\n", finish("stop").as_bytes()].concat();
    assert_eq!(kind(&answer(Answer::stream([latin1])).await.1.unwrap_err()), "unavailable");
}

#[tokio::test]
async fn json_of_another_shape_is_passed_over() {
    let odd = [
        json!(null),
        json!([]),
        json!({}),
        json!({"choices": null}),
        json!({"choices": [7]}),
        json!({"choices": [{"delta": null}]}),
    ];
    let odd: String = odd.iter().map(event).collect();
    is_whole("odd events", Answer::stream([odd, whole()])).await;
    let strange =
        json!({"choices": [{"delta": {"content": 7, "tool_calls": {}, "x": [1]}}], "created": "now", "usage": 7});
    is_whole("odd members", Answer::stream([event(&strange), whole()])).await;
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let mebibyte = "x".repeat(1024 * 1024);
    let thought = event(&json!({"choices": [{"delta": {"reasoning": mebibyte}}]}));
    for (how, begin, part) in [("one line", "data: ", mebibyte), ("thoughts", ":\n", thought)] {
        let parts = std::iter::once(begin.to_owned()).chain(std::iter::repeat_n(part, 17));
        let (said, end) = answer(Answer::stream(parts)).await;
        let error = end.unwrap_err();
        assert!(said.is_empty() && error.to_string().contains("too large"), "{how}: {error}");
    }
}
