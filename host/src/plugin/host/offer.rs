//! The tools that a plugin offers to the model. They are the same in each of its turns, so they are read once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::parse_json;
use crate::capability::llm;
use crate::plugin::bindings::canvalo::agent::llm::Tool;
use crate::plugin::limits;

/// Tools in one request.
const MAX_TOOLS: usize = 64;

/// What a plugin offered last, and how the host reads it.
#[derive(Default)]
pub(in crate::plugin) struct Offer(Mutex<Option<Read>>);

struct Read {
    given: Vec<Tool>,
    tools: Arc<[llm::Tool]>,
}

impl Offer {
    /// The tools as the host has them, or what is wrong with them.
    pub(super) fn read(&self, given: Vec<Tool>) -> Result<Arc<[llm::Tool]>, String> {
        if given.len() > MAX_TOOLS {
            return Err(format!("tools: at most {MAX_TOOLS}"));
        }
        if let Some(read) = &*self.last()
            && are_equal(&read.given, &given)
        {
            return Ok(Arc::clone(&read.tools));
        }
        let tools: Arc<[llm::Tool]> = given.iter().map(tool).collect::<Result<_, _>>()?;
        let bytes: usize = given.iter().map(|tool| tool.description.len() + tool.parameters.len()).sum();
        if bytes <= limits::OFFER_KEPT_BYTES {
            *self.last() = Some(Read { given, tools: Arc::clone(&tools) });
        }
        Ok(tools)
    }

    fn last(&self) -> MutexGuard<'_, Option<Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn are_equal(known: &[Tool], given: &[Tool]) -> bool {
    fn parts(tool: &Tool) -> [&str; 3] {
        [&tool.name, &tool.description, &tool.parameters].map(String::as_str)
    }
    known.iter().map(parts).eq(given.iter().map(parts))
}

fn tool(tool: &Tool) -> Result<llm::Tool, String> {
    let fits = (1..=64).contains(&tool.name.len())
        && tool.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !fits {
        return Err("tools: a name is 1 to 64 letters, digits and underscores".into());
    }
    let parameters = parse_json("tool.parameters", &tool.parameters)?;
    if !parameters.is_object() {
        return Err("tool.parameters: a JSON Schema object".into());
    }
    Ok(llm::Tool { name: tool.name.clone(), description: tool.description.clone(), parameters })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(description: &str, parameters: &str) -> Vec<Tool> {
        vec![Tool { name: "list".into(), description: description.into(), parameters: parameters.into() }]
    }

    #[test]
    fn the_same_tools_are_read_once_and_others_anew() {
        let offer = Offer::default();
        let first = offer.read(given("Lists.", "{}")).unwrap();
        assert!(Arc::ptr_eq(&first, &offer.read(given("Lists.", "{}")).unwrap()));
        for other in [given("Lists all.", "{}"), given("Lists.", r#"{"type":"object"}"#), Vec::new()] {
            let read = offer.read(other.clone()).unwrap();
            assert!(!Arc::ptr_eq(&first, &read));
            let described = read.iter().map(|tool| tool.description.as_str());
            assert!(described.eq(other.iter().map(|tool| tool.description.as_str())));
        }
        let read = offer.read(given("Lists.", r#"{"type":"object"}"#)).unwrap();
        assert_eq!(read[0].parameters, json!({ "type": "object" }));
    }

    #[test]
    fn what_can_not_be_read_is_refused_each_time_and_a_large_offer_is_not_kept() {
        let offer = Offer::default();
        for _ in 0..2 {
            offer.read(given("Lists.", "[]")).unwrap_err();
        }
        let large = "x".repeat(limits::OFFER_KEPT_BYTES);
        offer.read(given(&large, "{}")).unwrap();
        assert!(offer.last().is_none());
    }
}
