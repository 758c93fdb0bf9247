//! Components that are refused when they are loaded.

use canvalo::plugin::Registry;
use canvalo::plugin::engine::engine;
use canvalo_tests::{package_guest, plugin_bytes};

use super::*;

/// The names of the plugins of a folder with these files.
pub(super) fn loaded(files: &[(&str, Vec<u8>)], grants: &str) -> Vec<String> {
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
