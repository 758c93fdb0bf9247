//! What the service's failures mean for the caller.

use std::error::Error;
use std::time::Duration;

use aws_sdk_bedrockruntime::config::http::HttpResponse;
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_smithy_types::event_stream::RawMessage;
use chrono::Utc;

use super::super::wording::{short, text, too_long};
use super::super::{LlmError, retry};

/// A failure before the stream began.
pub(super) fn before_stream(error: &SdkError<ConverseStreamError, HttpResponse>) -> LlmError {
    match error {
        SdkError::ServiceError(service) => {
            let (error, status) = (service.err(), service.raw().status().as_u16());
            let error = by_code(error.code().unwrap_or(UNKNOWN), error.message().unwrap_or(NO_MESSAGE), status);
            with_retry_after(error, service.raw())
        }
        // What stands between us and the service answers in its own words.
        SdkError::ResponseError(response) => {
            let error = by_code(UNKNOWN, &text(error), response.raw().status().as_u16());
            with_retry_after(error, response.raw())
        }
        other => transport(other),
    }
}

/// The service's own header is in milliseconds.
fn with_retry_after(error: LlmError, response: &HttpResponse) -> LlmError {
    let headers = response.headers();
    let own = || headers.get("x-amz-retry-after")?.parse().ok().map(Duration::from_millis);
    let after = own().or_else(|| retry::retry_after(headers.get("retry-after")?, Utc::now()));
    error.with_retry_after(after)
}

/// A failure within the stream.
pub(super) fn mid_stream(error: &SdkError<ConverseStreamOutputError, RawMessage>) -> LlmError {
    match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            // The frames name the exception in a header, which the SDK turns into the variant alone.
            let code = match error {
                ConverseStreamOutputError::InternalServerException(_) => "InternalServerException",
                ConverseStreamOutputError::ModelStreamErrorException(_) => "ModelStreamErrorException",
                ConverseStreamOutputError::ServiceUnavailableException(_) => "ServiceUnavailableException",
                ConverseStreamOutputError::ThrottlingException(_) => "ThrottlingException",
                ConverseStreamOutputError::ValidationException(_) => "ValidationException",
                other => other.code().unwrap_or(UNKNOWN),
            };
            by_code(code, error.message().unwrap_or(NO_MESSAGE), 500)
        }
        other => transport(other),
    }
}

const UNKNOWN: &str = "unknown error";
const NO_MESSAGE: &str = "no message";

fn by_code(code: &str, message: &str, status: u16) -> LlmError {
    let text = short(&format!("{code}: {message}"));
    match code {
        "ThrottlingException" | "TooManyRequestsException" | "ServiceQuotaExceededException" => {
            LlmError::RateLimited(text.into())
        }
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "ResourceNotFoundException"
        | "UnrecognizedClientException" => LlmError::Unauthorized(text),
        "ValidationException" if too_long(message) => LlmError::ContextTooLong(text),
        "ValidationException" if no_such_model(message) => LlmError::Unauthorized(text),
        "ValidationException" => LlmError::Invalid(text),
        "InternalServerException"
        | "ModelErrorException"
        | "ModelNotReadyException"
        | "ModelStreamErrorException"
        | "ModelTimeoutException"
        | "ServiceUnavailableException" => LlmError::Unavailable(text.into()),
        _ => match status {
            401 | 403 => LlmError::Unauthorized(text),
            413 => LlmError::ContextTooLong(text),
            429 => LlmError::RateLimited(text.into()),
            400..=499 if status != 408 => LlmError::Invalid(text),
            _ => LlmError::Unavailable(text.into()),
        },
    }
}

/// Whether a validation message is about the configured model and not about the request.
fn no_such_model(message: &str) -> bool {
    let message = message.to_lowercase();
    ["model identifier is invalid", "on-demand throughput", "inference profile"]
        .iter()
        .any(|words| message.contains(words))
}

/// A call that never became an answer: no credentials, no connection, a connection that broke.
fn transport<E, R>(error: &SdkError<E, R>) -> LlmError
where
    E: Error + 'static,
    R: std::fmt::Debug,
{
    let text = text(error);
    let lower = text.to_lowercase();
    if lower.contains("credential") || lower.contains("no identity") || lower.contains("auth scheme") {
        return LlmError::Unauthorized(text);
    }
    match error {
        SdkError::ConstructionFailure(_) => LlmError::Other(text),
        _ => LlmError::Unavailable(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_named_by_what_the_caller_can_do() {
        let kind = |code, message, status| match by_code(code, message, status) {
            LlmError::Invalid(_) => "invalid",
            LlmError::ContextTooLong(_) => "too long",
            LlmError::BudgetSpent(_) => "spent",
            LlmError::RateLimited(_) => "rate limited",
            LlmError::Unauthorized(_) => "unauthorized",
            LlmError::Unavailable(_) => "unavailable",
            LlmError::Other(_) => "other",
        };
        for (code, message, status, expected) in [
            ("ThrottlingException", "slow down", 429, "rate limited"),
            ("ModelNotReadyException", "warming up", 429, "unavailable"),
            ("ModelTimeoutException", "took too long", 408, "unavailable"),
            ("ModelErrorException", "failed", 424, "unavailable"),
            ("InternalServerException", "oops", 500, "unavailable"),
            ("ServiceUnavailableException", "later", 503, "unavailable"),
            ("AccessDeniedException", "no", 403, "unauthorized"),
            ("UnrecognizedClientException", "bad key", 403, "unauthorized"),
            ("ValidationException", "Malformed input request", 400, "invalid"),
            ("ValidationException", "Input is too long for requested model.", 400, "too long"),
            (
                "ValidationException",
                "Input Tokens Exceeded: number of input tokens exceeds maximum length",
                400,
                "too long",
            ),
            ("ValidationException", "max_tokens exceeds the model limit of 5000", 400, "invalid"),
            ("ResourceNotFoundException", "no such model", 404, "unauthorized"),
            ("ValidationException", "The provided model identifier is invalid.", 400, "unauthorized"),
            (
                "ValidationException",
                "Invocation of model ID m with on-demand throughput isn't supported. Retry with an inference profile.",
                400,
                "unauthorized",
            ),
            ("unknown error", "gateway", 502, "unavailable"),
            ("unknown error", "teapot", 418, "invalid"),
        ] {
            assert_eq!(kind(code, message, status), expected, "{code}: {message}");
        }
    }
}
