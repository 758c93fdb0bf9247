//! The limits of requests: taken from the buckets of [`crate::throttle`], told in `RateLimit` headers.

use std::fmt::Write;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client_address::{ClientAddress, client_address};
use super::error::ApiError;
use crate::app::App;
use crate::audit::{Event, LimitReached};
use crate::throttle::{Buckets, Level, one_address};

/// As in draft-ietf-httpapi-ratelimit-headers.
pub(super) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(super) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What a request took out of which buckets, for the headers of its answer.
#[derive(Clone, Default)]
pub(super) struct Levels(Arc<Mutex<Vec<Level>>>);

/// Limits the requests of an address to the API, before it is known who asks. The admin API has limits of its own, and
/// whoever watches over the service may look as often as they like.
pub(super) async fn limit_address(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let address = client_address(&request, &app.config.limits.trusted_proxies);
    let levels = Levels::default();
    request.extensions_mut().insert(ClientAddress(address));
    request.extensions_mut().insert(levels.clone());
    let path = request.uri().path();
    let counts = path.starts_with("/api/") && !path.starts_with("/api/admin/");
    let taken = if counts { levels.take_for_address(&app, &app.throttle.address, address) } else { Ok(()) };
    let mut response = match taken {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    levels.tell(response.headers_mut());
    response
}

impl Levels {
    /// Takes a request out of an address's bucket.
    pub(super) fn take_for_address(
        &self,
        app: &App,
        buckets: &Buckets<IpAddr>,
        address: IpAddr,
    ) -> Result<(), ApiError> {
        self.take(app, buckets, &one_address(address), |limit| LimitReached {
            limit,
            user: None,
            address: Some(address),
        })
    }

    /// Takes a request out of a bucket, or records and says that there is none left.
    pub(super) fn take<K: Hash + Eq + Clone>(
        &self,
        app: &App,
        buckets: &Buckets<K>,
        key: &K,
        reached: impl FnOnce(&'static str) -> LimitReached,
    ) -> Result<(), ApiError> {
        let level = buckets.take(key);
        self.lock().push(level);
        let Some(seconds) = level.retry_after_s else { return Ok(()) };
        app.audit().record(Event::Limit(reached(level.name)));
        Err(ApiError::rate_limited(&level, seconds))
    }

    fn tell(&self, headers: &mut HeaderMap) {
        let levels = self.lock();
        if levels.is_empty() {
            return;
        }
        let (mut policies, mut states) = (String::new(), String::new());
        for (index, level) in levels.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(policies, "{comma}{}", level.policy());
            let _ = write!(states, "{comma}{}", level.state());
        }
        let fields = [(RATE_LIMIT_POLICY, policies), (RATE_LIMIT, states)];
        for (name, value) in fields {
            let value = HeaderValue::try_from(value).expect("names and numbers are visible ASCII");
            headers.insert(name, value);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Level>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
