//! What the offline model says in its own words.

use super::super::{CompletionRequest, Role, Tool};
use super::arguments::Missing;
use super::{humanise, text};
use crate::lexical::split_examples;
use crate::lexical::words::{normal, words};

/// How a question back to the user begins. The next request is recognised as its answer by this.
pub(super) const ASKING: &str = "I can do that.";

const NOTICE: &str = "_Offline model: no AI provider is configured, so answers follow fixed rules._";

const GREETINGS: &[&str] = &["hello", "hi", "hey", "howdy", "greetings", "morning", "afternoon", "evening", "hiya"];
const THANKS: &[&str] =
    &["thanks", "thank", "thx", "cheers", "great", "perfect", "cool", "awesome", "nice", "ok", "okay", "bye"];
const FILLERS: &[&str] = &[
    "good", "there", "you", "so", "much", "very", "a", "lot", "that's", "that", "all", "for", "now", "the", "everyone",
    "again", "today", "help", "your", "got", "it",
];
const HELP: &[&str] =
    &["help", "what can you do", "what can i ask", "who are you", "what do you do", "how does this work"];

/// The answer to a greeting, to thanks and to the question what can be asked; nothing for anything else.
pub(super) fn small_talk(question: &str, request: &CompletionRequest) -> Option<String> {
    let said: Vec<String> = words(question).into_iter().map(|word| normal(word.text)).collect();
    let only = |set: &[&str]| {
        said.len() <= 8
            && said.iter().any(|word| set.contains(&word.as_str()))
            && said.iter().all(|word| set.contains(&word.as_str()) || FILLERS.contains(&word.as_str()))
    };
    if only(GREETINGS) {
        return Some(can_ask("Hello!", request));
    }
    if only(THANKS) {
        return Some("You're welcome. Is there anything else?".into());
    }
    let plain = said.join(" ");
    HELP.iter()
        .any(|phrase| plain == *phrase || (phrase.contains(' ') && plain.starts_with(phrase)))
        .then(|| can_ask("Here to help.", request))
}

/// The answer to what no tool is for.
pub(super) fn unknown(request: &CompletionRequest) -> String {
    can_ask("I can't help with that one.", request)
}

fn can_ask(opening: &str, request: &CompletionRequest) -> String {
    /// A phone shows about this many lines without scrolling.
    const MOST: usize = 9;
    let mut answer = opening.to_owned();
    if !request.tools.is_empty() {
        answer.push_str(" You can ask me things like:\n");
        for tool in request.tools.iter().take(MOST) {
            answer.push_str(&format!("\n- {}", offer(tool)));
        }
    }
    let told = request.messages.iter().any(|m| m.role == Role::Assistant && text(m).contains(NOTICE));
    if !told {
        answer.push_str(&format!("\n\n{NOTICE}"));
    }
    answer
}

fn offer(tool: &Tool) -> String {
    let (prose, examples) = split_examples(&tool.description);
    let name = humanise(&tool.name);
    match examples.first() {
        Some(example) => format!("**{name}**: “{example}”"),
        None => format!("**{name}**: {}", prose.split(". ").next().unwrap_or_default().trim_end_matches('.')),
    }
}

/// The question for what an action still needs.
pub(super) fn ask(missing: &[Missing]) -> String {
    let mut answer = format!("{ASKING} First tell me:\n");
    for needed in missing {
        let name = humanise(&needed.name);
        match needed.description.split(". ").next().map(|d| d.trim_end_matches('.')).filter(|d| !d.is_empty()) {
            Some(description) => answer.push_str(&format!("\n- **{name}**: {description}")),
            None => answer.push_str(&format!("\n- **{name}**")),
        }
        if !needed.options.is_empty() {
            answer.push_str(&format!(" ({})", needed.options.join(", ")));
        }
    }
    answer
}
