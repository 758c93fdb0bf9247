//! What each user has used today, for a daily budget. Days are reckoned in UTC, as providers bill them.
//!
//! The sum is read from the user's own messages at the first turn of a day and counted in memory from then on. Several
//! servers each read it once and then know only of their own turns.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::capability::data::DataError;
use crate::capability::llm::budget::{Amount, Day, DayLimits};

/// Users who are remembered. Some 200 bytes each; one who was forgotten is read again.
const USERS: usize = 10_000;

/// Everybody's day.
pub(super) struct Days {
    limits: DayLimits,
    users: Mutex<HashMap<Uuid, Arc<Today>>>,
}

struct Today {
    date: NaiveDate,
    day: Arc<Day>,
    /// Set when what was kept of the day has been read.
    read: OnceCell<()>,
}

impl Days {
    pub(super) fn new(limits: DayLimits) -> Self {
        Self { limits, users: Mutex::default() }
    }

    /// A user's day at this time, none if days have no limit. `recorded` reads what was used since a time; when it fails,
    /// only what this server saw counts, and the next turn tries again.
    pub(super) async fn of<F>(
        &self,
        user: Uuid,
        now: DateTime<Utc>,
        recorded: impl FnOnce(DateTime<Utc>) -> F,
    ) -> Option<Arc<Day>>
    where
        F: Future<Output = Result<Amount, DataError>>,
    {
        if !self.limits.are_set() {
            return None;
        }
        let today = self.today(user, now.date_naive());
        let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        let read = today.read.get_or_try_init(|| async {
            today.day.at_least(recorded(midnight).await?);
            Ok::<_, DataError>(())
        });
        if let Err(error) = read.await {
            tracing::warn!(error = %error, "what a user used today can't be read; only this server's turns count");
        }
        Some(Arc::clone(&today.day))
    }

    fn today(&self, user: Uuid, date: NaiveDate) -> Arc<Today> {
        let mut users = self.users();
        if let Some(today) = users.get(&user)
            && today.date == date
        {
            return Arc::clone(today);
        }
        if users.len() >= USERS {
            // Those with a turn under way are held by it.
            users.retain(|_, today| Arc::strong_count(&today.day) > 1);
        }
        let today = Arc::new(Today { date, day: Arc::new(Day::new(self.limits)), read: OnceCell::new() });
        users.insert(user, Arc::clone(&today));
        today
    }

    fn users(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Today>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const ANNA: Uuid = Uuid::from_u128(1);

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    fn limited() -> Days {
        Days::new(DayLimits { tokens: Some(1_000), cost_usd: None })
    }

    fn tokens(tokens: u64) -> Amount {
        Amount { tokens, cost_usd: Decimal::ZERO }
    }

    #[tokio::test]
    async fn a_day_is_read_once_from_its_midnight_in_utc_and_a_new_one_begins_afresh() {
        let (days, reads) = (limited(), AtomicUsize::new(0));
        let recorded = |midnight: DateTime<Utc>| {
            reads.fetch_add(1, Ordering::SeqCst);
            assert_eq!(midnight.time(), NaiveTime::MIN);
            std::future::ready(Ok(tokens(700)))
        };
        for time in ["2026-03-09T00:00:00Z", "2026-03-09T23:59:59Z"] {
            let day = days.of(ANNA, at(time), recorded).await.unwrap();
            assert_eq!(day.used_so_far(), tokens(700));
        }
        assert_eq!(reads.load(Ordering::SeqCst), 1);
        let nothing = |_| std::future::ready(Ok(tokens(0)));
        let next = days.of(ANNA, at("2026-03-10T00:00:00Z"), nothing).await.unwrap();
        assert_eq!(next.used_so_far(), tokens(0));
        assert!(Days::new(DayLimits::default()).of(ANNA, at("2026-03-09T00:00:00Z"), recorded).await.is_none());
        assert_eq!(reads.load(Ordering::SeqCst), 1, "without a limit nothing is read");
    }

    #[tokio::test]
    async fn a_sum_that_cannot_be_read_holds_nobody_up_and_is_read_at_the_next_turn() {
        let (days, now) = (limited(), at("2026-03-09T12:00:00Z"));
        let away = |_| std::future::ready(Err(DataError::Unavailable("it is away".into())));
        assert_eq!(days.of(ANNA, now, away).await.unwrap().used_so_far(), tokens(0));
        let there = |_| std::future::ready(Ok(tokens(700)));
        assert_eq!(days.of(ANNA, now, there).await.unwrap().used_so_far(), tokens(700));
    }

    #[tokio::test]
    async fn users_without_a_turn_are_forgotten_when_there_are_too_many() {
        let (days, now) = (limited(), at("2026-03-09T12:00:00Z"));
        let recorded = |_| std::future::ready(Ok(tokens(5)));
        let held = days.of(ANNA, now, recorded).await.unwrap();
        for user in 2..=USERS as u128 + 1 {
            days.of(Uuid::from_u128(user), now, recorded).await;
        }
        assert_eq!(days.users().len(), 2);
        let again = days.of(ANNA, now, |_| async { unreachable!("it is remembered") }).await.unwrap();
        assert!(Arc::ptr_eq(&held, &again));
    }
}
