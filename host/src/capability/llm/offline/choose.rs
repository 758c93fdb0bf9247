//! Which tool a message asks for.

use std::cmp::Reverse;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::super::Tool;
use super::arguments::{Filled, Missing, fill, options, properties};
use super::mentions::Mentions;
use crate::lexical::words::{normal, stem, stems, words};
use crate::lexical::{self, Candidate};

/// What to do about a message.
#[derive(Debug, PartialEq)]
pub(super) enum Choice {
    /// No tool is for it.
    Nothing,
    /// A tool is for it, but the message doesn't say everything it needs.
    Incomplete {
        /// What the tool needs besides.
        missing: Vec<Missing>,
    },
    /// Tools to call, by name and arguments.
    Call(Vec<(String, Value)>),
}

/// At most this many agents are asked at once.
const MOST_AGENTS: usize = 3;
/// Tools at least this probable, beside the best, are told apart by whether their arguments are there.
const NEAR: f64 = 0.2;
/// How much less probable a tool is that is for the opposite.
const OTHER_WAY: f64 = 0.3;

/// Chooses by words, then by the kind of action, then by the arguments that can be filled.
pub(super) fn choose(question: &str, tools: &[Tool], today: NaiveDate) -> Choice {
    if !tools.is_empty() && tools.iter().all(is_agent) {
        let chosen = lexical::choose(question, &candidates(tools), MOST_AGENTS);
        let calls: Vec<_> = chosen.into_iter().map(|index| (tools[index].name.clone(), json!({}))).collect();
        return if calls.is_empty() { Choice::Nothing } else { Choice::Call(calls) };
    }
    let wish = Action::of_message(question);
    let fitting: Vec<Tool> = tools.iter().filter(|tool| wish.allows(question, tool)).cloned().collect();
    let mut scores = lexical::rank(question, &candidates(&fitting));
    for score in &mut scores {
        // Who was contacted and who was not are different questions with the same words.
        if other_way(question, &fitting[score.index]) {
            score.score *= OTHER_WAY;
        }
    }
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    let floor = scores.first().map_or(0.0, |best| best.score * NEAR);
    let mut filled: Vec<(&Tool, Filled)> = scores
        .iter()
        .filter(|score| score.score >= floor)
        .map(|score| (&fitting[score.index], arguments(question, &fitting[score.index], today)))
        .collect();
    if filled.is_empty() {
        // Nothing but a name, a code or a kind: a tool that looks something up may still know it.
        filled = fitting
            .iter()
            .filter(|tool| Action::of_tool(tool) == Action::Read)
            .map(|tool| (tool, arguments(question, tool, today)))
            .filter(|(_, filled)| filled.missing.is_empty() && filled.texts > 0)
            .collect();
    }
    let only_reads =
        |(tool, filled): &(&Tool, Filled)| Action::of_tool(tool) == Action::Read && !filled.missing.is_empty();
    if !filled.is_empty() && filled.iter().all(only_reads) {
        // Nobody is asked for the number of a row who may want to see the rows.
        let lister = fitting.iter().find(|tool| lists(tool));
        filled.extend(lister.map(|tool| (tool, arguments(question, tool, today))));
    }
    // The order of the ranking decides between equals: the sort is stable.
    filled.sort_by_key(|(tool, filled)| {
        let complete = filled.missing.is_empty();
        (
            !complete,
            filled.nested,
            other_way(question, tool),
            Reverse(filled.needed),
            Reverse(filled.named),
            !lists(tool),
        )
    });
    match filled.into_iter().next() {
        None => Choice::Nothing,
        Some((_, filled)) if !filled.missing.is_empty() => Choice::Incomplete { missing: filled.missing },
        Some((tool, filled)) => Choice::Call(vec![(tool.name.clone(), Value::Object(filled.input))]),
    }
}

/// Whether only one of the question and the tool is about what is not.
fn other_way(question: &str, tool: &Tool) -> bool {
    denies(&tool.name.replace('_', " ")) != denies(question)
}

/// Whether a text is about what is not: "not contacted", "haven't".
fn denies(text: &str) -> bool {
    let denial = |word: String| matches!(word.as_str(), "not" | "never" | "without" | "no") || word.ends_with("n't");
    words(text).into_iter().any(|word| denial(normal(word.text)))
}

/// Whether a tool lists rows by whatever is asked. It answers what no tool is special for.
fn lists(tool: &Tool) -> bool {
    ["list", "search", "find"].iter().any(|verb| tool.name.starts_with(verb))
}

/// A tool that needs nothing and takes a task is an agent: it reads the message itself.
fn is_agent(tool: &Tool) -> bool {
    let names: Vec<&str> = properties(&tool.parameters).map(|(name, _)| name).collect();
    names.contains(&"task") && names.iter().all(|name| ["task", "then_continue"].contains(name))
}

fn candidates(tools: &[Tool]) -> Vec<Candidate> {
    tools
        .iter()
        .map(|tool| {
            let mut candidate = Candidate::from_description(&tool.name.replace('_', " "), &tool.description);
            for (name, schema) in properties(&tool.parameters).filter(|_| !is_agent(tool)) {
                candidate.description.push(' ');
                candidate.description.push_str(&name.replace('_', " "));
                for option in options(&tool.parameters, schema) {
                    candidate.description.push(' ');
                    candidate.description.push_str(&option.replace(['_', '-'], " "));
                }
            }
            candidate
        })
        .collect()
}

fn arguments(question: &str, tool: &Tool, today: NaiveDate) -> Filled {
    let vocabulary = format!("{} {}", tool.name.replace('_', " "), tool.description);
    fill(&tool.parameters, &Mentions::find(question, &vocabulary, today))
}

/// What an action does to the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Read,
    Create,
    Update,
    Delete,
    /// Another verb that changes something: `record_payment`, `send_reminder`.
    Other,
}

/// Verbs and what they do. A verb may do several things: to cancel an appointment is to change it.
const VERBS: &[(&str, &[Action])] = &[
    ("accept", &[Action::Update]),
    ("add", &[Action::Create]),
    ("approve", &[Action::Update]),
    ("assign", &[Action::Update]),
    ("book", &[Action::Create]),
    ("cancel", &[Action::Update, Action::Delete]),
    ("change", &[Action::Update]),
    ("complete", &[Action::Update]),
    ("correct", &[Action::Update]),
    ("create", &[Action::Create]),
    ("decline", &[Action::Update]),
    ("delete", &[Action::Delete]),
    ("draft", &[Action::Create]),
    ("edit", &[Action::Update]),
    ("erase", &[Action::Delete]),
    ("finish", &[Action::Update]),
    ("hold", &[Action::Update]),
    ("insert", &[Action::Create]),
    ("launch", &[Action::Update]),
    ("log", &[Action::Other, Action::Create]),
    ("make", &[Action::Create]),
    ("mark", &[Action::Update]),
    ("modify", &[Action::Update]),
    ("move", &[Action::Update]),
    ("new", &[Action::Create]),
    ("pause", &[Action::Update]),
    ("put", &[Action::Update]),
    ("record", &[Action::Other, Action::Create]),
    ("register", &[Action::Create, Action::Other]),
    ("reject", &[Action::Update]),
    ("remove", &[Action::Delete]),
    ("rename", &[Action::Update]),
    ("reopen", &[Action::Update]),
    ("reschedule", &[Action::Update]),
    ("respond", &[Action::Other, Action::Update]),
    ("resume", &[Action::Update]),
    ("schedule", &[Action::Create]),
    ("send", &[Action::Other]),
    ("set", &[Action::Update, Action::Create]),
    ("start", &[Action::Update]),
    ("stop", &[Action::Update]),
    ("update", &[Action::Update]),
    ("write", &[Action::Create]),
];

fn verb(word: &str) -> Option<&'static [Action]> {
    let stemmed = stem(&normal(word));
    VERBS.iter().find(|(verb, _)| stem(verb) == stemmed).map(|(_, actions)| *actions)
}

impl Action {
    /// The actions a message asks for. A command begins with its verb; everything else is a question.
    fn of_message(message: &str) -> Wish {
        const POLITE: &[&str] = &[
            "a", "and", "can", "could", "going", "i", "i'd", "let", "let's", "like", "me", "need", "now", "please",
            "should", "to", "us", "want", "we", "would", "you", "also", "then", "help", "just",
        ];
        let said = words(message);
        let command = said.iter().find(|word| !POLITE.contains(&&*normal(word.text)));
        let after = command.and_then(|command| said.iter().find(|word| word.start > command.start));
        // "Send me the details" sends nothing.
        let asks = command.is_some_and(|word| normal(word.text) == "send")
            && after.is_some_and(|word| normal(word.text) == "me");
        let actions = command.filter(|_| !asks).and_then(|word| verb(word.text)).unwrap_or(&[Action::Read]);
        Wish { actions, command: command.map(|word| stem(&normal(word.text))).unwrap_or_default() }
    }

    fn of_tool(tool: &Tool) -> Action {
        // `bulk_delete` and `batch_update` name their verb second.
        let named = tool.name.split('_').find_map(verb);
        let described = || {
            let first = words(&tool.description).first().map(|word| stem(&normal(word.text)));
            first.and_then(|first| VERBS.iter().find(|(verb, _)| stem(verb) == first).map(|(_, actions)| *actions))
        };
        named.or_else(described).and_then(|actions| actions.first().copied()).unwrap_or(Action::Read)
    }
}

/// The kinds of action a message may mean, and its command's stem.
struct Wish {
    actions: &'static [Action],
    command: String,
}

impl Wish {
    /// Nothing that changes data is called unless the message's command says so: with a verb of the tool's kind, or as
    /// one of the tool's own examples begins.
    fn allows(&self, message: &str, tool: &Tool) -> bool {
        let action = Action::of_tool(tool);
        if self.actions.contains(&Action::Read) {
            return action == Action::Read;
        }
        let (_, examples) = lexical::split_examples(&tool.description);
        let begins =
            |example: &String| words(example).first().is_some_and(|word| stem(&normal(word.text)) == self.command);
        // "Record" and "send" are different acts, so only the tool's own verb will do.
        let own = || {
            let said = stems(message);
            tool.name
                .split('_')
                .filter(|word| is_verb(word))
                .any(|word| stems(word).iter().all(|own| said.contains(own)))
        };
        let same = self.actions.contains(&action) && (action != Action::Other || own());
        same || (action != Action::Read && examples.iter().any(begins))
    }
}

/// Whether a message asks or commands something by itself, rather than adding to what was said before.
pub(super) fn begins_a_request(message: &str) -> bool {
    const OPENINGS: &[&str] = &[
        "are", "can", "could", "display", "do", "does", "find", "get", "give", "how", "is", "list", "please", "search",
        "show", "tell", "view", "what", "what's", "when", "where", "which", "who", "who's", "why",
    ];
    let first = words(message).first().map(|word| normal(word.text)).unwrap_or_default();
    OPENINGS.contains(&first.as_str()) || is_verb(&first)
}

/// Whether a word is a verb that commands something.
pub(super) fn is_verb(word: &str) -> bool {
    verb(word).is_some()
}
