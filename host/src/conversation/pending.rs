//! Writes under way, by conversation. What a user was shown is read only after it was written, however quick their next
//! message is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

/// How long a reader waits for writes. They take milliseconds; a database that takes longer won't answer the reader either.
const PATIENCE: Duration = Duration::from_secs(5);

/// The conversations that are being written to, and by how many.
#[derive(Default)]
pub(super) struct Pending(Mutex<HashMap<Uuid, watch::Sender<usize>>>);

/// A write under way, until it is dropped.
pub(super) struct Underway {
    pending: Arc<Pending>,
    conversation: Uuid,
}

impl Pending {
    /// Begins a write.
    pub(super) fn begin(self: &Arc<Self>, conversation: Uuid) -> Underway {
        self.lock().entry(conversation).or_default().send_modify(|writes| *writes += 1);
        Underway { pending: Arc::clone(self), conversation }
    }

    /// Waits until nothing is being written to a conversation, or for as long as is sensible.
    pub(super) async fn settled(&self, conversation: Uuid) {
        let Some(mut writes) = self.lock().get(&conversation).map(watch::Sender::subscribe) else { return };
        let _ = tokio::time::timeout(PATIENCE, writes.wait_for(|writes| *writes == 0)).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, watch::Sender<usize>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut conversations = self.pending.lock();
        let Some(writes) = conversations.get(&self.conversation) else { return };
        writes.send_modify(|writes| *writes -= 1);
        if *writes.borrow() == 0 {
            conversations.remove(&self.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_waits_for_every_write_of_its_conversation_and_for_no_other() {
        let pending = Arc::new(Pending::default());
        let (one, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let (first, second, _other) = (pending.begin(one), pending.begin(one), pending.begin(another));
        let reader = tokio::spawn({
            let pending = Arc::clone(&pending);
            async move { pending.settled(one).await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!reader.is_finished());
        drop(second);
        reader.await.unwrap();
        assert_eq!(pending.lock().len(), 1, "nothing is kept of what is over");

        let started = tokio::time::Instant::now();
        pending.settled(another).await;
        assert_eq!(started.elapsed(), PATIENCE);
    }
}
