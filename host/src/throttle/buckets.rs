//! A token bucket per key: it holds as many requests as a minute brings, and fills evenly.

use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// Keys that are remembered. Beyond it all are forgotten at once and begin anew: 100,000 addresses within a minute are no
/// users any more, and memory comes first. Some 10 MB.
const KEYS: usize = 100_000;

/// Checks between two looks at what can be forgotten.
const SWEEP: u32 = 1_024;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// Buckets of one size.
pub struct Buckets<K: Hash + Eq + Clone> {
    name: &'static str,
    per_minute: NonZeroU32,
    limiter: ArcSwap<Limiter<K>>,
    checks: AtomicU32,
}

/// How a bucket stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The bucket's name.
    pub name: &'static str,
    /// Requests it holds when it is full.
    pub quota: u32,
    /// Requests left in it.
    pub remaining: u32,
    /// Seconds until it is full again.
    pub full_in_s: u32,
    /// Seconds until the next request, when this one was too many.
    pub retry_after_s: Option<u32>,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// Buckets of `per_minute` requests, at least one.
    pub fn new(name: &'static str, per_minute: u32) -> Self {
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self { name, per_minute, limiter: ArcSwap::new(limiter(per_minute)), checks: AtomicU32::new(0) }
    }

    /// Takes a request out of a bucket, if there is one in it.
    pub fn take(&self, key: &K) -> Level {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.sweep();
        }
        let (limiter, quota) = (self.limiter.load(), self.per_minute.get());
        let level = |remaining: u32, retry_after_s| Level {
            name: self.name,
            quota,
            remaining,
            full_in_s: ((quota - remaining.min(quota)) * 60).div_ceil(quota),
            retry_after_s,
        };
        match limiter.check_key(key) {
            Ok(state) => level(state.remaining_burst_capacity(), None),
            Err(refusal) => {
                let wait = refusal.wait_time_from(DefaultClock::default().now());
                let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
                level(0, Some(seconds.max(1)))
            }
        }
    }

    /// Forgets the buckets that are full, and all of them when there are too many.
    fn sweep(&self) {
        let limiter = self.limiter.load();
        if limiter.len() > KEYS / 2 {
            limiter.retain_recent();
        }
        if limiter.len() > KEYS {
            tracing::warn!(limit = self.name, "more keys than are remembered: all of them begin anew");
            self.limiter.store(self::limiter(self.per_minute));
        }
    }
}

fn limiter<K: Hash + Eq + Clone>(per_minute: NonZeroU32) -> Arc<Limiter<K>> {
    let limiter = RateLimiter::dashmap(Quota::per_minute(per_minute));
    Arc::new(limiter.with_middleware::<StateInformationMiddleware>())
}

impl Level {
    /// The item of the `RateLimit-Policy` header field.
    pub fn policy(&self) -> impl fmt::Display {
        let Self { name, quota, .. } = *self;
        fmt::from_fn(move |f| write!(f, "\"{name}\";q={quota};w=60"))
    }

    /// The item of the `RateLimit` header field.
    pub fn state(&self) -> impl fmt::Display {
        let Self { name, remaining, full_in_s, .. } = *self;
        fmt::from_fn(move |f| write!(f, "\"{name}\";r={remaining};t={full_in_s}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_holds_and_then_says_when_there_is_more() {
        let buckets = Buckets::new("user", 3);
        let level = buckets.take(&"ann");
        assert_eq!((level.remaining, level.full_in_s, level.retry_after_s), (2, 20, None));
        assert_eq!(level.policy().to_string(), r#""user";q=3;w=60"#);
        assert_eq!(level.state().to_string(), r#""user";r=2;t=20"#);
        assert_eq!(buckets.take(&"ann").remaining, 1);
        assert_eq!(buckets.take(&"ann").remaining, 0);
        let refused = buckets.take(&"ann");
        assert_eq!((refused.remaining, refused.full_in_s), (0, 60));
        assert!((1..=20).contains(&refused.retry_after_s.unwrap()), "{refused:?}");
        assert_eq!(buckets.take(&"ben").retry_after_s, None, "another one's bucket is full");
    }

    #[test]
    fn what_is_remembered_is_bounded_whoever_asks() {
        let buckets = Buckets::new("address", 1);
        for key in 0..(KEYS * 2) as u32 {
            buckets.take(&key);
        }
        let kept = buckets.limiter.load().len();
        assert!(kept <= KEYS + SWEEP as usize, "{kept}");
    }

    #[test]
    fn full_buckets_are_forgotten_first() {
        // A million a minute: a bucket is full again after 60 µs.
        let buckets = Buckets::new("address", 1_000_000);
        for key in 0..(KEYS as u32) {
            buckets.take(&key);
        }
        let before = Arc::as_ptr(&buckets.limiter.load());
        buckets.sweep();
        assert!(buckets.limiter.load().len() < KEYS / 2);
        assert_eq!(Arc::as_ptr(&buckets.limiter.load()), before, "nothing else was forgotten");
    }
}
