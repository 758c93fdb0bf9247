//! The file of questions.

use serde::Deserialize;

use crate::lexical::words::{normal, words};

/// `questions.toml`: a list `question`, a table each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questions {
    /// In the file's order.
    #[serde(rename = "question")]
    pub questions: Vec<Asked>,
}

/// A question, as a user types it, and who should answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Word for word.
    pub ask: String,
    /// The agents expected: one, several that only together answer it, or none.
    pub agents: Vec<String>,
    /// Agents that may answer in the place of the one expected, or beside it.
    #[serde(default)]
    pub or: Vec<String>,
    /// What the question is for.
    pub set: Set,
}

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    /// Improving manifests and words.
    Dev,
    /// Only measuring. A figure over these is honest as long as nothing was made to fit them.
    HeldOut,
}

/// Beginnings of the words that name an agent or what lies in its table. Such a question is easily routed.
const KEYWORDS: &[&str] = &[
    "appointment",
    "appt",
    "bill",
    "calendar",
    "campaign",
    "client",
    "contact",
    "customer",
    "estimat",
    "goal",
    "invoic",
    "invoci",
    "job",
    "meeting",
    "project",
    "propos",
    "quot",
    "rating",
    "review",
    "target",
    "task",
    "todo",
];

impl Questions {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

impl Asked {
    /// Whether it names no agent and nothing that lies in an agent's table.
    pub fn is_plain(&self) -> bool {
        let named = |word: &str| KEYWORDS.iter().any(|keyword| word.starts_with(keyword));
        !words(&self.ask).into_iter().any(|word| named(&normal(word.text)))
    }
}
