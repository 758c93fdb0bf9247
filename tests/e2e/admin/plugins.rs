//! Plugins one by one: seen, switched off and on, and replaced.

use std::path::Path;
use std::time::Duration;

use canvalo_tests::{Server, agent_names, guest_plugins, new_user, package_guest_as, until};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Operator, server};
use crate::scripts::{agents_and_invoices, guests_and_invoices, overdue, script, skip, some_invoices};

const GRANTS: &str = "[changer]\nllm = true\n[changer.tables.invoices]\nselect = [\"id\"]\n";

/// A folder with one plugin, whose code is a guest's.
fn one_plugin(guest: &str, version: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("grants.toml"), GRANTS).unwrap();
    put(folder.path(), guest, version);
    folder
}

fn put(folder: &Path, guest: &str, version: &str) {
    std::fs::write(folder.join("changer.wasm"), package_guest_as(guest, "changer", version)).unwrap();
}

async fn with_one_plugin(folder: &TempDir) -> Server {
    let directory = folder.path().display().to_string();
    server(agents_and_invoices(&["changer"]), &[("CANVALO_PLUGIN_DIR", &directory)]).await
}

fn state(plugin: &Value) -> &str {
    plugin["health"]["state"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn all_plugins_are_listed_with_versions_grants_health_and_usage() {
    let server = server(script(overdue()), &[]).await;
    let operator = Operator(&server);
    let anna = new_user();
    some_invoices(server.world, anna, "Ann Miller").await;
    server.chat(anna, "What is overdue?").await;

    let list = operator.get("plugins").await;
    let plugins = list["plugins"].as_array().unwrap();
    let names: Vec<&str> = plugins.iter().filter_map(|plugin| plugin["name"].as_str()).collect();
    assert_eq!(names, agent_names());
    for plugin in plugins {
        assert_eq!(plugin["version"], "0.1.0", "{plugin}");
        assert_eq!(state(plugin), "ready");
        assert_eq!(plugin["sha256"].as_str().unwrap().len(), 64);
        assert!(plugin["loaded_at"].is_string() && plugin["description"].is_string());
        assert_eq!(plugin["grants"]["llm"], true);
    }
    let of = |name: &str| plugins.iter().find(|plugin| plugin["name"] == name).unwrap();
    let (invoices, tasks) = (of("invoices"), of("tasks"));
    let columns = |value: &Value| value.as_array().unwrap().len();
    assert_eq!(columns(&invoices["grants"]["tables"]["contacts"]["select"]), 2, "{invoices}");
    assert_eq!(invoices["grants"]["tables"]["contacts"]["max_rows"], 10);
    assert!(columns(&invoices["grants"]["tables"]["invoices"]["select"]) > 10, "the star is spelled out");
    let usage = &invoices["usage"];
    assert_eq!(usage["turns"], 1);
    assert!(usage["host_calls"].as_u64() > Some(2), "{usage}");
    assert!(usage["input_tokens"].as_u64() > Some(0) && usage["output_tokens"].as_u64() > Some(0), "{usage}");
    assert_eq!(tasks["usage"], json!({ "turns": 0, "host_calls": 0, "input_tokens": 0, "output_tokens": 0 }));
    assert!(!list.to_string().contains("Ann Miller"));

    let one = operator.get("plugins/invoices").await;
    assert_eq!(one["granted"]["tables"]["invoices"]["select"], json!(["*"]));
    assert!(columns(&one["requested"]["tables"]["invoices"]["select"]) > 10);
    let (status, error) = operator.call(Method::GET, "plugins/nobody").await;
    assert_eq!((status, &error["error"]["code"]), (404, &"PLUGIN_NOT_FOUND".into()));
}

#[tokio::test]
async fn failures_are_counted_by_kind_and_their_words_stay_in_the_log() {
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    let server = server(guests_and_invoices(), &[("CANVALO_PLUGIN_DIR", &folder)]).await;
    server.chat(new_user(), "@fails_mid_stream").await;
    server.chat(new_user(), "@recurse").await;
    let operator = Operator(&server);
    let failed = operator.get("plugins/fails-mid-stream").await;
    assert_eq!(failed["health"]["failures"]["by_kind"], json!({ "trapped": 1 }), "{failed}");
    assert_eq!(failed["health"]["failures"]["last"]["kind"], "trapped");
    assert!(failed["health"]["failures"]["last"]["at"].is_string());
    let recursed = operator.get("plugins/recurse").await;
    assert_eq!(recursed["health"]["failures"]["by_kind"], json!({ "limit_exceeded": 1 }), "{recursed}");
    assert_eq!((state(&recursed), &recursed["health"]["running"]), ("ready", &0.into()));
}

#[tokio::test]
async fn a_plugin_that_is_disabled_is_not_offered_until_it_is_enabled() {
    let model = script(overdue());
    let server = server(model.clone(), &[]).await;
    let operator = Operator(&server);
    let is_offered = || {
        let requests = model.requests();
        let first = requests.iter().rev().find(|request| request.tools.iter().any(|tool| tool.name == "tasks"));
        first.unwrap().tools.iter().any(|tool| tool.name == "invoices")
    };
    let disabled = operator.post("plugins/invoices/disable").await;
    assert_eq!((state(&disabled), &disabled["health"]["enabled"]), ("disabled", &false.into()));
    // The script asks for invoices or nothing, and the words of this have nothing to do with an agent.
    let answer = server.chat(new_user(), "overdue xyzzy").await;
    assert!(!is_offered());
    assert_eq!(answer.tools(), []);
    let health: Value = server.client.get(format!("{}/health", server.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["agents_available"], agent_names().len() - 1);
    assert_eq!(operator.get("plugins/invoices").await["usage"]["turns"], 0);

    let enabled = operator.post("plugins/invoices/enable").await;
    assert_eq!(state(&enabled), "ready");
    let answer = server.chat(new_user(), "overdue xyzzy").await;
    assert!(is_offered());
    assert_eq!(answer.text(), "Two are late.");
    for action in ["enable", "disable", "kill", "reload"] {
        let (status, error) = operator.call(Method::POST, &format!("plugins/nobody/{action}")).await;
        assert_eq!((status, &error["error"]["code"]), (404, &"PLUGIN_NOT_FOUND".into()), "{action}");
    }
}

#[tokio::test]
async fn a_new_version_takes_over_and_what_runs_ends_in_the_old_one() {
    let folder = one_plugin("waits", "1.0.0");
    let directory = folder.path().display().to_string();
    // The answer and its end take 20 s each.
    let model = script(json!([
        { "when": { "last_user_contains": "hold on" }, "reply": { "text": "Done.", "delay_ms": 20_000 } },
        { "when": { "after_tool": null }, "reply": { "tool_uses": [{ "name": "changer", "input": {} }] } },
    ]));
    let server = server(model.clone(), &[("CANVALO_PLUGIN_DIR", &directory)]).await;
    let operator = Operator(&server);
    let before = operator.get("plugins/changer").await;
    let running = server.send(new_user(), &json!({ "message": "@changer 1" })).await;
    until("starting the turn", || server.app.supervisor.runtime().free_slots() == 63).await;

    put(folder.path(), "remembers", "2.0.0");
    let after = operator.post("plugins/changer/reload").await;
    assert_eq!((&after["version"], state(&after)), (&"2.0.0".into(), "ready"));
    assert_ne!(after["sha256"], before["sha256"]);
    assert_eq!(after["health"]["running"], 1, "the turn in the old version counts on");
    let answer = server.chat(new_user(), "@changer hello").await;
    assert_eq!(answer.text(), "found: []\n", "the new one answers");

    until("asking the model", || model.in_flight() == 1).await;
    for _ in 0..2 {
        skip(Duration::from_secs(20)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let text = running.text().await.unwrap();
    assert!(text.contains("waited: true") && text.contains("held: 1048576"), "the old one has ended: {text}");
    let usage = operator.get("plugins/changer").await["usage"].clone();
    assert_eq!(usage["turns"], 2, "usage outlives a version");
}

/// What is wrong, how it gets wrong, and what the answer says of it.
type Broken<'a> = (&'a str, Box<dyn Fn() + 'a>, &'a str);

#[tokio::test]
async fn a_version_that_cannot_be_loaded_leaves_the_last_good_one_in_place() {
    let folder = one_plugin("remembers", "1.0.0");
    let server = with_one_plugin(&folder).await;
    let operator = Operator(&server);
    let file = folder.path().join("changer.wasm");
    let good = std::fs::read(&file).unwrap();
    let grants = folder.path().join("grants.toml");
    let broken: [Broken<'_>; 6] = [
        ("cut short", Box::new(|| std::fs::write(&file, &good[..good.len() / 2]).unwrap()), "cut short"),
        ("no component", Box::new(|| std::fs::write(&file, "not wasm").unwrap()), "not a WebAssembly component"),
        (
            "another one",
            Box::new(|| {
                std::fs::write(&file, package_guest_as("remembers", "another", "2.0.0")).unwrap();
            }),
            "the file holds the plugin \"another\"",
        ),
        ("gone", Box::new(|| std::fs::remove_file(&file).unwrap()), "can't read it"),
        (
            "broken grants",
            Box::new(|| {
                std::fs::write(&file, &good).unwrap();
                std::fs::write(&grants, "[changer\n").unwrap();
            }),
            "grants.toml",
        ),
        (
            "another digest",
            Box::new(|| {
                std::fs::write(&grants, format!("[changer]\nsha256 = \"{}\"\n", "0".repeat(64))).unwrap();
            }),
            "SHA-256",
        ),
    ];
    for (what, break_it, cause) in broken {
        break_it();
        let (status, error) = operator.call(Method::POST, "plugins/changer/reload").await;
        assert_eq!((status, &error["error"]["code"]), (422, &"PLUGIN_NOT_LOADED".into()), "{what}");
        assert!(error["error"]["message"].as_str().unwrap().contains(cause), "{what}: {error}");
        let plugin = operator.get("plugins/changer").await;
        assert_eq!((state(&plugin), &plugin["version"]), ("failed_to_reload", &"1.0.0".into()), "{what}");
        assert!(plugin["health"]["load_failure"]["cause"].as_str().unwrap().contains(cause), "{what}: {plugin}");
        assert_eq!(server.chat(new_user(), "@changer").await.text(), "found: []\n", "{what}");
    }
    std::fs::write(&grants, GRANTS).unwrap();
    put(folder.path(), "remembers", "1.0.1");
    let repaired = operator.post("plugins/changer/reload").await;
    assert_eq!((state(&repaired), &repaired["version"]), ("ready", &"1.0.1".into()));
    assert_eq!(repaired["health"]["load_failure"], Value::Null);
}

#[tokio::test]
async fn grants_are_read_again_with_the_plugin_and_for_it_alone() {
    let folder = one_plugin("snoop", "1.0.0");
    let server = with_one_plugin(&folder).await;
    let operator = Operator(&server);
    assert_eq!(operator.get("plugins/changer").await["grants"]["llm"], true);
    std::fs::write(folder.path().join("grants.toml"), "[changer.tables.invoices]\nselect = [\"*\"]\n").unwrap();
    assert_eq!(operator.get("plugins/changer").await["grants"]["llm"], true, "not before it is reloaded");
    let grants = operator.post("plugins/changer/reload").await["grants"].clone();
    assert_eq!(grants["llm"], false);
    assert_eq!(grants["tables"]["invoices"]["select"], json!(["client_name", "id"]));
}

#[tokio::test]
async fn a_plugin_stays_disabled_when_it_is_reloaded() {
    let folder = one_plugin("remembers", "1.0.0");
    let server = with_one_plugin(&folder).await;
    let operator = Operator(&server);
    operator.post("plugins/changer/disable").await;
    put(folder.path(), "remembers", "2.0.0");
    let reloaded = operator.post("plugins/changer/reload").await;
    assert_eq!((state(&reloaded), &reloaded["version"]), ("disabled", &"2.0.0".into()));
    assert!(server.app.supervisor.registry().plugins().is_empty());
    operator.post("plugins/changer/enable").await;
    assert_eq!(server.chat(new_user(), "@changer").await.text(), "found: []\n");
}

#[tokio::test]
async fn a_file_that_is_new_in_the_folder_becomes_a_plugin_and_a_path_does_not() {
    let folder = TempDir::new().unwrap();
    let outside = folder.path().join("outside.wasm");
    std::fs::write(&outside, package_guest_as("remembers", "outside", "1.0.0")).unwrap();
    let inner = folder.path().join("plugins");
    std::fs::create_dir(&inner).unwrap();
    let directory = inner.display().to_string();
    let server = server(agents_and_invoices(&["changer"]), &[("CANVALO_PLUGIN_DIR", &directory)]).await;
    let operator = Operator(&server);
    for path in ["plugins/changer/reload", "plugins/..%2Foutside/reload", "plugins/%2E%2E%2Foutside/reload"] {
        assert_eq!(operator.call(Method::POST, path).await.0, 404, "{path}");
    }
    put(&inner, "remembers", "1.0.0");
    assert_eq!(state(&operator.post("plugins/changer/reload").await), "ready");
    assert_eq!(server.chat(new_user(), "@changer").await.text(), "found: []\n");
}

#[tokio::test]
async fn a_file_that_could_not_be_loaded_at_the_start_is_listed_and_can_be_repaired() {
    let folder = one_plugin("remembers", "1.0.0");
    std::fs::write(folder.path().join("odd.wasm"), "not wasm").unwrap();
    std::fs::copy(folder.path().join("changer.wasm"), folder.path().join("zzz-copy.wasm")).unwrap();
    let server = with_one_plugin(&folder).await;
    let operator = Operator(&server);
    let list = operator.get("plugins").await;
    let told = |plugin: &Value| format!("{} {}", plugin["name"].as_str().unwrap(), state(plugin));
    let told: Vec<String> = list["plugins"].as_array().unwrap().iter().map(told).collect();
    assert_eq!(told, ["changer ready", "odd failed_to_load", "zzz-copy failed_to_load"]);
    assert!(list["plugins"][2]["health"]["load_failure"]["cause"].as_str().unwrap().contains("already"), "{list}");
    assert_eq!(operator.call(Method::POST, "plugins/odd/reload").await.0, 422);
    std::fs::write(folder.path().join("odd.wasm"), package_guest_as("remembers", "odd", "1.0.0")).unwrap();
    assert_eq!(state(&operator.post("plugins/odd/reload").await), "ready");
    assert!(server.app.supervisor.registry().get("odd").is_some());
}

#[tokio::test]
async fn requests_are_served_while_a_plugin_is_reloaded_over_and_over() {
    let folder = one_plugin("remembers", "1.0.0");
    let server = with_one_plugin(&folder).await;
    let operator = Operator(&server);
    let reloads = async {
        for version in 0..10 {
            put(folder.path(), "remembers", &format!("1.0.{version}"));
            operator.post("plugins/changer/reload").await;
        }
    };
    let chats = async {
        for _ in 0..20 {
            assert_eq!(server.chat(new_user(), "@changer").await.text(), "found: []\n");
        }
    };
    tokio::join!(reloads, chats);
    assert_eq!(operator.get("plugins/changer").await["usage"]["turns"], 20);
}
