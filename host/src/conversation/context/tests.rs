use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::capability::llm::estimate::Calibration;
use crate::capability::llm::{ToolResult, ToolUse};

fn user(text: &str) -> Message {
    Message::text(Role::User, text)
}

fn assistant(text: &str) -> Message {
    Message::text(Role::Assistant, text)
}

/// A tool use and its result.
fn round(id: &str, found: &str) -> [Message; 2] {
    let tool_use = ToolUse { id: id.to_owned(), name: "list".into(), input: json!({}) };
    let result = ToolResult { tool_use_id: id.to_owned(), content: json!(found), is_error: false };
    [
        Message { role: Role::Assistant, content: vec![Content::Text("Looking.".into()), Content::ToolUse(tool_use)] },
        Message { role: Role::User, content: vec![Content::ToolResult(result)] },
    ]
}

fn texts(messages: &[Message]) -> Vec<&str> {
    let texts = messages.iter().flat_map(|message| &message.content).filter_map(|block| match block {
        Content::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Fits into so many characters.
fn fitted(messages: Vec<Message>, characters: u32) -> Result<Vec<Message>, TooLong> {
    fit(messages, characters / 4, Scale::default())
}

#[test]
fn the_oldest_turns_go_first_and_whole() {
    let talk = || ["one", "eins", "two", "zwei", "new"].iter().enumerate();
    let talk = || talk().map(|(at, text)| if at % 2 == 0 { user(text) } else { assistant(text) }).collect::<Vec<_>>();
    assert_eq!(texts(&fitted(talk(), 100).unwrap()), ["one", "eins", "two", "zwei", "new"]);
    assert_eq!(texts(&fitted(talk(), 16).unwrap()), ["two", "zwei", "new"], "not the answer `eins` alone");
    assert_eq!(texts(&fitted(talk(), 4).unwrap()), ["new"]);
}

#[test]
fn a_question_that_does_not_fit_alone_is_too_long_and_never_cut() {
    let error = fitted(vec![user("one"), assistant("eins"), user(&"x".repeat(41))], 40).unwrap_err();
    assert_eq!(error, TooLong { needed: 11, room: 10 });
}

#[test]
fn of_a_long_round_of_tools_the_newest_results_stay_with_their_uses() {
    let mut messages = vec![user("before"), assistant("yes"), user("all invoices?")];
    messages.extend(round("a", &"x".repeat(400)));
    messages.extend(round("b", &"y".repeat(400)));
    let kept = fitted(messages.clone(), 480).unwrap();
    assert_eq!(kept[0], user("all invoices?"));
    assert_eq!(kept[1..], messages[5..], "round a is gone with its result, and so is the turn before");
    assert!(fitted(messages, 240).is_err(), "without its last result the model would ask for it again and again");
}

#[test]
fn a_summary_outlives_the_turns_that_came_after_it() {
    let said = |text: &str| [(Role::User, text.to_owned()), (Role::Assistant, text.to_uppercase())];
    let mut messages = history(Some("They paint."), said("one").into_iter().chain(said("two")));
    messages.push(user("new"));
    let summary_alone = SUMMARY_LEAD.len() + "They paint.".len() + SUMMARY_NOTED.len() + "new".len();
    let kept = fitted(messages.clone(), summary_alone as u32 + 8).unwrap();
    let expected = format!("{SUMMARY_LEAD}They paint.");
    assert_eq!(texts(&kept), [&expected, SUMMARY_NOTED, "two", "TWO", "new"]);
    assert_eq!(texts(&fitted(messages, 12).unwrap()), ["two", "TWO", "new"], "what doesn't fit at all takes no room");
}

#[test]
fn what_was_kept_comes_out_alternating_with_an_answer_to_everything() {
    let said = |items: &[(Role, &str)]| {
        let items: Vec<_> = items.iter().map(|(role, text)| (*role, (*text).to_owned())).collect();
        history(None, items)
    };
    use Role::{Assistant, User};
    assert_eq!(said(&[]), []);
    let two_agents = said(&[(Assistant, "x"), (User, "a"), (Assistant, "b"), (Assistant, "c"), (Assistant, " \n")]);
    assert_eq!(two_agents.len(), 2);
    assert_eq!(texts(&two_agents), ["a", "b", "c"]);
    assert_eq!(texts(&said(&[(User, "a"), (User, "again")])), ["a", "again", UNANSWERED]);
}

#[test]
fn a_history_takes_its_share_and_the_last_turn_as_much_as_there_is() {
    let turn = |characters: usize| [user(&"x".repeat(characters / 2)), assistant(&"y".repeat(characters / 2))];
    let kept = |turns: &[usize]| {
        let history: Vec<Message> = turns.iter().flat_map(|characters| turn(*characters)).collect();
        before(history, "And now?", 32_000, Scale::default()).unwrap().len() / 2
    };
    assert_eq!(kept(&[8_000, 8_000, 8_000, 8_000, 8_000]), 4, "8,000 tokens of history");
    assert_eq!(kept(&[8_000, 60_000]), 1);
    assert_eq!(kept(&[8_000, 80_000]), 0, "no room for it in the window");
    assert!(before(turn(1_000).into(), &"x".repeat(80_000), 32_000, Scale::default()).is_err());
}

#[test]
fn every_window_leaves_room_for_a_message() {
    for window in [8_000, 32_000, 300_000, u32::MAX] {
        let shares = Shares::of(window);
        assert!(shares.room >= window / 4, "{window}: {shares:?}");
        assert!(shares.verbatim < shares.summarise_from && shares.summarise_from < shares.history, "{shares:?}");
    }
}

/// A conversation that a provider would take, ending in the middle of a turn: turns with any number of rounds of tools.
fn conversations() -> impl Strategy<Value = Vec<Message>> {
    let text = "[a-zß✓]{1,60}";
    let rounds = |most: usize| prop::collection::vec(("[a-zß]{0,80}", 1..4_usize), 0..most);
    let turn = (text, rounds(4), text);
    (prop::collection::vec(turn, 0..8), text, rounds(5), any::<bool>()).prop_map(
        |(turns, newest, loops, summarised)| {
            let mut messages = if summarised { history(Some("They paint."), []) } else { Vec::new() };
            let mut number = 0;
            let mut add_rounds = |messages: &mut Vec<Message>, rounds: Vec<(String, usize)>| {
                for (found, uses) in rounds {
                    let (mut asked, mut results) = (Vec::new(), Vec::new());
                    for _ in 0..uses {
                        number += 1;
                        let [mut tool_use, mut result] = round(&number.to_string(), &found);
                        asked.append(&mut tool_use.content);
                        results.append(&mut result.content);
                    }
                    messages.push(Message { role: Role::Assistant, content: asked });
                    messages.push(Message { role: Role::User, content: results });
                }
            };
            for (question, rounds, answer) in turns {
                messages.push(user(&question));
                add_rounds(&mut messages, rounds);
                messages.push(assistant(&answer));
            }
            messages.push(user(&newest));
            add_rounds(&mut messages, loops);
            messages
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_said_what_goes_to_the_model_fits_and_is_a_conversation(
        messages in conversations(),
        window in 0..1_000_u32,
        fixed in 0..200_u32,
        reserve in 0..100_u32,
        reported in 1_000..6_000_u32,
    ) {
        let budget = Budget { window, fixed, reserve };
        // However long the model's tokens have turned out to be.
        let calibration = Calibration::default();
        calibration.learn("m", 10_000, reported);
        let scale = calibration.scale("m");
        let newest = messages.iter().rev().find(|message| is_question(message)).cloned().unwrap();
        match fit(messages.clone(), budget.room(), scale) {
            Ok(kept) => {
                prop_assert!(scale.tokens(length(&kept)) + fixed + reserve <= window, "the total exceeds the window");
                prop_assert!(kept.contains(&newest), "the newest message is cut");
                let alternate = kept.iter().enumerate().all(|(at, m)| (m.role == Role::User) == (at % 2 == 0));
                prop_assert!(alternate, "{kept:?}");
                prop_assert!(!kept.is_empty() && is_question(&kept[0]));
                prop_assert_eq!(kept.last(), messages.last(), "the end is cut");
                let mut rest = messages.iter();
                prop_assert!(kept.iter().all(|message| rest.any(|other| other == message)), "the order is another");
                let mut asked = HashSet::new();
                for block in kept.iter().flat_map(|message| &message.content) {
                    match block {
                        Content::ToolUse(tool) => prop_assert!(asked.insert(tool.id.clone())),
                        Content::ToolResult(result) => prop_assert!(asked.remove(&result.tool_use_id)),
                        Content::Text(_) => {}
                    }
                }
                prop_assert!(asked.is_empty(), "tool uses without results: {asked:?}");
            }
            Err(error) => {
                prop_assert!(error.needed > error.room);
                prop_assert_eq!(error.room, budget.room());
                // Only what can't be left out may be the reason.
                let at = messages.iter().rposition(is_question).unwrap();
                let last_round = if at + 1 == messages.len() { 0 } else { length(&messages[messages.len() - 2..]) };
                prop_assert_eq!(scale.tokens(length(&messages[at..=at]) + last_round), error.needed);
            }
        }
    }
}
