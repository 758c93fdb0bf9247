//! From a file of the plugin folder to a plugin that can run. Compiles: not for the request path.

use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use super::bindings::AgentPlugin;
use super::grants::{Grants, GrantsError};
use super::limits;
use super::registry::{LoadError, Plugin, RegistryError};
use super::state::State;

/// Loads the plugins of a folder, with the grants of its `grants.toml`.
pub(super) struct Loader {
    linker: Linker<State>,
    folder: PathBuf,
}

/// A file, and what became of it.
pub(super) type Tried = (PathBuf, Result<Plugin, LoadError>);

impl Loader {
    pub(super) fn new(engine: &Engine, folder: &Path) -> Result<Self, RegistryError> {
        let linker = linker(engine).map_err(|error| RegistryError::Linker(format!("{error:#}")))?;
        Ok(Self { linker, folder: folder.to_owned() })
    }

    /// The grants as they stand in the file now.
    pub(super) fn grants(&self) -> Result<Grants, GrantsError> {
        Grants::read(&self.folder.join("grants.toml"))
    }

    /// The file of a plugin that was not seen before.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.wasm"))
    }

    /// Every `.wasm` of the folder, by path.
    pub(super) fn load_all(&self) -> Result<Vec<Tried>, RegistryError> {
        let grants = self.grants()?;
        Ok(wasm_files(&self.folder)
            .into_iter()
            .map(|path| {
                let loaded = self.load(&path, &grants);
                (path, loaded)
            })
            .collect())
    }

    /// One file.
    pub(super) fn load(&self, path: &Path, grants: &Grants) -> Result<Plugin, LoadError> {
        let bytes = std::fs::metadata(path)?.len();
        if bytes > limits::COMPONENT_BYTES {
            return Err(LoadError::TooLarge { bytes });
        }
        Plugin::load(&self.linker, &std::fs::read(path)?, grants)
    }
}

/// A linker with the functions of the contract, and nothing else: a component that imports more is refused.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
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
