//! The plugins that are loaded: compiled, checked against the contract, and ready to instantiate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use super::bindings::{AgentPlugin, AgentPluginPre};
use super::grants::{Capabilities, Grants, GrantsError};
use super::limits;
use super::manifest::{Manifest, ManifestError};
use super::state::State;

/// A plugin that can run.
pub struct Plugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its name, shared with every event it sends.
    pub(super) name: Arc<str>,
    pub(super) capabilities: Arc<Capabilities>,
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

/// The plugins of one folder.
#[derive(Default)]
pub struct Registry {
    plugins: Vec<Arc<Plugin>>,
}

impl Registry {
    /// Loads every `.wasm` of a folder, with the grants of its `grants.toml`. A plugin that can't be loaded is reported
    /// in the log and left out; it doesn't take the others with it. Compiles what the cache doesn't have: not for the
    /// request path.
    pub fn load(engine: &Engine, folder: &Path) -> Result<Self, RegistryError> {
        let grants = Grants::read(&folder.join("grants.toml"))?;
        let linker = linker(engine).map_err(|error| RegistryError::Linker(format!("{error:#}")))?;
        let mut registry = Self::default();
        for path in wasm_files(folder) {
            match registry.load_file(&linker, &path, &grants) {
                Ok(plugin) => registry.plugins.push(Arc::new(plugin)),
                Err(error) => tracing::error!(path = %path.display(), "plugin not loaded: {error}"),
            }
        }
        registry.plugins.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(registry)
    }

    fn load_file(&self, linker: &Linker<State>, path: &Path, grants: &Grants) -> Result<Plugin, LoadError> {
        let bytes = std::fs::metadata(path)?.len();
        if bytes > limits::COMPONENT_BYTES {
            return Err(LoadError::TooLarge { bytes });
        }
        let plugin = Plugin::load(linker, &std::fs::read(path)?, grants)?;
        if self.get(&plugin.name).is_some() {
            return Err(LoadError::DuplicateName(plugin.manifest.name));
        }
        Ok(plugin)
    }

    /// The plugin of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Plugin>> {
        self.plugins.iter().find(|plugin| &*plugin.name == name)
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
        Ok(Self { name: manifest.name.as_str().into(), manifest, capabilities: Arc::new(capabilities), pre })
    }
}

/// A linker with the functions of the contract, and nothing else: a component that imports more is refused.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    AgentPlugin::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}

fn wasm_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        tracing::error!(path = %folder.display(), "the plugin folder can't be read: no agent is available");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    files
}
