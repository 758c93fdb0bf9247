//! A client that asks and then does not read.

use std::sync::Arc;
use std::time::Duration;

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Server, new_user, until};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::scripts::{script, skip};

/// A real socket, with buffers so small that what lies in them is no turn.
pub(crate) struct Reader(TcpStream);

impl Reader {
    /// A server for one turn at a time, whose agent says more than the buffers take, as fast as it can.
    pub(crate) async fn server() -> (Server, Arc<Scripted>) {
        let words: Vec<String> = (0..5_000).map(|number| format!("word{number} ")).collect();
        let model = script(json!([
            { "when": { "last_user_contains": "hi" }, "reply": { "text": "Hello!" } },
            { "when": { "tool_offered": "list_invoices" }, "reply": { "text": words.concat(), "deltas": words } },
            { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
        ]));
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(4 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let server = Server::on(socket.listen(16).unwrap(), model.clone(), &[("CANVALO_MAX_TURNS", "1")]).await;
        (server, model)
    }

    /// Asks, and waits until the turn waits for this reader.
    pub(crate) async fn stalled(server: &Server, model: &Scripted) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let address = server.url.trim_start_matches("http://");
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let body = json!({ "message": "a long story" }).to_string();
        let head = format!(
            "POST /api/chat/stream HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            server.world.token(new_user()),
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        until("asking the model", || model.in_flight() == 1).await;
        // The whole answer takes a few milliseconds when somebody reads.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(model.in_flight(), 1, "the turn waits");
        assert_eq!(server.app.supervisor.runtime().free_slots(), 0);
        Self(stream)
    }
}

async fn is_served_again(server: &Server, model: &Scripted) {
    until("stopping the model", || model.in_flight() == 0).await;
    assert_eq!(model.cancelled(), 1);
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 1).await;
    until("admitting a turn", || server.app.admit().is_some()).await;
    assert_eq!(server.chat(new_user(), "hi").await.text(), "Hello!");
}

#[tokio::test]
async fn is_given_up_after_half_a_minute_and_told_so_should_it_read_after_all() {
    let (server, model) = Reader::server().await;
    let Reader(mut stream) = Reader::stalled(&server, &model).await;
    skip(Duration::from_secs(25)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(model.in_flight(), 1, "it is waited for");

    skip(Duration::from_secs(6)).await;
    is_served_again(&server, &model).await;

    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("word0 ") && !rest.contains("word4999 "), "{rest}");
    let last = rest.lines().rfind(|line| line.starts_with("data: ")).unwrap();
    assert!(last.contains(r#""code":"STREAM_TIMEOUT""#), "{last}");
}

#[tokio::test]
async fn frees_its_slot_at_once_when_it_goes_away() {
    let (server, model) = Reader::server().await;
    drop(Reader::stalled(&server, &model).await);
    is_served_again(&server, &model).await;
}
