//! Guests that misbehave: each gets a typed error or is stopped, and nobody else notices.

use std::sync::Arc;

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{Answer, Server, every_guest_has_a_test, new_user};
use tempfile::TempDir;

use crate::scripts::guests_and_invoices;

every_guest_has_a_test!();

/// A server with the agents and all guests.
async fn hostile_server() -> (Server, Arc<Scripted>, TempDir) {
    let plugins = canvalo_tests::guest_plugins();
    let model = guests_and_invoices();
    let folder = plugins.path().display().to_string();
    let server = Server::with(model.clone(), &[("CANVALO_PLUGIN_DIR", &folder)]).await;
    (server, model, plugins)
}

/// Asks a guest, and then checks that the host is as it was: no slot taken, other agents answer, and so does the next
/// turn of the same kind.
async fn ask(guest: &str) -> Answer {
    let (server, _, _plugins) = hostile_server().await;
    let answer = server.chat(new_user(), &format!("@{guest}")).await;
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

    #[tokio::test]
    async fn a_guest_that_hoards_memory_is_stopped_and_its_memory_comes_back() {
        let (server, _, _plugins) = hostile_server().await;
        let mut resident = Vec::new();
        for _ in 0..4 {
            assert_eq!(server.chat(new_user(), "@hoard").await.error_code(), "AGENT_LIMIT_EXCEEDED");
            resident.push(resident_mib());
        }
        // A pool slot keeps at most 16 MiB; a leak would be 64 MiB a turn.
        assert!(resident[3] < resident[0] + 64, "{resident:?} MiB resident after each turn");
        assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
    }

    fn resident_mib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
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
        let answer = ask("flood").await;
        assert_eq!(answer.end()["type"], "complete");
        assert_eq!(answer.end()["agent_type"], "flood");
        let text = answer.text();
        assert!(text.contains("selects: 200\n"), "the data calls of a turn are counted");
        assert!(text.contains("too long refused: true\n"));
        assert!(text.contains("data: forged\r\n"), "the text arrives as it is, inside a chunk");
        assert!(answer.0.len() <= 1_001, "{} chunks", answer.0.len());
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

mod malformed {
    use super::*;

    #[tokio::test]
    async fn values_out_of_range_too_large_too_deep_or_malformed_are_refused_by_name() {
        let answer = ask("malformed").await;
        assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
        let text = answer.text();
        let invalid = [
            ("limit zero", "limit: from 1"),
            ("no columns", "columns: at least one"),
            ("embed", "not a name of a table or column"),
            ("path", "not a name of a table or column"),
            ("deep", "nested deeper than 64"),
            ("large", "at most 16384 bytes"),
            ("not json", "not JSON"),
            ("null", "use is-null"),
            ("empty any", "at least one comparison"),
            ("one of none", "1 to 200"),
            ("sum of nothing", "only count"),
            ("no measures", "at least one"),
            ("many measures", "at most 16"),
            ("no rows", "rows: at least one"),
            ("array row", "a JSON object"),
            ("not a number", "from 0.0 to 1.0"),
            ("no tokens", "from 1"),
            ("no messages", "at least one"),
            ("tool name", "letters, digits and underscores"),
            ("forged tool use", "the assistant's"),
            ("assistant first", "the first is the user's"),
        ];
        for (what, message) in invalid {
            is_refused_with(finding(&text, what), "Invalid");
            is_refused_with(finding(&text, what), message);
        }
        is_refused_with(finding(&text, "huge batch"), "17");
        is_refused_with(finding(&text, "many rows"), "LimitExceeded");
        is_refused_with(finding(&text, "update everything"), "at least one");
        is_refused_with(finding(&text, "delete everything"), "Denied");
    }
}

mod snoop {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn what_was_not_granted_is_denied_by_name_and_nothing_reaches_another_user() {
        let (server, _, _plugins) = hostile_server().await;
        let (anna, ben) = (new_user(), new_user());
        for (user, client) in [(anna, "Anna's client"), (ben, "Ben's client")] {
            let invoice = json!([{ "invoice_number": "1", "client_name": client, "notes": "private note" }]);
            server.world.insert(user, "invoices", invoice).await;
            server.world.insert(user, "contacts", json!([{ "name": "private contact" }])).await;
        }

        let answer = server.chat(anna, &format!("@snoop {ben}")).await;
        assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
        let text = answer.text();

        is_refused_with(finding(&text, "granted"), "Anna's client");
        for line in [
            "other column",
            "owner column",
            "other table",
            "conversations",
            "filter by other column",
            "filter by owner",
            "any other column",
            "order by other column",
            "aggregate other column",
            "group by owner",
            "insert for another",
            "insert other column",
            "insert elsewhere",
            "update",
            "give away",
            "delete",
        ] {
            is_refused_with(finding(&text, line), "Denied");
        }
        let denial = finding(&text, "other column");
        is_refused_with(denial, r#"add \"notes\" to `select` under [tables.invoices] in its plugin.toml"#);
        for (what, nothing) in [("environment", "[]"), ("network", "false"), ("file", "Err(")] {
            is_refused_with(finding(&text, what), nothing);
        }
        for secret in ["Ben's client", "private note", "private contact", &anna.to_string()] {
            assert!(!text.contains(secret), "{secret} in:\n{text}");
        }
        for (user, client) in [(anna, "Anna's client"), (ben, "Ben's client")] {
            let rows = server.world.select(user, "invoices", "select=client_name").await;
            assert_eq!(rows, [json!({ "client_name": client })], "nothing was written");
        }
    }

    #[tokio::test]
    async fn no_credential_is_in_anything_a_guest_can_reach() {
        let (server, model, _plugins) = hostile_server().await;
        let anna = new_user();
        let answer = server.chat(anna, "@snoop 00000000-0000-0000-0000-000000000001").await;
        let token = server.world.token(anna);
        let (header, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
        let reached = format!("{} {:?}", answer.text(), model.requests());
        for secret in [server.world.jwt_secret(), server.world.publishable_key(), header, signature, "Bearer", "eyJ"] {
            assert!(!reached.contains(secret), "{secret} is within a guest's reach");
        }
    }
}

mod loading {
    use canvalo::plugin::Registry;
    use canvalo::plugin::engine::engine;
    use canvalo_tests::{package_guest, plugin_bytes};

    use super::*;

    /// The names of the plugins of a folder with these files.
    fn loaded(files: &[(&str, Vec<u8>)], grants: &str) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        std::fs::write(folder.path().join("grants.toml"), grants).unwrap();
        let registry = Registry::load(&engine(1, None).unwrap(), folder.path()).unwrap();
        registry.plugins().iter().map(|plugin| plugin.manifest.name.clone()).collect()
    }

    fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
        assert_eq!(from.len(), to.len());
        let mut bytes = bytes.to_vec();
        let mut found = false;
        for at in 0..=bytes.len() - from.len() {
            if &bytes[at..at + from.len()] == from.as_bytes() {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
                found = true;
            }
        }
        assert!(found, "{from} is not in the component");
        bytes
    }

    #[tokio::test]
    async fn a_component_that_imports_more_or_another_version_is_refused_and_the_others_load() {
        let good = package_guest("remembers");
        assert_eq!(loaded(&[("good.wasm", good.clone())], ""), ["remembers"]);
        let undeclared = replaced(&good, "canvalo:agent/events@0.1.0", "canvalo:agent/socket@0.1.0");
        let newer = replaced(&good, "canvalo:agent/events@0.1.0", "canvalo:agent/events@0.2.0");
        let exports_else = replaced(&good, "canvalo:agent/agent@0.1.0", "canvalo:agent/other@0.1.0");
        for bad in [undeclared, newer, exports_else] {
            let files = [("bad.wasm", bad), ("invoices.wasm", plugin_bytes("invoices"))];
            assert_eq!(loaded(&files, ""), ["invoices"]);
        }
    }

    #[tokio::test]
    async fn truncated_files_other_files_and_a_second_plugin_of_the_same_name_are_left_out() {
        let good = package_guest("remembers");
        let truncated = good[..good.len() / 2].to_vec();
        let files = [
            ("a.wasm", truncated),
            ("b.wasm", Vec::new()),
            ("c.wasm", b"#!/bin/sh".to_vec()),
            ("d.wasm", good.clone()),
            ("e.wasm", good),
        ];
        assert_eq!(loaded(&files, ""), ["remembers"]);
    }

    #[tokio::test]
    async fn changed_bytes_under_a_pinned_digest_are_refused() {
        let good = package_guest("remembers");
        let pinned = format!("[remembers]\nsha256 = \"{}\"", "0".repeat(64));
        assert!(loaded(&[("a.wasm", good)], &pinned).is_empty());
    }
}
