//! How often a question reaches the agents that should answer it.
//!
//! - [`questions`]: the file of questions, each with the agents expected to answer.
//! - [`verdict`]: one question's expected agents against those chosen.
//! - [`table`]: the figures of many, as text for a terminal.

pub mod questions;
pub mod table;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use questions::{Asked, Questions, Set};
pub use table::Table;
pub use verdict::Verdict;

use crate::plugin::manifest::Manifest;
use crate::supervisor::choose_by_words;

/// One question and who was chosen for it.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The question.
    pub asked: &'a Asked,
    /// The names of the agents chosen, none for none, or why there is no choice.
    pub chosen: Result<Vec<String>, String>,
}

impl<'a> Outcome<'a> {
    /// The agents that the words of a question choose among these.
    pub fn by_words(asked: &'a Asked, manifests: &[Manifest]) -> Self {
        let chosen = choose_by_words(manifests.iter(), &asked.ask).into_iter();
        Self { asked, chosen: Ok(chosen.map(|index| manifests[index].name.clone()).collect()) }
    }
}
