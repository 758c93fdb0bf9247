//! Amazon Bedrock through its ConverseStream operation. One request a call: [`super::retry`] makes others.

mod assemble;
mod dialect;
mod document;
mod errors;
mod request;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamOutput as Response;
use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use futures::stream;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::{CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError, estimate};
use assemble::Assembler;
use dialect::Dialect;

/// Which model to call, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BedrockOptions {
    /// The model or inference profile (`BEDROCK_MODEL_ID`): `amazon.nova-lite-v1:0`.
    pub model_id: String,
    /// The region (`AWS_REGION`). None takes it from the AWS profile or the instance.
    pub region: Option<String>,
    /// The profile of the AWS configuration files (`AWS_PROFILE`).
    pub profile: Option<String>,
    /// Another address of the service, such as a VPC endpoint.
    pub endpoint_url: Option<String>,
    /// What reads along (`BEDROCK_GUARDRAIL_ID`, `BEDROCK_GUARDRAIL_VERSION`).
    pub guardrail: Option<Guardrail>,
    /// How long to wait for what.
    pub timeouts: BedrockTimeouts,
}

/// A guardrail of the AWS account. What it blocks ends as [`super::StopReason::ContentFiltered`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub id: String,
    /// `DRAFT`, or the number of a version.
    pub version: String,
}

impl BedrockOptions {
    /// Options for a model, everything else from the AWS environment.
    pub fn new(model_id: impl Into<String>) -> Self {
        Self {
            model_id: model_id.into(),
            region: None,
            profile: None,
            endpoint_url: None,
            guardrail: None,
            timeouts: BedrockTimeouts::default(),
        }
    }
}

/// How long a call waits. The operation has no read timeout of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BedrockTimeouts {
    /// For a connection. Three seconds: the service answers a handshake within milliseconds or is unreachable.
    pub connect: Duration,
    /// From the call to the first event. A long prompt takes seconds to read.
    pub first_event: Duration,
    /// Between two events.
    pub between_events: Duration,
    /// For the usage figures, once the model has stopped. The answer is whole by then, and they aren't worth a long wait.
    pub usage: Duration,
}

impl Default for BedrockTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_event: Duration::from_secs(30),
            between_events: Duration::from_secs(20),
            usage: Duration::from_secs(3),
        }
    }
}

/// A model on Amazon Bedrock. Credentials come from the AWS default chain.
pub struct Bedrock {
    options: BedrockOptions,
    dialect: Mutex<Dialect>,
    client: OnceCell<Client>,
}

impl Bedrock {
    /// A model that resolves region and credentials at its first call. Touches neither network nor files.
    pub fn new(options: BedrockOptions) -> Self {
        Self { dialect: Mutex::new(Dialect::of(&options.model_id)), options, client: OnceCell::new() }
    }

    /// A model with an AWS configuration that is already there; the options' region and profile are not used.
    pub fn with_config(config: &SdkConfig, options: BedrockOptions) -> Self {
        let client = OnceCell::new_with(Some(client(config, &options)));
        Self { client, ..Self::new(options) }
    }

    async fn client(&self) -> Result<&Client, LlmError> {
        self.client
            .get_or_try_init(|| async {
                let mut loader = aws_config::defaults(BehaviorVersion::latest());
                if let Some(region) = &self.options.region {
                    loader = loader.region(Region::new(region.clone()));
                }
                if let Some(profile) = &self.options.profile {
                    loader = loader.profile_name(profile);
                }
                let config = loader.load().await;
                if config.region().is_none() {
                    return Err(LlmError::Other("no AWS region is configured: set AWS_REGION".into()));
                }
                Ok(client(&config, &self.options))
            })
            .await
    }

    /// Sends a request, and again without what the model turns out not to take: no list of models stays true for long.
    async fn send(&self, request: CompletionRequest) -> Result<Response, LlmError> {
        loop {
            let dialect = *self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
            let input = request::render(&self.options, dialect, request.clone())?;
            let sent = input.send_with(self.client().await?).await.map_err(|error| errors::before_stream(&error));
            let Err(LlmError::Invalid(refusal)) = &sent else { return sent };
            let Some(less) = dialect.without_refused(refusal) else { return sent };
            tracing::warn!(model = self.id(), refusal, "the model doesn't take a part of the request; leaving it out");
            *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = less;
        }
    }
}

fn client(config: &SdkConfig, options: &BedrockOptions) -> Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(options.timeouts.connect).build();
    let mut builder = aws_sdk_bedrockruntime::config::Builder::from(config)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::disabled())
        // The waits between events are bounded here; the SDK's own protection would cut a model that thinks.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(url) = &options.endpoint_url {
        builder = builder.endpoint_url(url);
    }
    Client::from_conf(builder.build())
}

#[async_trait]
impl LanguageModel for Bedrock {
    fn id(&self) -> &str {
        &self.options.model_id
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let timeouts = self.options.timeouts;
        let deadline = Instant::now() + timeouts.first_event;
        let input_tokens = estimate::input_tokens(&request);
        let sent = timeout_at(deadline, self.send(request)).await;
        let reading = Reading {
            receiver: sent.map_err(|_| silent(timeouts.first_event))??.stream,
            assembler: Assembler::new(input_tokens),
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
    receiver: EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>,
    assembler: Assembler,
    deadline: Instant,
    wait: Duration,
    timeouts: BedrockTimeouts,
    ended: bool,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<CompletionEvent, LlmError>> {
        while !self.ended {
            let failure = match timeout_at(self.deadline, self.receiver.recv()).await {
                Ok(Ok(Some(event))) => {
                    let text = self.assembler.push(event);
                    self.wait =
                        if self.assembler.stopped() { self.timeouts.usage } else { self.timeouts.between_events };
                    self.deadline = Instant::now() + self.wait;
                    if !text.is_empty() {
                        return Some(Ok(CompletionEvent::TextDelta(text)));
                    }
                    if !self.assembler.complete() {
                        continue;
                    }
                    None
                }
                Ok(Ok(None)) => Some(LlmError::Unavailable("the stream ended before the answer was complete".into())),
                Ok(Err(error)) => Some(errors::mid_stream(&error)),
                Err(_) => Some(silent(self.wait)),
            };
            self.ended = true;
            return Some(match failure {
                // Once the model has stopped, only its usage figures can still be lost.
                Some(error) if !self.assembler.stopped() => Err(error),
                _ => Ok(CompletionEvent::Finished(self.assembler.finish())),
            });
        }
        None
    }
}

fn silent(wait: Duration) -> LlmError {
    LlmError::Unavailable(format!("nothing arrived for {wait:?}").into())
}
