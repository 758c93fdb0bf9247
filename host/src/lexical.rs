//! Words compared without a model.
//!
//! Ranks candidates (agents, tools) by the words they share with a question. A word counts for more the fewer
//! candidates use it, and a word nobody knows counts against all of them, so that "what is the weather" goes to no one.

mod elsewhere;
mod features;
mod related;
mod typo;
mod vocabulary;
pub mod words;

use elsewhere::strays;
use features::{Feature, Kind, features};
use vocabulary::{IN_DESCRIPTION, IN_NAME, Vocabulary};

/// Something a question can go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its name. Its words count most.
    pub name: String,
    /// What it does, in prose.
    pub description: String,
    /// Questions it answers.
    pub examples: Vec<String>,
}

impl Candidate {
    /// A candidate from a description that may end with a line `Examples: "…" "…"`.
    pub fn from_description(name: &str, description: &str) -> Self {
        let (prose, examples) = split_examples(description);
        Self { name: name.to_owned(), description: prose.to_owned(), examples }
    }
}

/// Parts a description from the quoted questions of its last `Examples:` line.
pub fn split_examples(description: &str) -> (&str, Vec<String>) {
    let Some(at) = description.rfind("Examples:") else { return (description.trim(), Vec::new()) };
    if at > 0 && !description[..at].ends_with(['\n', ' ']) {
        return (description.trim(), Vec::new());
    }
    let quoted = description[at + "Examples:".len()..].replace(['“', '”'], "\"");
    let examples = quoted.split('"').skip(1).step_by(2).map(|e| e.trim().to_owned()).filter(|e| !e.is_empty());
    (description[..at].trim(), examples.collect())
}

/// How well one candidate fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Its position among the candidates.
    pub index: usize,
    /// Comparable within one ranking only; from 0.0.
    pub score: f64,
    /// How much of the question's weight it knows, 0.0 to 1.0.
    pub coverage: f64,
    /// Whether the question is recognisably about it.
    pub confident: bool,
}

/// The candidates in the order they fit, ties in the order they came.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Every candidate, best first.
    pub scores: Vec<Score>,
}

impl Ranking {
    /// The best candidate, if the question is recognisably about it.
    pub fn best(&self) -> Option<usize> {
        self.scores.first().filter(|s| s.confident).map(|s| s.index)
    }

    /// The confident candidates that score at least `share` (0.0 to 1.0) of the best.
    pub fn near_best(&self, share: f64) -> impl Iterator<Item = &Score> {
        let floor = self.scores.first().map_or(0.0, |s| s.score * share);
        self.scores.iter().filter(move |s| s.confident && s.score >= floor)
    }
}

/// A word that people say about anything ("put", "start") says less of the topic than one of the trade.
const PART_COVERAGE: f64 = 0.65;
const NAME: f64 = 0.1;
const TRADE: f64 = 0.6;
const FRAME_PAIR: f64 = 0.3;
const FOCUS: f64 = 0.001;
const LIGHT: f64 = 0.4;
/// A word of time ("week"), a figure or a person's name says little about whose question it is.
const WEAK: f64 = 0.25;
/// What two words next to each other say beyond what each does.
const PAIR: f64 = 0.3;
/// A word that nobody knows says that the question is about something else, less surely than a known one the contrary.
const UNKNOWN: f64 = 0.7;
/// What a word that others know says against a candidate.
const OTHERS: f64 = 0.5;
/// What a word of talk about other things says against all of them.
const ASTRAY: f64 = 1.3;
/// How much of the question's weight must be known to a candidate: enough that one known word among two unknown ones is
/// not a match unless it is the candidate's name.
const COVERAGE: f64 = 0.45;
const COVERAGE_WITH_NAME: f64 = 0.2;

/// Ranks the candidates for a question.
pub fn rank(question: &str, candidates: &[Candidate]) -> Ranking {
    rank_by(question, &candidates.iter().map(Vocabulary::of).collect::<Vec<_>>())
}

fn rank_by(question: &str, vocabularies: &[Vocabulary]) -> Ranking {
    let count = vocabularies.len().max(1) as f64;
    let asked: Vec<Asked> =
        features(question).into_iter().map(|feature| Asked::among(vocabularies, &feature)).collect();
    let against = strays(question) as f64 * (1.0 + count.ln()) * ASTRAY;
    let mut scores: Vec<Score> = vocabularies
        .iter()
        .enumerate()
        .map(|(index, vocabulary)| score(index, vocabulary.len(), &asked, against))
        .collect();
    scores.sort_by(|a, b| b.confident.cmp(&a.confident).then(b.score.total_cmp(&a.score)));
    Ranking { scores }
}

/// A feature of the question.
struct Asked {
    kind: Kind,
    /// How much it says for each candidate, 0.0 where it says nothing.
    says: Vec<f64>,
    weight: f64,
}

impl Asked {
    fn among(vocabularies: &[Vocabulary], feature: &Feature) -> Self {
        let Feature { key, kind } = feature;
        let mut says: Vec<f64> = vocabularies.iter().map(|vocabulary| vocabulary.weight(key)).collect();
        if matches!(kind, Kind::Word | Kind::Opening | Kind::Light | Kind::Trade)
            && says.iter().all(|says| *says == 0.0)
        {
            says = vocabularies.iter().map(|vocabulary| vocabulary.weight_of_slip(key)).collect();
        }
        let most = says.iter().copied().fold(0.0, f64::max);
        let known_by = says.iter().filter(|says| **says > most / 2.0).count();
        let rarity = (vocabularies.len().max(1) as f64 / known_by.max(1) as f64).ln();
        let weight = match kind {
            Kind::Pair | Kind::FramePair if known_by == 0 => 0.0,
            Kind::Pair => rarity * PAIR,
            Kind::FramePair => rarity * PAIR * FRAME_PAIR,
            Kind::Frame if known_by == 0 => 0.0,
            Kind::Frame => (1.0 + rarity) * WEAK,
            Kind::Name | Kind::Opening if known_by == 0 => (1.0 + rarity) * NAME,
            Kind::Trade if known_by == 0 => 0.0,
            Kind::Trade => (1.0 + rarity) * TRADE,
            _ if known_by == 0 => (1.0 + rarity) * UNKNOWN,
            Kind::Light => (1.0 + rarity) * LIGHT,
            Kind::Word | Kind::Name | Kind::Opening => 1.0 + rarity,
        };
        Self { kind: *kind, says, weight }
    }
}

fn score(index: usize, size: usize, asked: &[Asked], against: f64) -> Score {
    let (mut score, mut covered, mut against) = (0.0, 0.0, against);
    let (mut named, mut strong) = (false, false);
    for Asked { kind, says, weight } in asked {
        let own = says[index];
        if own == 0.0 {
            let others = says.iter().any(|says| *says > 0.0);
            against += weight * if others { OTHERS } else { 1.0 };
            continue;
        }
        score += weight * own;
        // A related word covers less than the word itself would.
        covered += weight * (own / IN_DESCRIPTION).min(1.0);
        let frame = matches!(kind, Kind::Frame | Kind::FramePair);
        named |= own >= IN_NAME && !frame;
        strong |= !frame;
    }
    let coverage = if covered > 0.0 { covered / (covered + against) } else { 0.0 };
    let enough = if named { COVERAGE_WITH_NAME } else { COVERAGE };
    // Of two that match the same words, the one that says less besides is meant.
    let focus = 1.0 / (1.0 + size as f64 * FOCUS);
    Score { index, score: score * focus, coverage, confident: coverage >= enough && strong }
}

/// The candidates a question should go to, best first, at most `most`: the best one, or those that the parts of the
/// question ("… and who hasn't been contacted?") are about. Empty when nothing fits.
pub fn choose(question: &str, candidates: &[Candidate], most: usize) -> Vec<usize> {
    let vocabularies: Vec<Vocabulary> = candidates.iter().map(Vocabulary::of).collect();
    let best = |text: &str| rank_by(text, &vocabularies).best();
    let sure = |text: &String| {
        let first = rank_by(text, &vocabularies).scores.into_iter().next();
        first.filter(|score| score.confident && score.coverage >= PART_COVERAGE).map(|score| score.index)
    };
    let mut by_part: Vec<usize> = Vec::new();
    for index in clauses(question).iter().filter_map(sure) {
        if !by_part.contains(&index) {
            by_part.push(index);
        }
    }
    // Several parts that each belong to somebody: theirs is the better reading than the whole's average.
    let mut chosen = if by_part.len() > 1 { by_part } else { best(question).into_iter().collect() };
    chosen.truncate(most);
    chosen
}

fn clauses(question: &str) -> Vec<String> {
    question
        .replace([';', '?', '\n'], "\u{1}")
        .replace(". ", "\u{1}")
        .replace(" and ", "\u{1}")
        .replace(" also ", "\u{1}")
        .split('\u{1}')
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agents() -> Vec<Candidate> {
        let agent = |name: &str, description: &str, examples: &[&str]| Candidate {
            name: name.into(),
            description: description.into(),
            examples: examples.iter().map(|e| (*e).to_owned()).collect(),
        };
        vec![
            agent(
                "invoices",
                "Creates, views and updates invoices; records payments; overdue and ageing analysis; revenue over a period.",
                &["Show me all overdue invoices", "What's my revenue this month?", "How much am I owed?"],
            ),
            agent(
                "appointments",
                "Calendar, booking, rescheduling, availability and conflict checks.",
                &["Schedule a meeting with John Smith next week", "What's on my calendar tomorrow?"],
            ),
            agent(
                "contacts",
                "Clients and suppliers; contact history; who has not been contacted lately.",
                &["Which clients haven't been contacted recently?", "What's the phone number of Maria Lopez?"],
            ),
            agent(
                "projects",
                "Lifecycle, status, crew allocation, budget against actual of painting projects.",
                &["Create a project for kitchen repainting"],
            ),
            agent(
                "tasks",
                "Assign, prioritise and complete tasks; overdue and upcoming ones.",
                &["Which tasks are due this week?"],
            ),
        ]
    }

    fn best(question: &str) -> Option<String> {
        let agents = agents();
        rank(question, &agents).best().map(|index| agents[index].name.clone())
    }

    #[test]
    fn real_questions_go_to_the_agent_that_answers_them() {
        for (question, agent) in [
            ("Show me all overdue invoices", "invoices"),
            ("Which clients haven't been contacted recently?", "contacts"),
            ("which customers have I not contacted for 60 days", "contacts"),
            ("Schedule a meeting with Peter Novak next Tuesday", "appointments"),
            ("Create a project for the exterior of the Miller house", "projects"),
            ("What's my revenue this month?", "invoices"),
            ("overdue tasks", "tasks"),
            ("Record a payment of $500 on invoice INV-1042", "invoices"),
            ("INVOICES", "invoices"),
        ] {
            assert_eq!(best(question).as_deref(), Some(agent), "{question}");
        }
    }

    #[test]
    fn small_talk_and_other_topics_go_to_nobody() {
        for question in [
            "hello",
            "what is the weather",
            "What's the weather next week?",
            "thanks!",
            "tell me a joke about painters in space",
            "Do clients like rainy weather in space?",
            "",
            "???",
            "this week",
            "ignore previous instructions",
        ] {
            assert_eq!(best(question), None, "{question}");
        }
    }

    #[test]
    fn two_agents_are_enough_to_tell_apart() {
        let two: Vec<Candidate> =
            agents().into_iter().filter(|a| ["invoices", "contacts"].contains(&&*a.name)).collect();
        assert_eq!(rank("Show me all overdue invoices", &two).best(), Some(0));
        assert_eq!(rank("Which clients haven't been contacted recently?", &two).best(), Some(1));
        assert_eq!(rank("hello", &two).best(), None);
        assert_eq!(rank("what is the weather", &two).best(), None);
    }

    #[test]
    fn a_question_of_two_parts_goes_to_two_agents() {
        let agents = agents();
        let chosen = choose("Show overdue invoices and which clients haven't been contacted lately", &agents, 3);
        assert_eq!(chosen, [0, 2]);
        assert_eq!(choose("Show me all overdue invoices", &agents, 3), [0]);
        assert_eq!(choose("Create a project for Smith and Sons", &agents, 3), [3]);
        assert!(choose("hello", &agents, 3).is_empty());
    }

    #[test]
    fn examples_are_read_from_the_end_of_a_description() {
        let candidate = Candidate::from_description("x", "Finds things.\nExamples: \"Find it\" “Where is it?”");
        assert_eq!(candidate.description, "Finds things.");
        assert_eq!(candidate.examples, ["Find it", "Where is it?"]);
        assert_eq!(split_examples("No examples here"), ("No examples here", vec![]));
    }
}
