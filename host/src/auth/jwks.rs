//! A project's published keys, kept for as long as they may be.
//!
//! A request whose key is held waits for nothing. Beyond that:
//!
//! - Keys are fresh for as long as the project says, ten minutes at most. Before that ends they are fetched again, beside
//!   the requests; after it, requests wait for the fetch.
//! - One fetch is under way at a time, and all who need it wait for that one.
//! - When the project doesn't answer, the keys held go on for an hour, and a try is made every few seconds. Without any,
//!   the answer is that tokens can't be checked now, and never that one is not valid.
//! - A key id that isn't held may be that of a new key: the keys are fetched for it, once in 30 seconds.

mod http;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio_util::task::AbortOnDropHandle;

use super::AuthError;
use super::keys::{KeySet, PublicKey};

pub use http::{HttpKeys, SetupError};

/// The longest that keys are fresh: what Supabase says itself, and how long a withdrawn key may go on.
const MAX_FRESH: Duration = Duration::from_secs(600);
/// The shortest, whatever the project says: less would be a fetch for every request.
const MIN_FRESH: Duration = Duration::from_secs(30);
/// How long keys are used while the project doesn't answer, from their fetch: as long as a token of Supabase lives.
const MAX_STALE: Duration = Duration::from_secs(3600);
/// How long after a fetch that failed the next one may begin.
const RETRY_PAUSE: Duration = Duration::from_secs(2);
/// How often an unknown key id causes a fetch.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(30);

/// Where a project's keys come from.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The keys of now.
    async fn fetch(&self) -> Result<Fetched, FetchError>;
}

/// What a project publishes.
pub struct Fetched {
    /// Its keys.
    pub keys: KeySet,
    /// How long they are good for, if it says so.
    pub max_age: Option<Duration>,
}

/// Why there are no keys. The texts name no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There was no answer, or only the beginning of one.
    #[error("the project can't be reached")]
    Unreachable,
    /// The answer took too long.
    #[error("the project doesn't answer in time")]
    TimedOut,
    /// It was not 200. Redirects are not followed.
    #[error("the project answers with status {0}")]
    Status(u16),
    /// It was larger than any key set.
    #[error("the project's answer is too large")]
    TooLarge,
    /// It was something else.
    #[error("the project's answer is not a key set")]
    NotKeys,
}

/// Keys that are simply there.
#[async_trait]
impl KeySource for KeySet {
    async fn fetch(&self) -> Result<Fetched, FetchError> {
        Ok(Fetched { keys: self.clone(), max_age: None })
    }
}

/// A project's published keys.
pub struct Jwks {
    source: Arc<dyn KeySource>,
    // Never held across an await.
    state: Arc<Mutex<State>>,
}

/// A fetch under way. It ends with the state that it belongs to, not with who waits for it.
type Flight = Shared<BoxFuture<'static, ()>>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Why the last fetch failed, if it did.
    failure: Option<FetchError>,
    /// When the next fetch may begin, after one that failed.
    retry_at: Option<Instant>,
    /// When an unknown key id last caused a fetch.
    unknown_at: Option<Instant>,
    flight: Option<Flight>,
}

struct Held {
    keys: KeySet,
    since: Instant,
    fresh_for: Duration,
}

/// What is known at once.
enum Found {
    Key(Arc<PublicKey>),
    Nothing(AuthError),
    Wait(Flight),
}

impl Jwks {
    /// Keys of this source. Nothing is fetched yet.
    pub fn new(source: Arc<dyn KeySource>) -> Self {
        Self { source, state: Arc::default() }
    }

    /// Begins to fetch the keys, so that the first request finds them.
    pub fn warm(&self) {
        let mut state = self.state();
        if state.held.is_none() && state.flight().is_none() {
            state.flight = Some(self.fetch(Instant::now()));
        }
    }

    /// Why the last fetch failed, if it did.
    pub fn failure(&self) -> Option<FetchError> {
        self.state().failure.clone()
    }

    /// Whether keys were ever fetched.
    pub fn has_keys(&self) -> bool {
        self.state().held.is_some()
    }

    /// The key with an id.
    pub(super) async fn key(&self, id: &str) -> Result<Arc<PublicKey>, AuthError> {
        self.key_at(id, Instant::now()).await
    }

    async fn key_at(&self, id: &str, now: Instant) -> Result<Arc<PublicKey>, AuthError> {
        // By itself, so that no guard lives across the await.
        let found = self.find(id, now);
        match found {
            Found::Key(key) => Ok(key),
            Found::Nothing(error) => Err(error),
            Found::Wait(flight) => {
                flight.await;
                let state = self.state();
                state.usable(id, now).ok_or_else(|| state.without())
            }
        }
    }

    fn find(&self, id: &str, now: Instant) -> Found {
        let mut state = self.state();
        let is_fresh = state.held.as_ref().is_some_and(|held| held.is_fresh(now));
        if let Some(key) = state.usable(id, now)
            && (is_fresh || state.failure.is_some())
        {
            let is_ageing = state.held.as_ref().is_some_and(|held| held.is_ageing(now));
            if is_ageing && state.flight().is_none() && state.may_try(now) {
                state.flight = Some(self.fetch(now));
            }
            return Found::Key(key);
        }
        if let Some(flight) = state.flight() {
            return Found::Wait(flight);
        }
        let may_fetch = match is_fresh {
            true => state.unknown_at.is_none_or(|at| now.duration_since(at) >= UNKNOWN_PAUSE),
            false => state.may_try(now),
        };
        if !may_fetch {
            return Found::Nothing(state.without());
        }
        if is_fresh {
            state.unknown_at = Some(now);
        }
        let flight = self.fetch(now);
        state.flight = Some(flight.clone());
        Found::Wait(flight)
    }

    /// Fetches, in a task of its own: who asked may go away.
    fn fetch(&self, now: Instant) -> Flight {
        let (source, shared) = (Arc::clone(&self.source), Arc::downgrade(&self.state));
        let work = async move {
            let begun = Instant::now();
            let fetched = source.fetch().await;
            if let Some(state) = shared.upgrade() {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                state.arrived(fetched, now, now + begun.elapsed());
            }
        };
        let task = AbortOnDropHandle::new(tokio::spawn(work));
        task.map(|_ended| ()).boxed().shared()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The fetch that is under way. One that was ended with its runtime is none.
    fn flight(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| flight.peek().is_none())
    }

    fn may_try(&self, now: Instant) -> bool {
        self.retry_at.is_none_or(|at| now >= at)
    }

    /// The key, if it is held and not too old.
    fn usable(&self, id: &str, now: Instant) -> Option<Arc<PublicKey>> {
        let held = self.held.as_ref().filter(|held| now.duration_since(held.since) < MAX_STALE)?;
        held.keys.get(id).cloned()
    }

    /// What it means that there is no key: a token of nobody, or that nobody knows.
    fn without(&self) -> AuthError {
        match self.held.is_none() || self.failure.is_some() {
            true => AuthError::Unavailable("the project's token keys can't be fetched"),
            false => AuthError::InvalidToken("its key id"),
        }
    }

    fn arrived(&mut self, fetched: Result<Fetched, FetchError>, begun: Instant, ended: Instant) {
        self.flight = None;
        match fetched {
            Ok(Fetched { keys, max_age }) => {
                if self.failure.take().is_some() {
                    tracing::info!("the project's token keys can be fetched again");
                }
                self.retry_at = None;
                let keys = match &self.held {
                    Some(held) => keys.keeping(&held.keys),
                    None => keys,
                };
                let fresh_for = max_age.unwrap_or(MAX_FRESH).clamp(MIN_FRESH, MAX_FRESH);
                self.held = Some(Held { keys, since: begun, fresh_for });
            }
            Err(failure) => {
                self.retry_at = Some(ended + RETRY_PAUSE);
                if self.failure.as_ref() != Some(&failure) {
                    tracing::warn!("the project's token keys can't be fetched: {failure}");
                }
                self.failure = Some(failure);
            }
        }
    }
}

impl Held {
    fn is_fresh(&self, now: Instant) -> bool {
        now.duration_since(self.since) < self.fresh_for
    }

    /// Whether it is time for the next fetch, so that it is done before anybody has to wait for it.
    fn is_ageing(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= self.fresh_for * 4 / 5
    }
}

#[cfg(test)]
mod tests;
