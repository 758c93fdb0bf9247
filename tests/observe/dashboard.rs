//! The dashboard shows what there is: every metric that it asks for is one that a host has, and none is left out.

use std::collections::BTreeSet;
use std::sync::Arc;

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Server, guest_plugins, new_user};
use serde_json::{Value, json};

use crate::metrics::Figures;
use crate::watched::{DEPLOYED, Watched, script};

const DASHBOARD: &str = include_str!("../../docs/grafana/canvalo.json");

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
}

/// The names of metrics in what panels and variables ask for.
fn asked(dashboard: &Value) -> BTreeSet<String> {
    let targets = panels(dashboard).flat_map(|panel| panel["targets"].as_array().unwrap());
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries =
        targets.map(|target| &target["expr"]).chain(variables.filter_map(|variable| variable.get("definition")));
    let words = queries.flat_map(|query| {
        query.as_str().unwrap().split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
    });
    words.filter(|word| word.starts_with("canvalo_") || word.starts_with("process_")).map(str::to_owned).collect()
}

#[test]
fn every_panel_has_a_place_of_its_own_and_asks_the_chosen_prometheus() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 41);
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
    assert!(dashboard.get("id").is_none(), "Grafana gives it one");
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("x") + side("w") <= 24, "{panel}");
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "two panels are at {x}, {y}: {panel}");
            }
        }
    }
    for panel in panels(&dashboard) {
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{panel}");
        }
    }
}

#[tokio::test]
async fn every_metric_that_it_asks_for_is_one_that_a_host_has_and_none_is_left_out() {
    Watched::get();
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    // Without a price there is no cost to show.
    let prices = plugins.path().join("prices.toml");
    std::fs::write(&prices, r#""offline" = { input = "1", output = "2" }"#).unwrap();
    let prices = prices.display().to_string();
    let own = [("CANVALO_PLUGIN_DIR", folder.as_str()), ("LLM_PRICES", prices.as_str())];
    let variables = [&DEPLOYED[..], &own].concat();
    let server = Server::with(Arc::new(Offline), &variables).await;
    server.chat(new_user(), "Show me all overdue invoices").await.end();
    reqwest::get(format!("{}/health", server.url)).await.unwrap();
    let picks = json!([{
        "when": { "tool_offered": "snoop", "after_tool": null },
        "reply": { "tool_uses": [{ "name": "snoop", "input": {} }, { "name": "hoard", "input": {} }] },
    }]);
    let hostile = Server::with(script(picks), &variables).await;
    hostile.chat(new_user(), &format!("go {}", new_user())).await.end();

    let figures = Figures::of(&server).await;
    let exposed: BTreeSet<&str> = figures.names().collect();
    let asked = asked(&serde_json::from_str(DASHBOARD).unwrap());
    let unknown: Vec<&String> = asked.iter().filter(|name| !exposed.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?} of the dashboard is in {exposed:?}");

    // A histogram is shown by one of its parts.
    let family = |name: &str| {
        ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name).to_owned()
    };
    let shown: BTreeSet<String> = asked.iter().map(|name| family(name)).collect();
    let left_out: BTreeSet<String> = exposed
        .iter()
        .filter(|name| name.starts_with("canvalo_"))
        .map(|name| family(name))
        .filter(|name| !shown.contains(name))
        .collect();
    assert!(left_out.is_empty(), "{left_out:?} is on no panel");
}
