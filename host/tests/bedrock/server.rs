//! A loopback server that answers like Bedrock: real event-stream frames over HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One step of an answer.
pub(crate) enum Step {
    /// Bytes of the body.
    Send(Vec<u8>),
    /// Nothing for a while.
    Pause(Duration),
    /// Nothing until the client closes the connection.
    Wait,
    /// The connection is closed in the middle of the body.
    Cut,
}

/// One answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) steps: Vec<Step>,
}

impl Answer {
    /// A stream of frames, ended properly.
    pub(crate) fn stream(frames: Vec<Vec<u8>>) -> Self {
        Self::steps(frames.into_iter().map(Step::Send).collect())
    }

    pub(crate) fn steps(steps: Vec<Step>) -> Self {
        let headers = vec![("content-type", "application/vnd.amazon.eventstream".to_owned())];
        Self { status: 200, headers, steps }
    }

    /// An error as the service's JSON protocol writes it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-errortype", code.to_owned())];
        let body = serde_json::json!({ "message": message }).to_string();
        Self { status, headers, steps: vec![Step::Send(body.into_bytes())] }
    }
}

/// An event frame.
pub(crate) fn event(name: &str, payload: Value) -> Vec<u8> {
    frame("event", ":event-type", name, payload)
}

/// An exception frame.
pub(crate) fn exception(name: &str, message: &str) -> Vec<u8> {
    frame("exception", ":exception-type", name, serde_json::json!({ "message": message }))
}

fn frame(message_type: &str, name_header: &'static str, name: &str, payload: Value) -> Vec<u8> {
    let header = |name: &'static str, value: &str| Header::new(name, HeaderValue::String(value.to_owned().into()));
    let message = Message::new(payload.to_string().into_bytes())
        .add_header(header(":message-type", message_type))
        .add_header(header(name_header, name))
        .add_header(header(":content-type", "application/json"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// The server. It stops when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    closed: watch::Receiver<usize>,
    _connections: JoinSet<()>,
}

impl Server {
    /// Answers the first request with the first answer, and so on; the last one serves all that follow.
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (closed_sender, closed) = watch::channel(0);
        let mut connections = JoinSet::new();
        let (log, answers) = (requests.clone(), Arc::new(answers));
        connections.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                open.spawn(serve(stream, log.clone(), answers.clone(), closed_sender.clone()));
            }
        });
        Self { url, requests, closed, _connections: connections }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until a client has closed a connection on which the server was waiting.
    pub(crate) async fn client_closed(&mut self) {
        self.closed.wait_for(|count| *count > 0).await.unwrap();
    }
}

async fn serve(
    mut stream: TcpStream,
    log: Arc<Mutex<Vec<Request>>>,
    answers: Arc<Vec<Answer>>,
    closed: watch::Sender<usize>,
) {
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(request);
            log.len() - 1
        };
        let answer = &answers[number.min(answers.len() - 1)];
        let mut head = format!("HTTP/1.1 {} Answer\r\ntransfer-encoding: chunked\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        for step in &answer.steps {
            match step {
                Step::Send(bytes) => {
                    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                    chunk.extend_from_slice(bytes);
                    chunk.extend_from_slice(b"\r\n");
                    if stream.write_all(&chunk).await.is_err() {
                        return;
                    }
                }
                Step::Pause(time) => tokio::time::sleep(*time).await,
                Step::Wait => {
                    let mut byte = [0];
                    let _ = stream.read(&mut byte).await;
                    closed.send_modify(|count| *count += 1);
                    return;
                }
                Step::Cut => return,
            }
        }
        if stream.write_all(b"0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap()))
        .unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { head, body: serde_json::from_slice(&bytes[end..]).unwrap_or_default() })
}
