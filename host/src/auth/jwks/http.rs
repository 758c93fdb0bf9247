//! The key set that Supabase Auth publishes.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AGE, CACHE_CONTROL, HeaderMap};
use reqwest::{StatusCode, Url};

use super::{FetchError, Fetched, KeySource};
use crate::auth::keys::KeySet;

/// A new connection, with TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The whole fetch. Requests may be waiting for it.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer that is read. A key is half a kilobyte.
const MAX_BYTES: usize = 64 * 1024;

/// `<issuer>/.well-known/jwks.json`.
pub struct HttpKeys {
    client: reqwest::Client,
    url: Url,
}

/// Why keys can't be fetched at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address can't be used.
    #[error("the project's address is not an http or https URL")]
    Url,
    /// The HTTP client could not start.
    #[error("the HTTP client could not start: are the certificates of the system (ca-certificates) installed?")]
    Client(#[from] reqwest::Error),
}

impl HttpKeys {
    /// The keys of an issuer (see [`crate::auth::issuer`]), from no other address: redirects are refused.
    pub fn new(issuer: &str) -> Result<Self, SetupError> {
        Self::with_timeout(issuer, TIMEOUT)
    }

    fn with_timeout(issuer: &str, timeout: Duration) -> Result<Self, SetupError> {
        let url = Url::parse(&format!("{issuer}/.well-known/jwks.json")).map_err(|_| SetupError::Url)?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            // Fetches are minutes apart.
            .pool_max_idle_per_host(0);
        match url.scheme() {
            "https" => {}
            // Without TLS the system's certificates need not be read, nor be there.
            "http" => builder = builder.tls_certs_only([]),
            _ => return Err(SetupError::Url),
        }
        Ok(Self { client: builder.build()?, url })
    }
}

#[async_trait]
impl KeySource for HttpKeys {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        let request = self.client.get(self.url.clone()).header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(|error| failed(&error))?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let max_age = max_age(response.headers());
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + part.len() > MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        let keys = KeySet::from_json(&body).map_err(|_| FetchError::NotKeys)?;
        Ok(Fetched { keys, max_age })
    }
}

fn failed(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() { FetchError::TimedOut } else { FetchError::Unreachable }
}

/// What is left of the time for which an answer may be kept, if it says so. A cache in between says how old it is.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let control = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut seconds = None;
    for directive in control.flat_map(|value| value.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=') {
            Some(("max-age", number)) => seconds = seconds.or_else(|| number.trim_matches('"').parse::<u64>().ok()),
            None if directive == "no-store" || directive == "no-cache" => return Some(Duration::ZERO),
            _ => {}
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    seconds.map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

#[cfg(test)]
mod tests;
