//! A model that follows a script: rules that look at the request alone, so that any number of calls may run at once.
//!
//! ```json
//! [
//!   {"when": {"after_tool": null, "last_user_contains": "overdue"},
//!    "reply": {"tool_uses": [{"name": "list_invoices", "input": {"status": "overdue"}}]}},
//!   {"when": {"after_tool": "list_invoices"}, "reply": {"text": "You have two.", "deltas": 3, "delay_ms": 5}}
//! ]
//! ```

mod rule;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream;

use super::{
    Completion, CompletionEvent, CompletionRequest, CompletionStream, Content, LanguageModel, LlmError, StopReason,
};
use super::{ToolUse, estimate};
pub use rule::{AfterTool, Deltas, ErrorKind, Reply, Rule, ScriptedToolUse, When};

/// How many requests the log keeps, the newest ones: enough for any test, and a benchmark doesn't fill the memory.
const LOG: usize = 1_000;

/// The scripted model. Clones share their counters.
#[derive(Clone)]
pub struct Scripted {
    rules: Arc<[Rule]>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: AtomicUsize,
    in_flight: AtomicUsize,
    cancelled: AtomicUsize,
    log: Mutex<VecDeque<CompletionRequest>>,
}

impl Scripted {
    /// A model with these rules; the first that matches a request answers it.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules: rules.into(), seen: Arc::default() }
    }

    /// A model from a JSON array of rules.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self::new(serde_json::from_str(text)?))
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }

    /// How many streams are neither finished nor dropped.
    pub fn in_flight(&self) -> usize {
        self.seen.in_flight.load(Ordering::SeqCst)
    }

    /// How many streams were dropped before their end.
    pub fn cancelled(&self) -> usize {
        self.seen.cancelled.load(Ordering::SeqCst)
    }

    /// The newest 1,000 requests, oldest first.
    pub fn requests(&self) -> Vec<CompletionRequest> {
        self.seen.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[async_trait]
impl LanguageModel for Scripted {
    fn id(&self) -> &str {
        "scripted"
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let call = self.seen.calls.fetch_add(1, Ordering::SeqCst);
        let reply = self.rules.iter().find(|rule| rule.when.matches(&request)).map(|rule| rule.reply.clone());
        let asked = rule::asked(&request);
        let input_tokens = estimate::input_tokens(&request);
        {
            let mut log = self.seen.log.lock().unwrap_or_else(PoisonError::into_inner);
            if log.len() == LOG {
                log.pop_front();
            }
            log.push_back(request);
        }
        let reply = reply.ok_or_else(|| LlmError::Invalid(format!("the script has no rule for {asked}")))?;
        let chunks = reply.chunks();
        if let (Some(error), true) = (&reply.error, chunks.is_empty()) {
            return Err(error.error());
        }
        let end = match &reply.error {
            Some(error) => Err(error.error()),
            None => Ok(CompletionEvent::Finished(completion(&reply, chunks.concat(), call, input_tokens))),
        };
        let running = Running::start(self.seen.clone());
        let events: VecDeque<_> =
            chunks.into_iter().map(|chunk| Ok(CompletionEvent::TextDelta(chunk))).chain([end]).collect();
        let delay = Duration::from_millis(reply.delay_ms);
        Ok(Box::pin(stream::unfold((events, running), move |(mut events, mut running)| async move {
            let event = events.pop_front()?;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            if events.is_empty() {
                running.finish();
            }
            Some((event, (events, running)))
        })))
    }
}

fn completion(reply: &Reply, text: String, call: usize, input_tokens: u32) -> Completion {
    let mut content = Vec::new();
    if !text.is_empty() {
        content.push(Content::Text(text));
    }
    content.extend(reply.tool_uses.iter().enumerate().map(|(index, tool)| {
        Content::ToolUse(ToolUse {
            id: format!("scripted_{call}_{index}"),
            name: tool.name.clone(),
            input: tool.input.clone(),
        })
    }));
    let natural = if reply.tool_uses.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    let stop_reason = reply.stop_reason.as_deref().map_or(natural, rule::stop_reason);
    Completion { usage: estimate::usage(input_tokens, &content), content, stop_reason, model: None }
}

/// Counts a stream from its start to its end, whichever way it ends.
struct Running {
    seen: Arc<Seen>,
    finished: bool,
}

impl Running {
    fn start(seen: Arc<Seen>) -> Self {
        seen.in_flight.fetch_add(1, Ordering::SeqCst);
        Self { seen, finished: false }
    }

    fn finish(&mut self) {
        if !self.finished {
            self.finished = true;
            self.seen.in_flight.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            self.seen.cancelled.fetch_add(1, Ordering::SeqCst);
        }
        self.finish();
    }
}

#[cfg(test)]
mod tests;
