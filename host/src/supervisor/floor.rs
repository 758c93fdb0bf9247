//! Several agents speak in one stream: their tools show at once, their texts one after the other.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;

use crate::plugin::{Event, EventKind, Events};

/// Passes on what agents send until all of them are done. The first to say something has the floor until it ends; what
/// the others say meanwhile is kept, and told when it is their turn, in the order in which they began.
pub(super) async fn relay(agents: Vec<mpsc::Receiver<Event>>, events: &Events) {
    let mut floor = Floor { events, waiting: Vec::new(), speaker: None, spoken: false };
    let mut pending: FuturesUnordered<_> = agents.into_iter().enumerate().map(next).collect();
    while let Some((agent, event, receiver)) = pending.next().await {
        match event {
            Some(event) => {
                floor.take(agent, event).await;
                pending.push(next((agent, receiver)));
            }
            None => floor.leave(agent).await,
        }
    }
}

async fn next((agent, mut receiver): (usize, mpsc::Receiver<Event>)) -> (usize, Option<Event>, mpsc::Receiver<Event>) {
    (agent, receiver.recv().await, receiver)
}

struct Floor<'a> {
    events: &'a Events,
    speaker: Option<usize>,
    /// Whether somebody spoke before, so that the next one starts a paragraph.
    spoken: bool,
    waiting: Vec<Waiting>,
}

/// An agent that began to speak while another one did.
struct Waiting {
    agent: usize,
    done: bool,
    said: Vec<Event>,
}

impl Floor<'_> {
    async fn take(&mut self, agent: usize, event: Event) {
        if !matches!(event.kind, EventKind::Text(_)) || self.speaker == Some(agent) {
            return self.send(event).await;
        }
        if self.speaker.is_none() {
            return self.begin(agent, vec![event]).await;
        }
        match self.waiting.iter_mut().find(|waiting| waiting.agent == agent) {
            Some(waiting) => waiting.said.push(event),
            None => self.waiting.push(Waiting { agent, done: false, said: vec![event] }),
        }
    }

    async fn leave(&mut self, agent: usize) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.agent == agent) {
            waiting.done = true;
            return;
        }
        if self.speaker != Some(agent) {
            return;
        }
        self.speaker = None;
        while self.speaker.is_none() && !self.waiting.is_empty() {
            let Waiting { agent, done, said } = self.waiting.remove(0);
            self.begin(agent, said).await;
            if done {
                self.speaker = None;
            }
        }
    }

    async fn begin(&mut self, agent: usize, said: Vec<Event>) {
        self.speaker = Some(agent);
        if let Some(first) = said.first().filter(|_| self.spoken) {
            self.send(Event { agent: first.agent.clone(), kind: EventKind::Text("\n\n".into()) }).await;
        }
        self.spoken = true;
        for event in said {
            self.send(event).await;
        }
    }

    async fn send(&self, event: Event) {
        // A reader who is gone ends the whole turn.
        let _ = self.events.send(event).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `(agent, what)`, where a text without `.` is an end and one with `!` is progress, and tells what came out.
    async fn heard(script: &[(usize, &str)]) -> String {
        let (events, mut heard) = Events::channel(100);
        let mut floor = Floor { events: &events, waiting: Vec::new(), speaker: None, spoken: false };
        for (agent, what) in script {
            let name = ["a", "b", "c"][*agent];
            match *what {
                "end" => floor.leave(*agent).await,
                "work" => floor.take(*agent, event(name, EventKind::Progress("work".into()))).await,
                text => floor.take(*agent, event(name, EventKind::Text(text.into()))).await,
            }
        }
        drop(events);
        let mut told = Vec::new();
        while let Some(event) = heard.recv().await {
            let (EventKind::Text(what) | EventKind::Progress(what)) = event.kind else { continue };
            told.push(format!("{}:{}", event.agent, what.replace('\n', "¶")));
        }
        told.join(" ")
    }

    fn event(agent: &str, kind: EventKind) -> Event {
        Event { agent: agent.into(), kind }
    }

    #[tokio::test]
    async fn texts_do_not_mix_and_tools_show_at_once() {
        let script =
            [(1, "1"), (0, "2"), (0, "work"), (1, "3"), (2, "4"), (1, "end"), (0, "5"), (2, "end"), (0, "end")];
        assert_eq!(heard(&script).await, "b:1 a:work b:3 a:¶¶ a:2 a:5 c:¶¶ c:4");
    }

    #[tokio::test]
    async fn those_who_end_while_they_wait_are_told_whole_in_the_order_they_began() {
        let script = [(0, "1"), (2, "2"), (1, "3"), (1, "end"), (2, "4"), (2, "end"), (0, "5"), (0, "end")];
        assert_eq!(heard(&script).await, "a:1 a:5 c:¶¶ c:2 c:4 b:¶¶ b:3");
    }

    #[tokio::test]
    async fn one_who_says_nothing_holds_nobody_up() {
        assert_eq!(heard(&[(0, "work"), (0, "end"), (1, "1"), (1, "end"), (2, "2")]).await, "a:work b:1 c:¶¶ c:2");
    }
}
