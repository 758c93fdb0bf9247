//! The guests that misbehave, as plugins. Most are Rust; what Rust can't say is written in WebAssembly's text format.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use canvalo::plugin::package;
use tempfile::TempDir;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::world::{agents, workspace};

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// What the guests ask for. More is granted to none of them.
const TABLES: &str = r#"
llm = true
[PREFIXtables.invoices]
select = ["id", "client_name"]
insert = ["client_name"]
"#;

/// Two agents and every guest in one folder.
pub fn guest_plugins() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let mut grants = std::fs::read_to_string(agents().join("grants.toml")).expect("the grants");
    for guest in GUESTS {
        let name = guest.replace('_', "-");
        let component = package_guest(guest);
        std::fs::write(folder.path().join(format!("{name}.wasm")), component).expect("a file");
        grants.push_str(&format!("\n[{name}]\n{}", TABLES.replace("PREFIX", &format!("{name}."))));
    }
    for agent in ["invoices.wasm", "contacts.wasm"] {
        std::fs::copy(agents().join(agent), folder.path().join(agent)).expect("a file");
    }
    std::fs::write(folder.path().join("grants.toml"), grants).expect("a file");
    folder
}

/// A guest as a component with a manifest.
pub fn package_guest(guest: &str) -> Vec<u8> {
    package_module(guest, &modules()[guest])
}

/// A guest as a plugin of another name and of a version.
pub fn package_guest_as(guest: &str, name: &str, version: &str) -> Vec<u8> {
    package::package(&modules()[guest], &manifest(name, version)).expect("a component")
}

/// A core module in the text format as a component with a manifest.
pub fn package_text(guest: &str, text: &str) -> Vec<u8> {
    package_module(guest, &assemble(text))
}

fn package_module(guest: &str, module: &[u8]) -> Vec<u8> {
    package::package(module, &manifest(&guest.replace('_', "-"), "1.0.0")).expect("a component")
}

fn manifest(name: &str, version: &str) -> String {
    let tables = TABLES.replace("PREFIX", "");
    format!("name = {name:?}\nversion = {version:?}\ndescription = \"A guest that misbehaves\"\n{tables}")
}

/// The component of an agent.
pub fn plugin_bytes(agent: &str) -> Vec<u8> {
    std::fs::read(agents().join(format!("{agent}.wasm"))).expect("the agent is built")
}

fn modules() -> &'static BTreeMap<String, Vec<u8>> {
    static MODULES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let crate_dir = workspace().join("tests/guests");
        let built = package::compile(&crate_dir, &["--examples", "--features", "wasm"]).expect("the guests build");
        let stem = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
        let rust = built.iter().map(|path| (stem(path), std::fs::read(path).expect("a module")));
        let texts = GUESTS.iter().filter_map(|guest| {
            let text = std::fs::read_to_string(crate_dir.join(format!("examples/{guest}.wat"))).ok()?;
            Some(((*guest).to_owned(), assemble(&text)))
        });
        rust.chain(texts).collect()
    })
}

/// From text to a module that says which world it is for, as one of a compiler does.
fn assemble(text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).expect("a module");
    let mut resolve = Resolve::default();
    resolve.push_dir(workspace().join("wit")).expect("the contract");
    let package = resolve.push_file(workspace().join("tests/guests/handmade.wit")).expect("a package");
    let world = resolve.select_world(&[package], Some("handmade")).expect("a world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("room for it");
    module
}
