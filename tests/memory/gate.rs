//! A model that answers when the test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use canvalo::capability::llm::scripted::Scripted;
use canvalo::capability::llm::{CompletionRequest, CompletionStream, LanguageModel, LlmError};
use serde_json::json;
use tokio::sync::watch;

/// The supervisor is answered at once: "@waits" asks the guest `waits`, "@hoard" `hoard`. Guests wait for the gate.
pub(crate) struct Gate {
    script: Scripted,
    open: watch::Sender<bool>,
    waiting: AtomicUsize,
}

impl Gate {
    /// It is closed.
    pub(crate) fn new() -> Arc<Self> {
        let asks = |guest: &str| {
            json!({
                "when": { "last_user_contains": format!("@{guest}") },
                "reply": { "tool_uses": [{ "name": guest, "input": {} }] },
            })
        };
        let rules = json!([asks("waits"), asks("hoard"), { "reply": { "text": "Hello!" } }]);
        let script = Scripted::from_json(&rules.to_string()).expect("a script");
        Arc::new(Self { script, open: watch::Sender::new(false), waiting: AtomicUsize::new(0) })
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    pub(crate) fn close(&self) {
        self.open.send_replace(false);
    }

    /// How many guests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl LanguageModel for Gate {
    fn id(&self) -> &str {
        "gate"
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        // Guests of these tests offer no tools; the supervisor does.
        if request.tools.is_empty() {
            self.waiting.fetch_add(1, Ordering::SeqCst);
            let opened = self.open.subscribe().wait_for(|open| *open).await.is_ok();
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            assert!(opened, "the gate outlives its guests");
        }
        self.script.stream(request).await
    }
}
