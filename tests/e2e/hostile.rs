//! Guests that misbehave: each gets a typed error or is stopped, and nobody else notices.

use std::sync::Arc;

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Answer, Log, Server, every_guest_has_a_test, new_user};
use tempfile::TempDir;

use crate::scripts::guests_and_invoices;

mod forges;
mod loading;
mod malformed;
mod many_memories;
mod snoop;
mod waits;

every_guest_has_a_test!();

/// A server with the agents and all guests.
async fn hostile_server() -> (Server, Arc<Scripted>, TempDir) {
    hostile_server_of(64).await
}

/// As [`hostile_server`], for so many turns at once.
async fn hostile_server_of(turns: usize) -> (Server, Arc<Scripted>, TempDir) {
    let plugins = canvalo_tests::guest_plugins();
    let model = guests_and_invoices();
    let folder = plugins.path().display().to_string();
    let variables = [("CANVALO_PLUGIN_DIR", folder.as_str()), ("CANVALO_MAX_TURNS", &turns.to_string())];
    let server = Server::with(model.clone(), &variables).await;
    (server, model, plugins)
}

/// Asks a guest, and then checks that the host is as it was: no slot taken, other agents answer, and so does the next
/// turn of the same kind.
async fn ask(guest: &str) -> Answer {
    ask_for(guest, "").await
}

/// As [`ask`], for something that the guest knows.
async fn ask_for(guest: &str, what: &str) -> Answer {
    let (server, _, _plugins) = hostile_server().await;
    let answer = server.chat(new_user(), &format!("@{guest} {what}")).await;
    assert_eq!(server.app.supervisor.runtime().free_slots(), 64);
    assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
    assert_eq!(server.chat(new_user(), "@remembers").await.end()["type"], "complete");
    answer
}

fn is_refused_with(finding: &str, case: &str) {
    assert!(finding.contains(case), "expected {case} in {finding}");
}

/// The line of a finding.
fn finding<'a>(text: &'a str, what: &str) -> &'a str {
    let line = text.lines().find(|line| line.starts_with(&format!("{what}:")));
    line.unwrap_or_else(|| panic!("nothing about {what} in:\n{text}"))
}

mod loops {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_guest_that_computes_forever_is_stopped_while_others_are_served() {
        let (server, _, _plugins) = hostile_server().await;
        let looping = server.chat(new_user(), "@loops");
        let others = async {
            for _ in 0..5 {
                assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
            }
        };
        let (answer, ()) = tokio::join!(looping, others);
        assert_eq!(answer.error_code(), "AGENT_TIMEOUT");
        assert_eq!(server.app.supervisor.runtime().free_slots(), 64);
    }
}

mod start_loop {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_guest_that_computes_forever_while_it_is_instantiated_is_stopped() {
        assert_eq!(ask("start_loop").await.error_code(), "AGENT_TIMEOUT");
    }
}

mod hoard {
    use super::*;

    /// That the memory comes back is a test of a process of its own, `memory`.
    #[tokio::test]
    async fn a_guest_that_hoards_memory_is_stopped() {
        let answer = ask("hoard").await;
        assert_eq!(answer.error_code(), "AGENT_LIMIT_EXCEEDED");
        is_refused_with(&answer.end()["error"]["message"].to_string(), "memory");
    }
}

mod grows_table {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_grows_its_table_without_end_is_stopped() {
        let answer = ask("grows_table").await;
        assert_eq!(answer.error_code(), "AGENT_LIMIT_EXCEEDED");
        is_refused_with(&answer.end()["error"]["message"].to_string(), "table elements");
    }
}

mod handles {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_makes_handles_without_end_is_stopped() {
        let answer = ask("handles").await;
        assert_eq!(answer.error_code(), "AGENT_LIMIT_EXCEEDED");
        is_refused_with(&answer.end()["error"]["message"].to_string(), "handle limit");
    }
}

mod giant {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_hands_over_more_than_a_call_may_carry_is_stopped() {
        for what in ["outcome", "error", "argument", "list"] {
            let answer = ask_for("giant", what).await;
            assert_eq!(answer.error_code(), "AGENT_LIMIT_EXCEEDED", "{what}");
            is_refused_with(&answer.end()["error"]["message"].to_string(), "too much data is being copied");
        }
    }
}

mod recurse {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_recurses_without_end_is_stopped_and_the_host_keeps_its_stack() {
        assert_eq!(ask("recurse").await.error_code(), "AGENT_LIMIT_EXCEEDED");
    }
}

mod fails_mid_stream {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_panics_mid_answer_ends_the_stream_with_one_error_after_its_text() {
        let answer = ask("fails_mid_stream").await;
        assert_eq!(answer.text(), "The first half of an ");
        assert_eq!(answer.error_code(), "AGENT_FAILED");
        let words = answer.end()["error"]["userMessage"].as_str().unwrap();
        assert!(!words.contains("wasm") && !words.contains("panic"), "{words}");
    }

    #[tokio::test]
    async fn the_slot_of_a_guest_that_failed_mid_answer_is_as_new() {
        let (server, _, _plugins) = hostile_server_of(1).await;
        for _ in 0..5 {
            let failed = server.chat(new_user(), "@fails_mid_stream").await;
            assert_eq!(failed.error_code(), "AGENT_FAILED");
            assert_eq!(server.chat(new_user(), "@remembers a secret").await.text(), "found: []\n");
            assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
        }
    }
}

mod calls {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_calls_the_host_without_end_is_stopped() {
        assert_eq!(ask("calls").await.error_code(), "AGENT_LIMIT_EXCEEDED");
    }
}

mod flood {
    use super::*;

    #[tokio::test]
    async fn a_guest_that_floods_is_told_so_and_its_text_forges_no_chunk() {
        let log = Log::get();
        let answer = ask("flood").await;
        assert_eq!(answer.end()["type"], "complete");
        assert_eq!(answer.end()["agent_type"], "flood");
        let text = answer.text();
        assert!(text.contains("selects: 200\n"), "the data calls of a turn are counted");
        assert!(text.contains("too long refused: true\n"));
        assert!(text.contains("data: forged\r\n"), "the text arrives as it is, inside a chunk");
        assert!(answer.0.len() <= 1_001, "{} chunks", answer.0.len());
        let lines: Vec<_> = log.json().into_iter().filter(|event| event["fields"]["plugin"] == "flood").collect();
        let of_guest = lines.iter().filter(|event| event["target"] == "plugin");
        assert_eq!(of_guest.count(), 200, "of the 5,000 it wrote");
        assert!(lines.iter().all(|event| event.to_string().len() < 2_500));
    }
}

mod remembers {
    use super::*;

    #[tokio::test]
    async fn what_a_guest_leaves_in_memory_is_gone_for_the_next_user() {
        let (server, _, _plugins) = hostile_server().await;
        for secret in ["first", "second", "third"] {
            let answer = server.chat(new_user(), &format!("@remembers {secret}")).await;
            assert_eq!(answer.text(), "found: []\n");
        }
    }
}
