//! Any server that speaks OpenAI's chat completions: OpenAI itself, Ollama, vLLM, llama.cpp. One request a call:
//! [`super::retry`] makes others.
//!
//! - `dialect`, `request`: what is sent.
//! - `assemble`, `calls`: what comes back. Read as loose JSON, as every server adds members and words of its own.
//! - `errors`: failures.

mod assemble;
mod calls;
mod dialect;
mod errors;
mod request;

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use sse_stream::{Sse, SseByteStream};
use tokio::time::{Instant, timeout_at};

use super::{CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError, estimate};
use assemble::Assembler;
use dialect::Dialect;

/// The longest answer that is read, reasoning and framing included. A token's event has 200 to 400 bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// The longest error that is read.
const MAX_ERROR: usize = 64 * 1024;

/// Which model to call, and where.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// The address before `/chat/completions` (`OPENAI_BASE_URL`): `http://localhost:11434/v1`.
    pub base_url: String,
    /// The model (`OPENAI_MODEL`), as its server calls it.
    pub model: String,
    /// What the server knows the host by (`OPENAI_API_KEY`). Local servers need none.
    pub api_key: Option<SecretString>,
    /// How long to wait for what.
    pub timeouts: OpenAiTimeouts,
}

impl OpenAiOptions {
    /// Options for a model at an address, without a key.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), model: model.into(), api_key: None, timeouts: OpenAiTimeouts::default() }
    }
}

/// How long a call waits. Comments, which proxies send to keep a connection open, are no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAiTimeouts {
    /// For a connection.
    pub connect: Duration,
    /// From the call to the first event. A long prompt takes seconds to read.
    pub first_event: Duration,
    /// Between two events.
    pub between_events: Duration,
    /// For the usage figures and the end of the stream, once the model has stopped. The answer is whole by then.
    pub usage: Duration,
}

impl Default for OpenAiTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_event: Duration::from_secs(30),
            between_events: Duration::from_secs(20),
            usage: Duration::from_secs(3),
        }
    }
}

/// A model behind OpenAI's API. Holds its connections: made once and shared.
pub struct OpenAi {
    model: String,
    api_key: Option<SecretString>,
    timeouts: OpenAiTimeouts,
    url: String,
    client: reqwest::Client,
    dialect: Mutex<Dialect>,
}

impl OpenAi {
    /// A model. Touches no network.
    pub fn new(options: OpenAiOptions) -> Result<Self, LlmError> {
        let unusable = |what: &str| LlmError::Other(format!("{what} can't be used"));
        let base_url = Url::parse(&options.base_url).map_err(|_| unusable("the address of the model's server"))?;
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/event-stream"))]);
        if let Some(key) = &options.api_key {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()));
            let mut bearer = bearer.map_err(|_| unusable("the key of the model's server"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        // A redirect would take the conversation to a server that nobody chose.
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(options.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true);
        if base_url.scheme() == "http" {
            // A proxy would read along. And without TLS the system's certificates need not be there.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|error| errors::transport(&error))?,
            url: format!("{}/chat/completions", options.base_url.trim_end_matches('/')),
            dialect: Mutex::new(Dialect::of(&base_url)),
            model: options.model,
            api_key: options.api_key,
            timeouts: options.timeouts,
        })
    }

    /// Sends a request, and again without what the server turns out not to take: no list of models stays true for long.
    async fn send(&self, request: &CompletionRequest) -> Result<Response, LlmError> {
        loop {
            let dialect = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
            let body = request::render(&self.model, dialect, request)?;
            let sent = self.post(&body).await;
            let Err(LlmError::Invalid(refusal)) = &sent else { return sent };
            let Some(less) = dialect.without_refused(refusal) else { return sent };
            tracing::warn!(model = self.id(), refusal, "the server doesn't take a part of the request; changing it");
            *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = less;
        }
    }

    async fn post(&self, body: &serde_json::Value) -> Result<Response, LlmError> {
        let sent = self.client.post(&self.url).json(body).send().await;
        let response = sent.map_err(|error| errors::transport(&error))?;
        let is = |kind: &str| {
            let named = response.headers().get(CONTENT_TYPE).and_then(|named| named.to_str().ok());
            named.is_some_and(|named| named.to_ascii_lowercase().starts_with(kind))
        };
        // A server that ignores `stream`, and a proxy's page. Not every server names a stream as one.
        if response.status() == StatusCode::OK && !is("application/json") && !is("text/html") {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.without_key(read(response).await);
        Err(errors::answer(status, &headers, &body))
    }

    /// A server may repeat the key that it refuses, and its words go to the log.
    fn without_key(&self, text: String) -> String {
        match &self.api_key {
            Some(key) => text.replace(key.expose_secret(), "[the key]"),
            None => text,
        }
    }
}

/// The beginning of an error's body.
async fn read(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        body.extend_from_slice(&part);
        if body.len() >= MAX_ERROR {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// The events of an answer.
fn events(response: Response) -> BoxStream<'static, Result<Sse, sse_stream::Error>> {
    let mut left = MAX_ANSWER;
    let bounded = response.bytes_stream().map_err(io::Error::other).map(move |part| {
        let part = part?;
        left = left.checked_sub(part.len()).ok_or_else(|| io::Error::other("the answer is too large"))?;
        Ok::<_, io::Error>(part)
    });
    SseByteStream::new(Box::pin(bounded)).boxed()
}

#[async_trait]
impl LanguageModel for OpenAi {
    fn id(&self) -> &str {
        &self.model
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let timeouts = self.timeouts;
        let deadline = Instant::now() + timeouts.first_event;
        let sent = timeout_at(deadline, self.send(&request)).await;
        let reading = Reading {
            events: events(sent.map_err(|_| silent(timeouts.first_event))??),
            assembler: Assembler::new(estimate::input_tokens(&request)),
            deadline,
            wait: timeouts.first_event,
            timeouts,
            ended: false,
        };
        Ok(Box::pin(stream::unfold(reading, |mut reading| async {
            reading.next().await.map(|event| (event, reading))
        })))
    }
}

/// A stream of events being read. Dropping it closes the connection.
struct Reading {
    events: BoxStream<'static, Result<Sse, sse_stream::Error>>,
    assembler: Assembler,
    deadline: Instant,
    wait: Duration,
    timeouts: OpenAiTimeouts,
    ended: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<CompletionEvent, LlmError>> {
        while !self.ended {
            let failure = match timeout_at(self.deadline, self.events.next()).await {
                Ok(Some(Ok(event))) => match self.push(&event) {
                    Ok(text) if !text.is_empty() => return Some(Ok(CompletionEvent::TextDelta(text))),
                    Ok(_) if !self.assembler.done() => continue,
                    Ok(_) => early(),
                    Err(error) => error,
                },
                Ok(Some(Err(error))) => errors::transport(&error),
                Ok(None) => early(),
                Err(_) => silent(self.wait),
            };
            self.ended = true;
            // Once the model has stopped, only its usage figures can still be lost.
            return Some(match self.assembler.stopped() {
                true => Ok(CompletionEvent::Finished(self.assembler.finish())),
                false => Err(failure),
            });
        }
        None
    }

    fn push(&mut self, event: &Sse) -> Result<String, LlmError> {
        let had_stopped = self.assembler.stopped();
        let text = self.assembler.push(event)?;
        // The wait for the end is one wait, however many events it has.
        if !had_stopped {
            self.wait = if self.assembler.stopped() { self.timeouts.usage } else { self.timeouts.between_events };
            self.deadline = Instant::now() + self.wait;
        }
        Ok(text)
    }
}

fn early() -> LlmError {
    LlmError::Unavailable("the stream ended before the answer was complete".into())
}

fn silent(wait: Duration) -> LlmError {
    LlmError::Unavailable(format!("nothing arrived for {wait:?}").into())
}
