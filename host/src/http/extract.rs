//! A JSON object from the body, and its fields, and the parameters of a query, each refused with a message that names it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::error::ApiError;

/// How long a body may take to arrive. The largest one needs 300 kbit/s.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The body as a JSON object.
pub(super) struct JsonObject(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::unsupported_media_type());
        }
        let bytes = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, state)).await;
        let bytes = bytes.map_err(|_| ApiError::body_too_slow())?.map_err(refused_body)?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(ApiError::malformed_body("the body must be a JSON object")),
            Err(error) => Err(ApiError::malformed_body(format!("the body is not JSON: {error}"))),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(essence);
    media_type.is_some_and(|media_type| media_type == "application/json" || media_type.ends_with("+json"))
}

fn refused_body(rejection: BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::body_too_large(format!("the body is larger than {} bytes", super::BODY_BYTES));
    }
    ApiError::malformed_body("the body could not be read to its end")
}

impl JsonObject {
    /// Takes a field out; `null` is as good as none.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// A UUID, if the field is there.
    pub(super) fn uuid(&mut self, name: &str) -> Result<Option<Uuid>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
        parsed.map(Some).ok_or_else(|| ApiError::invalid_field(format!("{name}: must be a UUID")))
    }
}

/// The parameters of a query.
pub(super) struct Parameters(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        let Query(parameters) = query.map_err(|_| ApiError::invalid_parameter("the query is not name=value&…"))?;
        Ok(Self(parameters))
    }
}

impl Parameters {
    /// A number in a range, or the default.
    pub(super) fn number(&self, name: &str, range: RangeInclusive<u32>, default: u32) -> Result<u32, ApiError> {
        let Some(text) = self.0.get(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = range.into_inner();
            ApiError::invalid_parameter(format!("{name}: must be a number from {least} to {most}"))
        })
    }

    /// Text, if the parameter is there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A UUID, if the parameter is there.
    pub(super) fn uuid(&self, name: &str) -> Result<Option<Uuid>, ApiError> {
        self.0.get(name).map(|text| uuid(name, text)).transpose()
    }
}

/// The `{id}` of a path.
pub(super) struct Id(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        // What is no text is no id either.
        uuid("id", path.as_deref().map_or("", String::as_str)).map(Self)
    }
}

/// The `{name}` of a path. What is no text names nothing.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(name)| name).unwrap_or_default()))
    }
}

fn uuid(name: &str, text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| ApiError::invalid_parameter(format!("{name}: must be a UUID")))
}

/// Text of a number of characters.
pub(super) fn text(name: &str, value: Option<Value>, max_chars: usize) -> Result<String, ApiError> {
    let text = match value {
        Some(Value::String(text)) => text,
        Some(_) => return Err(ApiError::invalid_field(format!("{name}: must be a string"))),
        None => return Err(ApiError::invalid_field(format!("{name}: is required"))),
    };
    // Counting characters of a text that can't have too many is work for nothing.
    let chars = if text.len() <= max_chars { text.len() } else { text.chars().count() };
    if text.trim().is_empty() || chars > max_chars {
        return Err(ApiError::invalid_field(format!(
            "{name}: must have 1 to {max_chars} characters, and not only spaces"
        )));
    }
    Ok(text)
}
