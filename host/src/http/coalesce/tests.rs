use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::plugin::ToolStatus;
use crate::supervisor::TurnEnd;

fn text(agent: &str, words: &str) -> Step {
    Step::Event(Event { agent: agent.into(), kind: EventKind::Text(words.to_owned()) })
}

fn tool(agent: &str, id: &str) -> Step {
    let (id, name) = (id.to_owned(), "look_up".to_owned());
    Step::Event(Event { agent: agent.into(), kind: EventKind::Tool { id, name, status: ToolStatus::Started } })
}

fn end() -> Step {
    Step::End(Ok(TurnEnd { agent: "a".into(), limit: None }))
}

/// A step in one word: `a:text`, `a#tool`, `end`.
fn told(step: &Step) -> String {
    match step {
        Step::Event(Event { agent, kind: EventKind::Text(text) }) => format!("{agent}:{text}"),
        Step::Event(Event { agent, kind: EventKind::Progress(text) }) => format!("{agent}~{text}"),
        Step::Event(Event { agent, kind: EventKind::Tool { id, .. } }) => format!("{agent}#{id}"),
        Step::End(_) => "end".to_owned(),
    }
}

/// A turn that a test feeds, and its reader.
struct Talk {
    says: Option<mpsc::UnboundedSender<Step>>,
    reader: Coalesced<futures::stream::BoxStream<'static, Step>>,
}

impl Talk {
    fn new() -> Self {
        let (says, steps) = mpsc::unbounded_channel();
        let steps = futures::stream::unfold(steps, |mut steps| async { Some((steps.recv().await?, steps)) }).boxed();
        Self { says: Some(says), reader: Coalesced::new(steps) }
    }

    fn say(&self, steps: impl IntoIterator<Item = Step>) {
        steps.into_iter().for_each(|step| self.says.as_ref().unwrap().send(step).unwrap());
    }

    /// What the reader gets when it asks, and how long it waited.
    async fn read(&mut self) -> (String, Duration) {
        let asked = Instant::now();
        let step = self.reader.next().await;
        (step.as_ref().map_or("over".to_owned(), told), asked.elapsed())
    }

    async fn reads_at_once(&mut self, expected: &str) {
        assert_eq!(self.read().await, (expected.to_owned(), Duration::ZERO));
    }

    /// The reader has asked, and nothing is there.
    async fn waits(&mut self) {
        assert!(futures::poll!(self.reader.next()).is_pending());
    }
}

async fn pass(milliseconds: u64) {
    tokio::time::advance(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_keeps_up_gets_every_text_as_it_comes() {
    let mut talk = Talk::new();
    for word in ["one ", "two ", "three "] {
        talk.waits().await;
        pass(50).await;
        talk.say([text("a", word)]);
        talk.reads_at_once(&format!("a:{word}")).await;
    }
    talk.waits().await;
    talk.say([text("a", "four "), text("a", "five ")]);
    talk.reads_at_once("a:four ").await;
    talk.reads_at_once("a:five ").await;
}

#[tokio::test(start_paused = true)]
async fn the_first_text_waits_for_nothing_even_when_more_is_there() {
    let mut talk = Talk::new();
    talk.say([tool("a", "1"), text("a", "one "), text("a", "two "), text("a", "three "), end()]);
    talk.reads_at_once("a#1").await;
    pass(500).await;
    talk.reads_at_once("a:one ").await;
    talk.reads_at_once("a:two three ").await;
    talk.reads_at_once("end").await;
    talk.says = None;
    talk.reads_at_once("over").await;
    talk.reads_at_once("over").await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_reader_comes_together_without_any_delay() {
    let mut talk = Talk::new();
    talk.say((0..5).map(|word| text("a", &format!("{word} "))));
    talk.reads_at_once("a:0 ").await;
    talk.reads_at_once("a:1 2 3 4 ").await;
}

#[tokio::test(start_paused = true)]
async fn after_the_connection_held_the_reader_up_text_waits_twenty_milliseconds_for_more_and_no_longer() {
    let mut talk = Talk::new();
    talk.say([text("a", "one ")]);
    talk.reads_at_once("a:one ").await;
    talk.say([text("a", "two ")]);
    pass(6).await;
    let says = talk.says.clone().unwrap();
    let feeder = tokio::spawn(async move {
        for word in ["three ", "four ", "five "] {
            tokio::time::sleep(Duration::from_millis(8)).await;
            says.send(text("a", word)).unwrap();
        }
    });
    assert_eq!(talk.read().await, ("a:two three four ".to_owned(), HOLD));
    feeder.await.unwrap();
    talk.reads_at_once("a:five ").await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_once_something_else_or_the_end_follows() {
    for follower in [tool("a", "1"), text("b", "mine"), end()] {
        let mut talk = Talk::new();
        talk.say([text("a", "one ")]);
        talk.reads_at_once("a:one ").await;
        let expected = told(&follower);
        talk.say([text("a", "two "), text("a", "three "), follower]);
        pass(6).await;
        talk.reads_at_once("a:two three ").await;
        assert_eq!(talk.read().await.0, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_over_holds_nothing_back() {
    let mut talk = Talk::new();
    talk.say([text("a", "one ")]);
    talk.reads_at_once("a:one ").await;
    talk.say([text("a", "two ")]);
    talk.says = None;
    pass(6).await;
    talk.reads_at_once("a:two ").await;
    talk.reads_at_once("over").await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_has_at_most_thirty_two_tokens_unless_it_came_so() {
    let mut talk = Talk::new();
    let huge = "x".repeat(1_000);
    talk.say((0..40).map(|_| text("a", "word")));
    talk.say([text("a", &huge), text("a", "1"), text("a", "2")]);
    talk.reads_at_once("a:word").await;
    pass(6).await;
    talk.reads_at_once(&format!("a:{}", "word".repeat(32))).await;
    talk.reads_at_once(&format!("a:{}", "word".repeat(7))).await;
    talk.reads_at_once(&format!("a:{huge}")).await;
    talk.reads_at_once("a:12").await;
}

/// What is fed and when, when the reader comes: `None` lets time pass.
fn script() -> impl Strategy<Value = Vec<Option<(u8, u8)>>> {
    proptest::collection::vec(proptest::option::weighted(0.8, (0_u8..3, 0_u8..8)), 0..200)
}

proptest! {
    /// Whatever comes, and whenever the reader does: nothing is lost, added or moved; only neighbours are joined.
    #[test]
    fn a_reader_gets_the_same_words_in_the_same_order(script in script(), reads in proptest::collection::vec(0_u64..30, 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (fed, got) = runtime.block_on(async {
            let mut talk = Talk::new();
            let steps: Vec<Option<Step>> = script.iter().enumerate().map(|(at, step)| {
                let (agent, kind) = (*step)?;
                let agent = ["a", "b", "c"][usize::from(agent)];
                Some(match kind {
                    0 => tool(agent, &at.to_string()),
                    1 => Step::Event(Event { agent: agent.into(), kind: EventKind::Progress(at.to_string()) }),
                    _ => text(agent, &format!("{at} {}", "x".repeat(usize::from(kind) * 9))),
                })
            }).collect();
            let fed: Vec<String> = steps.iter().flatten().map(told).collect();
            let says = talk.says.take().unwrap();
            tokio::spawn(async move {
                for step in steps {
                    match step {
                        Some(step) => says.send(step).unwrap(),
                        None => tokio::time::sleep(Duration::from_millis(7)).await,
                    }
                }
            });
            let mut got = Vec::new();
            for pause in reads.iter().cycle() {
                tokio::time::sleep(Duration::from_millis(*pause)).await;
                match talk.reader.next().await {
                    Some(step) => got.push(told(&step)),
                    None => break,
                }
            }
            (fed, got)
        });
        prop_assert!(got.len() <= fed.len());
        prop_assert_eq!(joined(&fed), joined(&got));
        if let Some(first) = fed.iter().find(|step| step.contains(':')) {
            prop_assert!(got.contains(first), "the first text goes out alone");
        }
    }
}

/// With all neighbouring texts of an agent in one.
fn joined(steps: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for step in steps {
        match (joined.last_mut(), step.split_once(':')) {
            (Some(last), Some((agent, text))) if last.starts_with(&format!("{agent}:")) => last.push_str(text),
            _ => joined.push(step.clone()),
        }
    }
    joined
}
