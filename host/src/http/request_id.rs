//! The id of a request: the caller's, if it sent one that can be used, or a new one. It is in the log, in the answer's
//! `X-Request-Id`, and in the body of every error, so that a user can tell an operator which one it was.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::error;

/// Where it stands, in a request and in its answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer than any id that is in use; what is longer is none.
const MAX_BYTES: usize = 128;

/// The id, for handlers.
#[derive(Clone)]
pub(super) struct RequestId(pub(super) Arc<str>);

impl RequestId {
    /// The id of a request that was given one.
    pub(super) fn of(extensions: &Extensions) -> Arc<str> {
        extensions.get().map_or_else(|| "none".into(), |Self(id)| Arc::clone(id))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(Self::of(&parts.extensions)))
    }
}

/// Gives a request its id.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).filter(|id| is_usable(id.as_bytes())).cloned();
    let header = given.unwrap_or_else(new);
    let id: Arc<str> = String::from_utf8_lossy(header.as_bytes()).into();
    // What stands behind sees one id and no other.
    request.headers_mut().insert(REQUEST_ID, header.clone());
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let mut response = next.run(request).await;
    error::name_request(&mut response, &id);
    response.headers_mut().insert(REQUEST_ID, header);
    response
}

fn new() -> HeaderValue {
    HeaderValue::try_from(Uuid::new_v4().to_string()).expect("a UUID is letters, digits and dashes")
}

/// It goes into log lines and headers, so it holds nothing that means something there.
fn is_usable(id: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word_of_plain_characters() {
        for good in ["a", "4bf92f3577b34da6a3ce929d0e0e4736", "1-67891233:abc_d.e"] {
            assert!(is_usable(good.as_bytes()), "{good}");
        }
        for bad in ["", "a b", "a\"b", "a\u{e9}", "{id}", "a\u{1b}[31m", &"a".repeat(129)] {
            assert!(!is_usable(bad.as_bytes()), "{bad}");
        }
    }
}
