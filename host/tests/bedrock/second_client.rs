//! The proof that the loopback server speaks the protocol and that our requests are the service's: botocore, which knows
//! the service's own model and shares no code with the SDK used here, reads the one and checks the other.

use std::path::Path;
use std::process::Stdio;

use canvalo::capability::llm::bedrock::Guardrail;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::python::python;
use crate::requests::{conversation, sent};
use crate::server::{Answer, BedrockServer, block_stop, error, exception, input, start, stop, text, tool, usage};
use crate::support::{CLAUDE, NOVA, question};

/// What the script prints.
async fn second_client(arguments: &[&str], stdin: &Value) -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("botocore");
    let python = tokio::task::spawn_blocking(move || python(&folder, include_str!("requirements.txt"))).await.unwrap();
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bedrock/second_client.py")).args(arguments);
    // The developer's own AWS settings and proxies are none of this.
    command.env_clear().kill_on_drop(true).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(stdin.to_string().as_bytes()).await.unwrap();
    drop(pipe);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn another_client_reads_a_tool_use_conversation_and_every_failure_from_the_server() {
    let asks = Answer::stream(vec![
        start(),
        tool(0, "tooluse_1", "list_invoices"),
        input(0, "{\"status\":\"over"),
        input(0, "due\"}"),
        block_stop(0),
        stop("tool_use"),
        usage(),
    ]);
    let server = BedrockServer::start(vec![
        asks,
        Answer::text("Nothing is overdue."),
        Answer::error(429, "ThrottlingException", "slow down"),
        Answer::error(400, "ValidationException", "too long"),
        Answer::stream(vec![start(), text(0, "You"), exception("throttlingException", "slow down")]),
        Answer::stream(vec![exception("modelStreamErrorException", "broke")]),
        Answer::stream(vec![start(), error("Whatever", "oops")]),
        Answer::text("That is all."),
    ])
    .await;
    let seen = second_client(&["talk", &server.url], &Value::Null).await;
    let usage = json!({"inputTokens": 120, "outputTokens": 7, "totalTokens": 157, "cacheReadInputTokens": 30});
    let tool_use = json!({"toolUseId": "tooluse_1", "name": "list_invoices", "input": {"status": "overdue"}});
    assert_eq!(
        seen,
        json!({
            "first": {
                "role": "assistant",
                "content": [{"toolUse": tool_use}],
                "stopReason": "tool_use",
                "usage": usage,
            },
            "second": {
                "role": "assistant",
                "content": [{"text": "Nothing is overdue."}],
                "stopReason": "end_turn",
                "usage": usage,
            },
            "failures": [
                "ThrottlingException ThrottlingException: slow down",
                "ValidationException ValidationException: too long",
                "EventStreamError throttlingException: slow down",
                "EventStreamError modelStreamErrorException: broke",
                "EventStreamError Whatever: oops",
            ],
        })
    );
    let result = &server.requests()[1].body["messages"][2]["content"][0]["toolResult"];
    assert_eq!(result["toolUseId"], "tooluse_1", "and the server read the client's second request");
}

#[tokio::test]
async fn the_services_model_has_nothing_against_our_requests() {
    let guardrail = Guardrail { id: "gr1abc".into(), version: "3".into() };
    let mut bare = question();
    bare.tools = std::sync::Arc::default();
    let mut bodies = Vec::new();
    for request in
        [sent(NOVA, None, conversation()), sent(CLAUDE, Some(guardrail), conversation()), sent(NOVA, None, bare)]
    {
        bodies.push(request.await.body);
    }
    // What a model would say if it had something against them.
    bodies.push(json!({"messages": [], "sytem": []}));
    let reports = second_client(&["validate"], &Value::Array(bodies)).await;
    let reports: Vec<&str> = reports.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(reports[..3], ["", "", ""]);
    assert!(reports[3].contains("sytem"), "{reports:?}");
}
