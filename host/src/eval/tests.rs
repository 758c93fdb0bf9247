//! The questions of `make eval`, and where the choice by words stands on them.

use std::collections::HashSet;
use std::path::Path;

use super::*;

const AGENTS: [&str; 9] =
    ["appointments", "campaigns", "contacts", "goals", "invoices", "projects", "proposals", "reviews", "tasks"];

fn questions() -> Vec<Asked> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/eval/questions.toml");
    Questions::parse(&std::fs::read_to_string(path).unwrap()).unwrap().questions
}

fn manifests() -> Vec<Manifest> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let read = |agent: &str| std::fs::read_to_string(folder.join(agent).join("plugin.toml"));
    AGENTS.iter().filter_map(|agent| read(agent).ok()).map(|text| Manifest::parse(&text).unwrap()).collect()
}

/// A question without case, punctuation and spaces.
fn bare(question: &str) -> String {
    question.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
fn the_questions_name_agents_that_exist_and_each_is_asked_once() {
    let mut seen = HashSet::new();
    for asked in questions() {
        for agent in asked.agents.iter().chain(&asked.or) {
            assert!(AGENTS.contains(&&**agent), "{agent} in {:?}", asked.ask);
        }
        assert_eq!(asked.agents.iter().collect::<HashSet<_>>().len(), asked.agents.len(), "{:?}", asked.ask);
        assert!(asked.or.is_empty() || asked.agents.len() == 1, "only one can be replaced: {:?}", asked.ask);
        assert!(seen.insert(bare(&asked.ask)), "twice: {:?}", asked.ask);
    }
}

#[test]
fn every_agent_several_and_nobody_are_asked_often_enough_to_measure() {
    let questions = questions();
    let count = |of: &dyn Fn(&Asked) -> bool| questions.iter().filter(|asked| of(asked)).count();
    assert!(questions.len() >= 170);
    for agent in AGENTS {
        assert!(count(&|asked| asked.agents == [agent]) >= 15, "{agent}");
    }
    assert!(count(&|asked| asked.agents.len() > 1) >= 12);
    assert!(count(&|asked| asked.agents.is_empty()) >= 15);
    let somebody = count(&|asked| !asked.agents.is_empty());
    assert!(count(&|asked| !asked.agents.is_empty() && asked.is_plain()) * 3 >= somebody, "too many keywords");
}

#[test]
fn every_other_question_is_held_out() {
    for (at, asked) in questions().iter().enumerate() {
        assert_eq!(asked.set, if at % 2 == 0 { Set::Dev } else { Set::HeldOut }, "{:?}", asked.ask);
    }
}

#[test]
fn nothing_that_the_choice_is_made_by_has_a_question_in_it() {
    let learnt = [include_str!("../lexical/topic/business.txt"), include_str!("../lexical/topic/other.txt")];
    let mut known: HashSet<String> = learnt.iter().flat_map(|text| text.lines()).map(bare).collect();
    known.extend(manifests().iter().flat_map(|manifest| &manifest.examples).map(|example| bare(example)));
    for asked in questions() {
        assert!(!known.contains(&bare(&asked.ask)), "{:?}", asked.ask);
    }
}

#[test]
fn an_example_of_a_manifest_reaches_its_agent() {
    let manifests = manifests();
    for (at, manifest) in manifests.iter().enumerate() {
        for example in &manifest.examples {
            let chosen = choose_by_words(manifests.iter(), &example.to_uppercase());
            assert!(chosen.contains(&at), "{example:?} of {}: {chosen:?}", manifest.name);
        }
    }
}
