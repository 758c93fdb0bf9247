//! A loopback server that answers chat completions step by step, and every way in which that goes wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One step of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Bytes of the body, in a write of their own.
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
pub(crate) struct Answer {
    head: Option<(u16, Vec<(&'static str, String)>)>,
    late: Duration,
    steps: Vec<Step>,
}

impl Answer {
    /// A stream whose body goes these steps, and ends properly if none of them ends it.
    pub(crate) fn steps(steps: Vec<Step>) -> Self {
        Self::of(200, "text/event-stream", steps)
    }

    /// A stream of these parts.
    pub(crate) fn stream<T: Into<Vec<u8>>>(parts: impl IntoIterator<Item = T>) -> Self {
        Self::steps(parts.into_iter().map(|part| Step::Send(part.into())).collect())
    }

    /// A whole answer of text.
    pub(crate) fn text(words: &str) -> Self {
        Self::stream([text(words), finish("stop"), usage(), DONE.into()])
    }

    /// No stream.
    pub(crate) fn body(status: u16, content_type: &str, body: &str) -> Self {
        Self::of(status, content_type, vec![Step::Send(body.as_bytes().to_vec())])
    }

    /// An error as OpenAI writes it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let error = json!({"error": {"message": message, "type": "error", "param": null, "code": code}});
        Self::body(status, "application/json", &error.to_string())
    }

    /// No answer: the connection stays open until the client closes it.
    pub(crate) fn silent() -> Self {
        Self { head: None, late: Duration::ZERO, steps: vec![Step::Wait] }
    }

    /// No answer: the connection is reset.
    pub(crate) fn reset() -> Self {
        Self { steps: vec![Step::Reset], ..Self::silent() }
    }

    /// With a header more.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.head.as_mut().unwrap().1.push((name, value.to_owned()));
        self
    }

    /// Only after a while.
    pub(crate) fn after(self, late: Duration) -> Self {
        Self { late, ..self }
    }

    /// With a step more.
    pub(crate) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn of(status: u16, content_type: &str, steps: Vec<Step>) -> Self {
        Self { head: Some((status, vec![("content-type", content_type.to_owned())])), late: Duration::ZERO, steps }
    }
}

/// The last event.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// An event of this data.
pub(crate) fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// A chunk with this delta and reason.
pub(crate) fn chunk(delta: Value, reason: Option<&str>) -> String {
    let choices = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
    event(
        &json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}),
    )
}

/// Text.
pub(crate) fn text(text: &str) -> String {
    chunk(json!({"content": text}), None)
}

/// The beginning of a tool call, or all of it.
pub(crate) fn tool(index: u32, id: &str, name: &str, arguments: &str) -> String {
    let function = json!({"name": name, "arguments": arguments});
    chunk(json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}), None)
}

/// A part of a tool call's arguments.
pub(crate) fn arguments(index: u32, part: &str) -> String {
    chunk(json!({"tool_calls": [{"index": index, "function": {"arguments": part}}]}), None)
}

/// The end of the answer.
pub(crate) fn finish(reason: &str) -> String {
    chunk(json!({}), Some(reason))
}

/// Figures of 150 tokens read, 30 from the cache, and 7 written, with no choice.
pub(crate) fn usage() -> String {
    let details = json!({"cached_tokens": 30});
    let usage =
        json!({"prompt_tokens": 150, "completion_tokens": 7, "total_tokens": 157, "prompt_tokens_details": details});
    event(&json!({"id": "chatcmpl-1", "choices": [], "usage": usage}))
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The request line and the headers.
    pub(crate) head: String,
    /// The JSON of the body.
    pub(crate) body: Value,
    /// When.
    pub(crate) at: Instant,
}

/// The server. It stops when dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:<port>/v1`
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    closed: watch::Receiver<usize>,
    _connections: JoinSet<()>,
}

impl Server {
    /// Answers the first request with the first answer, and so on; the last one serves all that follow.
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (closed_sender, closed) = watch::channel(0);
        let mut connections = JoinSet::new();
        let (log, answers) = (requests.clone(), Arc::new(answers));
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, log.clone(), answers.clone(), closed_sender.clone()));
            }
        });
        Self { url, requests, closed, _connections: connections }
    }

    /// What arrived so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    let _ = stream.set_nodelay(true);
    while let Some(request) = read(&mut stream).await {
        let number = {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push(request);
            log.len() - 1
        };
        let answer = &answers[number.min(answers.len() - 1)];
        if give(&mut stream, answer, &closed).await.is_none() {
            return;
        }
    }
}

/// Goes through the steps; nothing when the connection is over.
async fn give(stream: &mut TcpStream, answer: &Answer, closed: &watch::Sender<usize>) -> Option<()> {
    tokio::time::sleep(answer.late).await;
    if let Some((status, headers)) = &answer.head {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {status} Answer\r\ntransfer-encoding: chunked\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.ok()?;
    }
    for step in &answer.steps {
        match step {
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
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = |line: &str| line.to_lowercase().strip_prefix("content-length:").map(|number| number.trim().parse());
    let length: usize = head.lines().find_map(length).map_or(0, |length| length.unwrap());
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { head, body: serde_json::from_slice(&bytes[end..]).unwrap_or_default(), at: Instant::now() })
}
