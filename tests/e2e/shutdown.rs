//! A server that is told to stop.

use std::time::Duration;

use canvalo_tests::{Answer, Server, chunks, new_user, until};
use futures::{Stream, StreamExt};
use serde_json::json;

use crate::scripts::{script, skip, slow};
use crate::slow_reader::Reader;

#[tokio::test]
async fn it_takes_no_new_turn_and_lets_a_running_one_end() {
    let words = json!([
        { "when": { "tool_offered": "invoices" }, "reply": { "text": "one two three", "deltas": 3, "delay_ms": 100 } },
    ]);
    let mut server = Server::with_model(script(words)).await;
    let running = server.send(new_user(), &json!({ "message": "hi" })).await;
    server.app.shutdown.cancel();
    assert!(server.app.admit().is_none(), "a connection that is open gets a 503");
    let address = server.url.trim_start_matches("http://").to_owned();
    until("closing the port", || std::net::TcpStream::connect(&address).is_err()).await;

    let answer = Answer(chunks(&running.text().await.unwrap()));
    assert_eq!(answer.text(), "one two three");
    assert_eq!(answer.end()["type"], "complete");
    server.stopped().await;
}

async fn read_until<B: AsRef<[u8]>>(
    word: &str,
    stream: &mut (impl Stream<Item = reqwest::Result<B>> + Unpin),
    text: &mut Vec<u8>,
) {
    while !String::from_utf8_lossy(text).contains(word) {
        text.extend_from_slice(stream.next().await.expect("more of it").unwrap().as_ref());
    }
}

#[tokio::test]
async fn a_turn_that_is_still_running_after_the_grace_ends_with_an_error_and_the_server_stops() {
    let model = slow();
    let mut server = Server::with_model(model.clone()).await;
    let response = server.send(new_user(), &json!({ "message": "a long story" })).await;
    let mut stream = response.bytes_stream();
    let mut text = Vec::new();
    read_until("word2 ", &mut stream, &mut text).await;
    server.app.shutdown.cancel();
    // Words go on coming, each of them an event, for as long as the grace lasts.
    read_until("word6 ", &mut stream, &mut text).await;
    skip(Duration::from_secs(7)).await;
    read_until("word10 ", &mut stream, &mut text).await;
    skip(Duration::from_secs(3)).await;
    while let Some(bytes) = stream.next().await {
        text.extend_from_slice(&bytes.unwrap());
    }

    let answer = Answer(chunks(&String::from_utf8(text).unwrap()));
    assert!(answer.text().starts_with("word0 word1 ") && !answer.text().contains("word100 "));
    assert_eq!(answer.error_code(), "SHUTTING_DOWN");
    assert_eq!(answer.end()["error"]["retryable"], true);
    until("stopping the model", || model.in_flight() == 0).await;
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 64).await;
    tokio::time::timeout(Duration::from_secs(5), server.stopped()).await.expect("it stops");
}

#[tokio::test]
async fn a_reader_who_does_not_read_does_not_hold_it_up() {
    let (mut server, model) = Reader::server().await;
    let _reader = Reader::stalled(&server, &model).await;
    server.app.shutdown.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    skip(Duration::from_secs(10)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    skip(Duration::from_secs(2)).await;
    tokio::time::timeout(Duration::from_secs(5), server.stopped()).await.expect("it stops");
}
