//! The plugins that are loaded: compiled, checked against the contract, and ready to instantiate.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::bindings::AgentPluginPre;
use super::catalog::Catalog;
use super::grants::{Capabilities, Grants, GrantsError};
use super::host::offer::Offer;
use super::limits;
use super::manifest::{Manifest, ManifestError};
use super::standing::Standing;
use super::state::State;
use crate::capability::llm::Tool;
use crate::hex::hex;

/// A plugin that can run.
pub struct Plugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The SHA-256 of its file, in hex.
    pub sha256: String,
    /// When it was loaded.
    pub loaded_at: DateTime<Utc>,
    /// Whether it may run, and what came of it and its earlier versions.
    pub(super) standing: Arc<Standing>,
    /// Its name, shared with every event it sends.
    pub name: Arc<str>,
    /// What it may do.
    pub capabilities: Arc<Capabilities>,
    pub(super) offer: Arc<Offer>,
    pub(super) pre: AgentPluginPre<State>,
}

/// Why a plugin is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("can't read it: {0}")]
    Unreadable(#[from] std::io::Error),
    /// The file is too large to compile.
    #[error("{bytes} bytes, at most {} are allowed", limits::COMPONENT_BYTES)]
    TooLarge {
        /// Of the file.
        bytes: u64,
    },
    /// No usable manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Another plugin has the name.
    #[error("there is already a plugin named {0:?}")]
    DuplicateName(String),
    /// The file holds another plugin than it did.
    #[error("the file holds the plugin {found:?}, and {expected:?} is to be reloaded")]
    OtherName {
        /// The plugin that is to be reloaded.
        expected: String,
        /// The one in the file.
        found: String,
    },
    /// The grants don't fit.
    #[error(transparent)]
    Grants(#[from] GrantsError),
    /// The component doesn't compile, or imports or exports something else than the contract.
    #[error("it doesn't fit the contract canvalo:agent@0.1: {0}")]
    Contract(String),
}

/// Why there can be no plugins at all.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The grants can't be used.
    #[error(transparent)]
    Grants(#[from] GrantsError),
    /// The host's own functions can't be linked.
    #[error("the functions of the contract can't be linked: {0}")]
    Linker(String),
}

/// Plugins that don't change.
#[derive(Default)]
pub struct Registry {
    plugins: Vec<Arc<Plugin>>,
    as_tools: OnceLock<Arc<[Tool]>>,
}

impl Registry {
    /// These plugins, each of another name.
    pub fn of(mut plugins: Vec<Arc<Plugin>>) -> Self {
        plugins.sort_by(|a, b| a.name.cmp(&b.name));
        Self { plugins, as_tools: OnceLock::new() }
    }

    /// The plugins of a folder that can be loaded; see [`Catalog::load`].
    pub fn load(engine: &Engine, folder: &Path) -> Result<Arc<Self>, RegistryError> {
        Ok(Catalog::load(engine, folder)?.offered())
    }

    /// The plugin of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Plugin>> {
        self.plugins.iter().find(|plugin| &*plugin.name == name)
    }

    /// The plugins as tools of the supervisor's model, which are the same in each turn.
    pub fn as_tools(&self, tool: impl Fn(&Plugin) -> Tool) -> Arc<[Tool]> {
        let tools = || self.plugins.iter().map(|plugin| tool(plugin)).collect();
        Arc::clone(self.as_tools.get_or_init(tools))
    }

    /// All plugins, by name.
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }
}

impl Plugin {
    /// Reads, compiles and checks one component.
    pub(super) fn load(linker: &Linker<State>, wasm: &[u8], grants: &Grants) -> Result<Self, LoadError> {
        let manifest = Manifest::of_component(wasm)?;
        let capabilities = grants.capabilities(&manifest, wasm)?;
        let contract = |error: wasmtime::Error| LoadError::Contract(format!("{error:#}"));
        let component = Component::from_binary(linker.engine(), wasm).map_err(contract)?;
        let pre = linker.instantiate_pre(&component).map_err(contract)?;
        let pre = AgentPluginPre::new(pre).map_err(contract)?;
        Ok(Self {
            name: manifest.name.as_str().into(),
            manifest,
            sha256: hex(&Sha256::digest(wasm)),
            loaded_at: Utc::now(),
            standing: Arc::default(),
            capabilities: Arc::new(capabilities),
            offer: Arc::default(),
            pre,
        })
    }
}
