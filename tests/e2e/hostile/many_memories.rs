//! Components made by hand, of more memories and tables than a compiler gives one.

use canvalo_tests::{package_text, plugin_bytes};
use wasm_encoder::{ComponentSection, ComponentSectionId, InstanceSection, ModuleArg, RawSection};
use wasmparser::Validator;

use super::loading::loaded;
use super::*;
use crate::scripts::agents_and_invoices;

/// An agent that answers with nothing, and has this in its module.
fn agent_with(definitions: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            {definitions}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "canvalo:agent/agent@0.1.0#run")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 8)))"#
    );
    package_text("hoarder", &text)
}

/// An agent that has so many memories, one in its own module and each other one in a module beside it. Those take 35 MiB
/// when they start.
fn agent_of_memories(memories: usize) -> Vec<u8> {
    let mut component = agent_with("");
    let beside = "(module (memory 1) (func $start (drop (memory.grow (i32.const 560)))) (start $start))";
    let beside = wat::parse_str(beside).unwrap();
    let index = Validator::new().validate_all(&component).unwrap().as_ref().module_count();
    RawSection { id: ComponentSectionId::CoreModule as u8, data: &beside }.append_to_component(&mut component);
    let mut instances = InstanceSection::new();
    for _ in 1..memories {
        instances.instantiate(index, std::iter::empty::<(&str, ModuleArg)>());
    }
    instances.append_to_component(&mut component);
    component
}

#[tokio::test]
async fn a_component_of_more_memories_or_tables_than_a_turn_may_have_is_refused() {
    assert_eq!(loaded(&[("fits.wasm", agent_of_memories(3))], ""), ["hoarder"]);
    for too_much in [agent_of_memories(4), agent_with("(memory 1)"), agent_with("(table 1 funcref) (table 1 funcref)")]
    {
        let files = [("bad.wasm", too_much), ("invoices.wasm", plugin_bytes("invoices"))];
        assert_eq!(loaded(&files, ""), ["invoices"]);
    }
}

#[tokio::test]
async fn memories_count_together_and_not_each_by_itself() {
    for (memories, end) in [(2, "none"), (3, "AGENT_LIMIT_EXCEEDED")] {
        let plugins = canvalo_tests::guest_plugins();
        std::fs::write(plugins.path().join("hoarder.wasm"), agent_of_memories(memories)).unwrap();
        let folder = plugins.path().display().to_string();
        let model = agents_and_invoices(&["hoarder"]);
        let server = Server::with(model, &[("CANVALO_PLUGIN_DIR", &folder)]).await;
        assert_eq!(server.chat(new_user(), "@hoarder").await.error_code(), end, "{memories} memories");
        assert_eq!(server.app.supervisor.runtime().free_slots(), 64);
        assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
    }
}
