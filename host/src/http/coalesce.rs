//! Fewer, larger chunks for a reader who is behind.
//!
//! A chunk of one word is mostly frame: some 70 bytes of JSON around 5 of text. A reader who keeps up gets each word as it
//! comes all the same. One who doesn't finds several waiting, and gets those in one chunk; and when it was the connection
//! that held it up, the next words get a moment to join them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::stream::Fuse;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep};

use crate::capability::llm::estimate::Scale;
use crate::plugin::{Event, EventKind};
use crate::supervisor::Step;

/// The longest that text waits for more of it.
const HOLD: Duration = Duration::from_millis(20);

/// The most tokens in a chunk of several texts.
const TOKENS: u32 = 32;

/// A reader who comes back later than this was held up: one who keeps up is back in microseconds.
const LATE: Duration = Duration::from_millis(5);

/// The steps of a turn, in their order; texts of the same agent that wait for the reader are joined.
pub struct Coalesced<S> {
    steps: Fuse<S>,
    /// When the reader took the last step, until it asks for the next one.
    taken: Option<Instant>,
    /// Whether the first text has gone out. Nothing keeps that.
    begun: bool,
    /// A text that may get longer.
    text: Option<Growing>,
    /// The step that ended it.
    next: Option<Step>,
}

struct Growing {
    event: Event,
    tokens: u32,
    /// How long it may wait for more. Without it, not at all.
    until: Option<Pin<Box<Sleep>>>,
}

/// What the reader made of the time since the last step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// It waits for steps.
    Waits,
    /// A step waits for it.
    Behind,
    /// A step waits for it, and the connection is why.
    HeldUp,
}

impl<S: Stream<Item = Step> + Unpin> Coalesced<S> {
    /// Joins texts of these steps.
    pub fn new(steps: S) -> Self {
        Self { steps: steps.fuse(), taken: None, begun: false, text: None, next: None }
    }

    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Option<Step>> {
        match self.next.take() {
            Some(step) => Poll::Ready(Some(step)),
            None => self.steps.poll_next_unpin(context),
        }
    }

    /// Takes the next step: one to pass on as it is, or none where it is a text that may grow.
    fn begin(&mut self, step: Step, reader: Reader) -> Option<Step> {
        let Step::Event(event) = step else { return Some(step) };
        let EventKind::Text(text) = &event.kind else { return Some(Step::Event(event)) };
        let is_first = !std::mem::replace(&mut self.begun, true);
        let tokens = tokens(text);
        if is_first || reader == Reader::Waits || tokens >= TOKENS {
            return Some(Step::Event(event));
        }
        let until = (reader == Reader::HeldUp).then(|| Box::pin(sleep(HOLD)));
        self.text = Some(Growing { event, tokens, until });
        None
    }

    /// Lets the text grow by what is there. Ready when it is done.
    fn poll_grown(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let step = match self.poll_step(context) {
                Poll::Ready(Some(step)) => step,
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => break,
            };
            let Some(growing) = &mut self.text else { return Poll::Ready(()) };
            if let Some(step) = growing.join(step) {
                self.next = Some(step);
                return Poll::Ready(());
            }
            if growing.tokens >= TOKENS {
                return Poll::Ready(());
            }
        }
        match self.text.as_mut().and_then(|growing| growing.until.as_mut()) {
            Some(until) => until.as_mut().poll(context),
            None => Poll::Ready(()),
        }
    }
}

impl Growing {
    /// Adds a step, or gives it back.
    fn join(&mut self, step: Step) -> Option<Step> {
        let Step::Event(next) = step else { return Some(step) };
        let (EventKind::Text(text), EventKind::Text(more)) = (&mut self.event.kind, &next.kind) else {
            return Some(Step::Event(next));
        };
        let tokens = self.tokens + tokens(more);
        if self.event.agent != next.agent || tokens > TOKENS {
            return Some(Step::Event(next));
        }
        text.push_str(more);
        self.tokens = tokens;
        None
    }
}

impl<S: Stream<Item = Step> + Unpin> Stream for Coalesced<S> {
    type Item = Step;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Step>> {
        let this = self.get_mut();
        if this.text.is_none() {
            let taken = this.taken.take();
            let Poll::Ready(step) = this.poll_step(context) else { return Poll::Pending };
            let Some(step) = step else { return Poll::Ready(None) };
            let reader = match taken {
                None => Reader::Waits,
                Some(taken) if taken.elapsed() < LATE => Reader::Behind,
                Some(_) => Reader::HeldUp,
            };
            if let Some(step) = this.begin(step, reader) {
                this.taken = Some(Instant::now());
                return Poll::Ready(Some(step));
            }
        }
        ready!(this.poll_grown(context));
        this.taken = Some(Instant::now());
        Poll::Ready(this.text.take().map(|growing| Step::Event(growing.event)))
    }
}

/// At least one: what a model says at a time is never less.
fn tokens(text: &str) -> u32 {
    Scale::default().tokens(text.len()).max(1)
}

#[cfg(test)]
mod tests;
