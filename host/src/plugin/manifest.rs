//! What a plugin says of itself. Written from the crate's `plugin.toml` into a custom section of the component, so that
//! it can be read without running, or even compiling, any of the plugin's code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Parser, Payload};

use super::grants::{self, Permissions, TablePermissions};

/// The custom section that holds the manifest, as TOML text.
const SECTION: &str = "canvalo:manifest";

/// A larger manifest is refused.
const MAX_BYTES: usize = 64 * 1024;

/// A plugin's name, purpose and wishes.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What the user and the supervisor call it: `[a-z][a-z0-9-]{0,63}`. Also `agent_type` in the stream.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// What it does, in a sentence or two. The supervisor routes by it.
    pub description: String,
    /// Questions it answers, as users ask them. The supervisor routes by them.
    pub examples: Vec<String>,
    /// What it asks to be allowed.
    pub requests: Permissions,
}

/// `plugin.toml`, key by key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestFile {
    name: String,
    version: String,
    description: String,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    llm: bool,
    #[serde(default)]
    tables: BTreeMap<String, TablePermissions>,
}

/// Why a manifest can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file isn't a component.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// The component carries no manifest.
    #[error("no manifest: build the plugin with `canvalo plugin build`")]
    Missing,
    /// The manifest doesn't parse or breaks a rule.
    #[error("invalid manifest: {0}")]
    Invalid(String),
}

impl Manifest {
    /// Reads `plugin.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MAX_BYTES {
            return Err(ManifestError::Invalid(format!("larger than {MAX_BYTES} bytes")));
        }
        let file: ManifestFile = toml::from_str(text).map_err(|error| ManifestError::Invalid(error.to_string()))?;
        let ManifestFile { name, version, description, examples, llm, tables } = file;
        let manifest = Self { name, version, description, examples, requests: Permissions { llm, tables } };
        manifest.check().map_err(ManifestError::Invalid)?;
        Ok(manifest)
    }

    /// Reads the manifest out of a component's bytes.
    pub fn of_component(wasm: &[u8]) -> Result<Self, ManifestError> {
        let mut parser = Parser::new(0);
        let mut rest = wasm;
        // Only the outermost component's own sections count: one nested inside could say anything.
        let mut found: Option<&str> = None;
        let mut is_component = false;
        loop {
            let (consumed, payload) = match parser.parse(rest, true) {
                Ok(wasmparser::Chunk::Parsed { consumed, payload }) => (consumed, payload),
                Ok(wasmparser::Chunk::NeedMoreData(_)) => {
                    return Err(ManifestError::NotAComponent("the file is cut short".into()));
                }
                Err(error) => return Err(ManifestError::NotAComponent(error.to_string())),
            };
            let mut skip = consumed;
            match payload {
                Payload::Version { encoding, .. } => is_component = encoding == wasmparser::Encoding::Component,
                Payload::ModuleSection { unchecked_range, .. } | Payload::ComponentSection { unchecked_range, .. } => {
                    let length = unchecked_range.end - unchecked_range.start;
                    skip = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(consumed);
                    if skip > rest.len() {
                        return Err(ManifestError::NotAComponent("the file is cut short".into()));
                    }
                }
                Payload::CustomSection(section) if section.name() == SECTION => {
                    let text = std::str::from_utf8(section.data())
                        .map_err(|_| ManifestError::Invalid("not UTF-8 text".into()))?;
                    if found.replace(text).is_some() {
                        return Err(ManifestError::Invalid("there are two of them".into()));
                    }
                }
                Payload::End(_) => break,
                _ => {}
            }
            rest = &rest[skip..];
        }
        if !is_component {
            return Err(ManifestError::NotAComponent("a core module; make a component of it".into()));
        }
        Self::parse(found.ok_or(ManifestError::Missing)?)
    }

    /// Writes manifest text into a component. The text must parse.
    pub fn attach(text: &str, component: &mut Vec<u8>) -> Result<Self, ManifestError> {
        let manifest = Self::parse(text)?;
        let section = CustomSection { name: SECTION.into(), data: Cow::Borrowed(text.as_bytes()) };
        ComponentSection::append_to_component(&section, component);
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(format!(
                "name {:?}: 1 to 64 lower-case letters, digits and dashes, the first a letter",
                self.name
            ));
        }
        if self.name == crate::plugin::event::SUPERVISOR {
            return Err("the name `supervisor` is taken by the host".into());
        }
        if self.version.is_empty() || self.version.len() > 64 {
            return Err("version: 1 to 64 characters".into());
        }
        if self.description.trim().is_empty() || self.description.len() > 2_000 {
            return Err("description: 1 to 2,000 characters that say what the agent does".into());
        }
        if self.examples.len() > 50 || self.examples.iter().any(|example| example.len() > 500) {
            return Err("examples: at most 50, each at most 500 characters".into());
        }
        grants::check(&self.requests.tables, false)
    }
}

/// Whether a plugin could have this name.
pub(super) fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && name.len() <= 64
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = r#"
        name = "invoices"
        version = "0.1.0"
        description = "Invoices and payments."
        examples = ["Show me all overdue invoices"]
        llm = true

        [tables.invoices]
        select = ["id", "status"]
        max_rows = 200
    "#;

    fn empty_component() -> Vec<u8> {
        wasm_encoder::Component::new().finish()
    }

    #[test]
    fn a_manifest_comes_back_out_of_the_component_it_was_written_into() {
        let mut component = empty_component();
        let written = Manifest::attach(TOML, &mut component).unwrap();
        assert_eq!(Manifest::of_component(&component).unwrap(), written);
    }

    #[test]
    fn a_component_without_a_manifest_says_how_to_build_one() {
        let error = Manifest::of_component(&empty_component()).unwrap_err();
        assert!(error.to_string().contains("canvalo plugin build"), "{error}");
    }

    #[test]
    fn a_second_manifest_is_refused() {
        let mut component = empty_component();
        Manifest::attach(TOML, &mut component).unwrap();
        Manifest::attach(TOML, &mut component).unwrap();
        assert!(matches!(Manifest::of_component(&component), Err(ManifestError::Invalid(_))));
    }

    #[test]
    fn a_truncated_file_and_a_core_module_are_refused_without_a_panic() {
        let mut component = empty_component();
        Manifest::attach(TOML, &mut component).unwrap();
        for end in 0..component.len() {
            assert!(Manifest::of_component(&component[..end]).is_err(), "{end} bytes");
        }
        let module = wasm_encoder::Module::new().finish();
        assert!(matches!(Manifest::of_component(&module), Err(ManifestError::NotAComponent(_))));
    }

    #[test]
    fn names_that_would_confuse_a_user_or_a_path_are_refused() {
        for name in ["", "Invoices", "../x", "1st", "supervisor", "a b", &"a".repeat(65)] {
            let text = TOML.replace("\"invoices\"", &format!("{name:?}"));
            assert!(Manifest::parse(&text).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_misspelt_key_is_refused_instead_of_ignored() {
        assert!(Manifest::parse(&TOML.replace("max_rows", "max_row")).is_err());
        assert!(Manifest::parse(&TOML.replace("examples", "exampels")).is_err());
    }
}
