//! A loopback server that answers like Amazon Bedrock's ConverseStream: real event-stream frames over HTTP, and every way
//! in which that goes wrong. The host's own tests use this file as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One step of an answer.
#[derive(Debug, Clone)]
pub enum Step {
    /// The status and the headers.
    Head,
    /// Bytes of the body.
    Send(Vec<u8>),
    /// Nothing for a while.
    Pause(Duration),
    /// Nothing until the client closes the connection.
    Wait,
    /// The connection is closed in the middle of the body.
    Cut,
    /// The connection is reset.
    Reset,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    steps: Vec<Step>,
}

impl Answer {
    /// A stream of frames, ended properly.
    pub fn stream(frames: Vec<Vec<u8>>) -> Self {
        Self::steps(frames.into_iter().map(Step::Send).collect())
    }

    /// A stream whose body goes these steps, and ends properly if none of them ends it.
    pub fn steps(steps: Vec<Step>) -> Self {
        let headers = vec![("content-type", "application/vnd.amazon.eventstream".to_owned())];
        Self { status: 200, headers, steps: [vec![Step::Head], steps].concat() }
    }

    /// A whole answer of text.
    pub fn text(words: &str) -> Self {
        Self::stream(vec![start(), text(0, words), block_stop(0), stop("end_turn"), usage()])
    }

    /// A whole answer that asks for a tool.
    pub fn tool_use(id: &str, name: &str, arguments: &Value) -> Self {
        let input = input(0, &arguments.to_string());
        Self::stream(vec![start(), tool(0, id, name), input, block_stop(0), stop("tool_use"), usage()])
    }

    /// An error as the service's JSON protocol writes it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-errortype", code.to_owned())];
        let body = json!({ "message": message }).to_string();
        Self { status, headers, steps: vec![Step::Head, Step::Send(body.into_bytes())] }
    }

    /// A page of a proxy that stands before the service.
    pub fn page(status: u16, html: &str) -> Self {
        let headers = vec![("content-type", "text/html".to_owned())];
        Self { status, headers, steps: vec![Step::Head, Step::Send(html.as_bytes().to_vec())] }
    }

    /// No answer: the connection stays open until the client closes it.
    pub fn silent() -> Self {
        Self { status: 0, headers: Vec::new(), steps: vec![Step::Wait] }
    }

    /// No answer: the connection is reset.
    pub fn reset() -> Self {
        Self { status: 0, headers: Vec::new(), steps: vec![Step::Reset] }
    }

    /// With a header more.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Only after a while.
    pub fn after(mut self, latency: Duration) -> Self {
        self.steps.insert(0, Step::Pause(latency));
        self
    }
}

/// The frame that begins a message.
pub fn start() -> Vec<u8> {
    event("messageStart", json!({ "role": "assistant" }))
}

/// Text of a block.
pub fn text(block: u32, text: &str) -> Vec<u8> {
    event("contentBlockDelta", json!({ "contentBlockIndex": block, "delta": { "text": text } }))
}

/// The beginning of a block that asks for a tool.
pub fn tool(block: u32, id: &str, name: &str) -> Vec<u8> {
    let tool_use = json!({ "toolUse": { "toolUseId": id, "name": name } });
    event("contentBlockStart", json!({ "contentBlockIndex": block, "start": tool_use }))
}

/// A part of a tool's arguments.
pub fn input(block: u32, part: &str) -> Vec<u8> {
    event("contentBlockDelta", json!({ "contentBlockIndex": block, "delta": { "toolUse": { "input": part } } }))
}

/// The end of a block.
pub fn block_stop(block: u32) -> Vec<u8> {
    event("contentBlockStop", json!({ "contentBlockIndex": block }))
}

/// The end of a message.
pub fn stop(reason: &str) -> Vec<u8> {
    event("messageStop", json!({ "stopReason": reason }))
}

/// Figures of 120 tokens read, 30 from the cache, and 7 written.
pub fn usage() -> Vec<u8> {
    let usage = json!({ "inputTokens": 120, "outputTokens": 7, "totalTokens": 157, "cacheReadInputTokens": 30 });
    event("metadata", json!({ "usage": usage, "metrics": { "latencyMs": 210 } }))
}

/// An event frame.
pub fn event(name: &str, payload: Value) -> Vec<u8> {
    frame(&[(":message-type", "event"), (":event-type", name), (":content-type", "application/json")], &payload)
}

/// A frame of an exception that the service's model knows.
pub fn exception(name: &str, message: &str) -> Vec<u8> {
    let headers = [(":message-type", "exception"), (":exception-type", name), (":content-type", "application/json")];
    frame(&headers, &json!({ "message": message }))
}

/// A frame of an error that the service's model doesn't know.
pub fn error(code: &str, message: &str) -> Vec<u8> {
    frame(&[(":message-type", "error"), (":error-code", code), (":error-message", message)], &Value::Null)
}

fn frame(headers: &[(&'static str, &str)], payload: &Value) -> Vec<u8> {
    let body = if payload.is_null() { Vec::new() } else { payload.to_string().into_bytes() };
    let mut message = Message::new(body);
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, HeaderValue::String((*value).to_owned().into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame in memory");
    bytes
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request line and the headers.
    pub head: String,
    /// The JSON of the body.
    pub body: Value,
    /// When.
    pub at: Instant,
}

impl Request {
    /// The model it is for, percent-encoded as in the path.
    pub fn model(&self) -> &str {
        self.head.split('/').nth(2).unwrap_or_default()
    }
}

/// The server. It stops when dropped.
pub struct BedrockServer {
    /// `http://127.0.0.1:<port>`
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    closed: watch::Receiver<usize>,
    _connections: JoinSet<()>,
}

impl BedrockServer {
    /// Answers the first request with the first answer, and so on; the last one serves all that follow.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        let in_turn = move |request| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push(request);
            answers[log.len().min(answers.len()) - 1].clone()
        };
        Self { requests, ..Self::answering(in_turn).await }
    }

    /// Answers each request as it deserves, and keeps none.
    pub async fn answering(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (closed_sender, closed) = watch::channel(0);
        let mut connections = JoinSet::new();
        let answer = Arc::new(answer);
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, answer.clone(), closed_sender.clone()));
                // What is over is forgotten.
                while open.try_join_next().is_some() {}
            }
        });
        Self { url, requests: Arc::default(), closed, _connections: connections }
    }

    /// What arrived so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a client has closed a connection on which the server was waiting.
    pub async fn client_closed(&mut self) {
        self.closed.wait_for(|count| *count > 0).await.expect("the server runs");
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<impl Fn(Request) -> Answer>, closed: watch::Sender<usize>) {
    while let Some(request) = read(&mut stream).await {
        if give(&mut stream, &answer(request), &closed).await.is_none() {
            return;
        }
    }
}

/// Goes through the steps; nothing when the connection is over.
async fn give(stream: &mut TcpStream, answer: &Answer, closed: &watch::Sender<usize>) -> Option<()> {
    for step in &answer.steps {
        match step {
            Step::Head => {
                let mut head = format!("HTTP/1.1 {} Answer\r\ntransfer-encoding: chunked\r\n", answer.status);
                for (name, value) in &answer.headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("\r\n");
                stream.write_all(head.as_bytes()).await.ok()?;
            }
            Step::Send(bytes) => {
                let size = format!("{:x}\r\n", bytes.len()).into_bytes();
                stream.write_all(&[&size, bytes.as_slice(), b"\r\n"].concat()).await.ok()?;
            }
            Step::Pause(time) => tokio::time::sleep(*time).await,
            Step::Wait => {
                let _ = stream.read(&mut [0]).await;
                closed.send_modify(|count| *count += 1);
                return None;
            }
            Step::Cut => return None,
            Step::Reset => {
                // Closing a socket that lingers for no time resets it.
                stream.set_zero_linger().ok()?;
                return None;
            }
        }
    }
    stream.write_all(b"0\r\n\r\n").await.ok()
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
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head of text");
    let length = |line: &str| line.to_lowercase().strip_prefix("content-length:").map(|number| number.trim().parse());
    let length: usize = head.lines().find_map(length).map_or(0, |length| length.expect("a length"));
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { head, body: serde_json::from_slice(&bytes[end..]).unwrap_or_default(), at: Instant::now() })
}
