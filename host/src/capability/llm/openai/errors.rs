//! What a server's failures mean for the caller. Each server words them differently: OpenAI by `code`, vLLM and
//! llama.cpp by `type`, Ollama by the message alone.

use std::error::Error;
use std::time::Duration;

use chrono::Utc;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::wording::{short, text, too_long};
use super::super::{LlmError, retry};

/// Words of `code` and `type` that say the host may not: its key, its account, its model.
const NOT_ALLOWED: [&str; 11] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "invalid_api_key",
    "authentication_error",
    "permission_error",
    "permission_denied",
    "model_not_found",
    "not_found_error",
    "notfounderror",
    "account_deactivated",
];

const TOO_LONG: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];

const TOO_OFTEN: [&str; 3] = ["rate_limit_exceeded", "rate_limit_error", "too_many_requests"];

const WRONG: [&str; 3] = ["invalid_request_error", "badrequesterror", "unprocessableentityerror"];

/// What stood in an error's body.
#[derive(Debug, Default)]
struct Failure {
    code: String,
    kind: String,
    message: String,
}

impl Failure {
    /// `{"error": {"message", "type", "code"}}`, `{"error": "…"}`, the members without `error` around them, FastAPI's
    /// `detail`, or any text.
    fn of(body: &Value) -> Self {
        let error = body.get("error").filter(|error| !error.is_null()).unwrap_or(body);
        let word = |name: &str| match &error[name] {
            Value::String(word) => word.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let message = [&error["message"], &error["detail"], error].into_iter().find(|message| !message.is_null());
        let message = message.map(|message| message.as_str().map_or_else(|| message.to_string(), str::to_owned));
        Self { code: word("code"), kind: word("type"), message: message.unwrap_or_default() }
    }

    fn is_one_of(&self, words: &[&str]) -> bool {
        [&self.code, &self.kind].iter().any(|word| words.contains(&word.to_lowercase().as_str()))
    }
}

/// An answer that is no stream.
pub(super) fn answer(status: StatusCode, headers: &HeaderMap, body: &str) -> LlmError {
    let failure = match serde_json::from_str(body) {
        Ok(json) => Failure::of(&json),
        Err(_) => Failure { message: body.trim().to_owned(), ..Failure::default() },
    };
    if status.is_success() {
        // A gateway that has begun to answer before it knows better.
        if let Some(error) = serde_json::from_str(body).ok().and_then(|json| in_stream(None, &json)) {
            return error.with_retry_after(wait(headers));
        }
        let text = short(&format!("the server sent no stream but {:?}", failure.message));
        return LlmError::Unavailable(text.into());
    }
    if status.is_redirection() {
        let to = headers.get("location").and_then(|to| to.to_str().ok()).unwrap_or("another address");
        return LlmError::Other(short(&format!("{status}: the server sends requests on to {to}")));
    }
    typed(Some(status.as_u16()), &failure).with_retry_after(wait(headers))
}

/// An error within the stream, if this event is one.
pub(super) fn in_stream(name: Option<&str>, event: &Value) -> Option<LlmError> {
    let is_error =
        name == Some("error") || event.get("error").is_some_and(|error| !error.is_null()) || event["object"] == "error";
    let failure = is_error.then(|| Failure::of(event))?;
    // Some servers put the status that they would have answered with into the code.
    let status = failure.code.parse().ok().filter(|status| (300..=599).contains(status));
    Some(typed(status, &failure))
}

/// A call that got no answer, or whose answer broke off.
pub(super) fn transport(error: &dyn Error) -> LlmError {
    LlmError::Unavailable(text(error).into())
}

fn typed(status: Option<u16>, failure: &Failure) -> LlmError {
    let named =
        [status.map(|status| status.to_string()).unwrap_or_default(), failure.kind.clone(), failure.code.clone()];
    let named: Vec<&str> = named.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let text = short(&format!("{}: {}", named.join(" "), failure.message));
    match status {
        _ if failure.is_one_of(&NOT_ALLOWED) => LlmError::Unauthorized(text),
        Some(401..=404) => LlmError::Unauthorized(text),
        Some(429) => LlmError::RateLimited(text.into()),
        _ if failure.is_one_of(&TOO_OFTEN) => LlmError::RateLimited(text.into()),
        Some(413) => LlmError::ContextTooLong(text),
        _ if failure.is_one_of(&TOO_LONG) || too_long(&failure.message) => LlmError::ContextTooLong(text),
        Some(408 | 425) => LlmError::Unavailable(text.into()),
        Some(400..=499) if wrong_model(&failure.message) => LlmError::Unauthorized(text),
        Some(300..=499) => LlmError::Invalid(text),
        None if failure.is_one_of(&WRONG) => LlmError::Invalid(text),
        _ => LlmError::Unavailable(text.into()),
    }
}

/// Whether a refusal is about the model that was chosen, or how it is served, and not about the request.
fn wrong_model(message: &str) -> bool {
    let message = message.to_lowercase();
    ["does not support tools", "--enable-auto-tool-choice", "model not found", "is not a valid model"]
        .iter()
        .any(|words| message.contains(words))
}

/// How long the server wants to be left alone. OpenAI's own header is in milliseconds.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = header("retry-after-ms").and_then(|value| value.trim().parse().ok()).map(Duration::from_millis);
    own.or_else(|| retry::retry_after(header("retry-after")?, Utc::now()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(error: &LlmError) -> &'static str {
        match error {
            LlmError::Invalid(_) => "invalid",
            LlmError::ContextTooLong(_) => "too long",
            LlmError::BudgetSpent(_) => "spent",
            LlmError::RateLimited(_) => "rate limited",
            LlmError::Unauthorized(_) => "unauthorized",
            LlmError::Unavailable(_) => "unavailable",
            LlmError::Other(_) => "other",
        }
    }

    fn error(message: &str, r#type: &str, code: Value) -> Value {
        json!({"error": {"message": message, "type": r#type, "param": null, "code": code}})
    }

    #[test]
    fn errors_are_named_by_what_the_caller_can_do() {
        let context =
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.";
        for (status, body, expected) in [
            // OpenAI
            (
                401,
                error("Incorrect API key provided", "invalid_request_error", json!("invalid_api_key")),
                "unauthorized",
            ),
            (403, error("Country not supported", "request_forbidden", json!("x")), "unauthorized"),
            (
                404,
                error("The model `m` does not exist", "invalid_request_error", json!("model_not_found")),
                "unauthorized",
            ),
            (400, error(context, "invalid_request_error", json!("context_length_exceeded")), "too long"),
            (400, error("Invalid 'tools[0]'", "invalid_request_error", Value::Null), "invalid"),
            (429, error("Rate limit reached", "tokens", json!("rate_limit_exceeded")), "rate limited"),
            (
                429,
                error("You exceeded your current quota", "insufficient_quota", json!("insufficient_quota")),
                "unauthorized",
            ),
            (500, error("The server had an error", "server_error", Value::Null), "unavailable"),
            // vLLM, older and newer
            (400, json!({"object": "error", "message": context, "type": "BadRequestError", "code": 400}), "too long"),
            (404, error("The model `m` does not exist.", "NotFoundError", json!(404)), "unauthorized"),
            (
                400,
                error("\"auto\" tool choice requires --enable-auto-tool-choice", "BadRequestError", json!(400)),
                "unauthorized",
            ),
            (422, json!({"detail": [{"loc": ["body", "x"], "msg": "extra"}]}), "invalid"),
            // llama.cpp
            (
                400,
                error("the request exceeds the available context size", "exceed_context_size_error", json!(400)),
                "too long",
            ),
            (401, error("Invalid API Key", "authentication_error", json!(401)), "unauthorized"),
            (503, error("Loading model", "unavailable_error", json!(503)), "unavailable"),
            // Ollama
            (404, error("model \"m\" not found, try pulling it first", "api_error", Value::Null), "unauthorized"),
            (400, json!({"error": "registry.ollama.ai/library/gemma:2b does not support tools"}), "unauthorized"),
            // Between
            (402, json!({"error": "no credit"}), "unauthorized"),
            (408, json!({}), "unavailable"),
            (413, json!("too much"), "too long"),
            (418, json!([]), "invalid"),
            (502, Value::Null, "unavailable"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(kind(&answer(status, &HeaderMap::new(), &body.to_string())), expected, "{status} {body}");
        }
    }

    #[test]
    fn an_error_in_the_stream_is_told_by_its_words_or_the_status_in_its_code() {
        for (event, expected) in [
            (error("Provider returned error", "", json!(502)), "unavailable"),
            (error("slow down", "", json!(429)), "rate limited"),
            (error("slow down", "rate_limit_error", Value::Null), "rate limited"),
            (error("oops", "server_error", Value::Null), "unavailable"),
            (error("bad", "invalid_request_error", Value::Null), "invalid"),
            (error("bad", "BadRequestError", json!(400)), "invalid"),
            (error("context length exceeded", "", Value::Null), "too long"),
            (json!({"error": "an error was encountered while running the model"}), "unavailable"),
            (json!({"object": "error", "message": "oops", "type": "InternalServerError", "code": 500}), "unavailable"),
        ] {
            assert_eq!(in_stream(None, &event).as_ref().map(kind), Some(expected), "{event}");
        }
        assert_eq!(in_stream(Some("error"), &json!({"message": "oops"})).as_ref().map(kind), Some("unavailable"));
        for event in [json!({"choices": []}), json!({"choices": [], "error": null}), json!(1)] {
            assert_eq!(in_stream(None, &event), None);
        }
    }

    #[test]
    fn the_wait_that_is_asked_for_reaches_the_caller() {
        for (name, value, expected) in
            [("retry-after", "7", Duration::from_secs(7)), ("retry-after-ms", "250", Duration::from_millis(250))]
        {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            let error = answer(StatusCode::TOO_MANY_REQUESTS, &headers, "{}");
            assert_eq!(error.retry_after(), Some(expected));
        }
    }

    #[test]
    fn a_server_that_has_moved_or_sends_no_stream_is_told_as_that() {
        let headers = HeaderMap::from_iter([("location".parse().unwrap(), "https://b.example/v1".parse().unwrap())]);
        let moved = answer(StatusCode::MOVED_PERMANENTLY, &headers, "");
        assert!(kind(&moved) == "other" && moved.to_string().contains("https://b.example/v1"), "{moved}");
        let page = answer(StatusCode::OK, &HeaderMap::new(), "<html>Sign in</html>");
        assert!(kind(&page) == "unavailable" && page.to_string().contains("no stream but \"<html>Sign in"), "{page}");
        let late = answer(StatusCode::OK, &HeaderMap::new(), &error("slow down", "", json!(429)).to_string());
        assert_eq!(kind(&late), "rate limited");
    }
}
