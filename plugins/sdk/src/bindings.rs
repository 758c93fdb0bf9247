//! The contract as Rust types and imports, generated from `wit/`.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "agent-plugin",
    pub_export_macro: true,
    default_bindings_module: "canvalo_sdk::bindings",
    additional_derives: [PartialEq],
});
