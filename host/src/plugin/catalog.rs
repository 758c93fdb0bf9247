//! The plugins as operators see and change them: loaded or not, enabled or not, and one after the other replaced by a new
//! version.
//!
//! A request takes the plugins on offer as one snapshot, without a lock. What runs keeps the plugin it started with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use wasmtime::Engine;

use super::loader::Loader;
use super::manifest::{self, Manifest};
use super::registry::{LoadError, Plugin, Registry, RegistryError};
use super::standing::Standing;

/// See the module.
pub struct Catalog {
    loader: Arc<Loader>,
    entries: Mutex<BTreeMap<String, Entry>>,
    offered: ArcSwap<Registry>,
    /// One reload at a time: each compiles.
    reloading: tokio::sync::Mutex<()>,
}

/// A plugin, or a file that should be one.
#[derive(Clone)]
pub struct Entry {
    /// The plugin's name; of a file that can't be read, the file's.
    pub name: String,
    /// Where it was loaded from.
    pub path: PathBuf,
    /// The last version that could be loaded.
    pub plugin: Option<Arc<Plugin>>,
    /// Whether it may run, and what came of it.
    pub standing: Arc<Standing>,
    /// Why the last attempt to load it failed.
    pub load_failure: Option<LoadFailure>,
}

/// Why a plugin, or a new version of it, is not loaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LoadFailure {
    /// When it was tried.
    pub at: DateTime<Utc>,
    /// For operators.
    pub cause: String,
}

/// How a plugin is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PluginState)]
pub enum State {
    /// Turns start in it.
    Ready,
    /// An operator switched it off.
    Disabled,
    /// A new version could not be loaded; turns start in the last good one.
    FailedToReload,
    /// No version of it could be loaded.
    FailedToLoad,
}

/// Why a plugin was not reloaded.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// There is no such plugin, and no file of its name.
    #[error("there is no plugin of this name, and no file that could become one")]
    Unknown,
    /// It can't be loaded. Whatever was there before goes on.
    #[error("{0}")]
    Failed(String),
}

impl Entry {
    /// How it is doing.
    pub fn state(&self) -> State {
        match (&self.plugin, &self.load_failure) {
            (None, _) => State::FailedToLoad,
            (Some(_), _) if !self.standing.is_enabled() => State::Disabled,
            (Some(_), Some(_)) => State::FailedToReload,
            (Some(_), None) => State::Ready,
        }
    }
}

impl Catalog {
    /// Loads every `.wasm` of a folder. A plugin that can't be loaded is reported in the log and not offered; it doesn't
    /// take the others with it. Compiles what the cache doesn't have: not for the request path.
    pub fn load(engine: &Engine, folder: &Path) -> Result<Self, RegistryError> {
        let loader = Loader::new(engine, folder)?;
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for (path, loaded) in loader.load_all()? {
            let loaded = loaded.and_then(|plugin| match entries.get(&*plugin.name) {
                Some(Entry { plugin: Some(_), .. }) => Err(LoadError::DuplicateName(plugin.manifest.name)),
                _ => Ok(plugin),
            });
            let entry = Entry::of(path, loaded);
            // Of two that can't be loaded under one name the first is shown, the log has both.
            match entries.get(&entry.name) {
                Some(Entry { plugin: Some(_), .. }) if entry.plugin.is_none() => {}
                _ => drop(entries.insert(entry.name.clone(), entry)),
            }
        }
        Ok(Self {
            loader: Arc::new(loader),
            offered: ArcSwap::from_pointee(offered(&entries)),
            entries: Mutex::new(entries),
            reloading: tokio::sync::Mutex::default(),
        })
    }

    /// The plugins that turns may start in now.
    pub fn offered(&self) -> Arc<Registry> {
        self.offered.load_full()
    }

    /// All there are, by name.
    pub fn all(&self) -> Vec<Entry> {
        self.entries().values().cloned().collect()
    }

    /// The one of a name.
    pub fn get(&self, name: &str) -> Option<Entry> {
        self.entries().get(name).cloned()
    }

    /// Lets turns start in it again.
    pub fn enable(&self, name: &str) -> Option<Entry> {
        self.change(name, Standing::enable)
    }

    /// Offers it no longer, and lets no turn start in it. What runs goes on.
    pub fn disable(&self, name: &str) -> Option<Entry> {
        self.change(name, Standing::disable)
    }

    /// As [`Catalog::disable`], and stops what runs.
    pub fn kill(&self, name: &str) -> Option<Entry> {
        self.change(name, Standing::kill)
    }

    /// Reads its file and the grants again, checks everything, and replaces it. When that fails, the version that was
    /// there goes on. A plugin whose file is new in the folder is added.
    pub async fn reload(&self, name: &str) -> Result<Entry, ReloadError> {
        let _one = self.reloading.lock().await;
        let known = self.get(name);
        let path = match &known {
            Some(entry) => entry.path.clone(),
            None if manifest::is_name(name) => self.loader.path_of(name),
            None => return Err(ReloadError::Unknown),
        };
        if known.is_none() && !path.is_file() {
            return Err(ReloadError::Unknown);
        }
        let (loader, expected) = (Arc::clone(&self.loader), name.to_owned());
        let read = path.clone();
        let loaded = tokio::task::spawn_blocking(move || {
            let plugin = loader.load(&read, &loader.grants()?)?;
            match *plugin.name == *expected {
                true => Ok(plugin),
                false => Err(LoadError::OtherName { expected, found: plugin.manifest.name }),
            }
        });
        let loaded = loaded.await.map_err(|_| ReloadError::Failed("the host failed while it compiled".to_owned()))?;
        let mut entries = self.entries();
        let result = match loaded {
            Ok(mut plugin) => {
                let standing = known.map(|entry| entry.standing).unwrap_or_default();
                plugin.standing = Arc::clone(&standing);
                tracing::info!(plugin = name, version = plugin.manifest.version, "plugin reloaded");
                let plugin = Some(Arc::new(plugin));
                let entry = Entry { name: name.to_owned(), path, plugin, standing, load_failure: None };
                entries.insert(name.to_owned(), entry.clone());
                Ok(entry)
            }
            Err(error) => {
                tracing::error!(plugin = name, path = %path.display(), "plugin not reloaded: {error}");
                if let Some(entry) = entries.get_mut(name) {
                    entry.load_failure = Some(LoadFailure { at: Utc::now(), cause: error.to_string() });
                }
                Err(ReloadError::Failed(error.to_string()))
            }
        };
        self.offered.store(Arc::new(offered(&entries)));
        result
    }

    fn change(&self, name: &str, change: impl FnOnce(&Standing)) -> Option<Entry> {
        let entries = self.entries();
        let entry = entries.get(name)?.clone();
        change(&entry.standing);
        self.offered.store(Arc::new(offered(&entries)));
        Some(entry)
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn of(path: PathBuf, loaded: Result<Plugin, LoadError>) -> Self {
        match loaded {
            Ok(plugin) => Self {
                name: plugin.manifest.name.clone(),
                path,
                standing: Arc::clone(&plugin.standing),
                plugin: Some(Arc::new(plugin)),
                load_failure: None,
            },
            Err(error) => {
                tracing::error!(path = %path.display(), "plugin not loaded: {error}");
                let failure = LoadFailure { at: Utc::now(), cause: error.to_string() };
                let name = name_of_unloaded(&path, &error);
                Self { name, path, plugin: None, standing: Arc::default(), load_failure: Some(failure) }
            }
        }
    }
}

/// What a file that is not loaded would be called, where it says so. A file that takes another one's name keeps its own.
fn name_of_unloaded(path: &Path, error: &LoadError) -> String {
    let named = match error {
        LoadError::DuplicateName(_) | LoadError::TooLarge { .. } | LoadError::Unreadable(_) => None,
        _ => std::fs::read(path).ok().and_then(|wasm| Manifest::of_component(&wasm).ok()),
    };
    match named {
        Some(manifest) => manifest.name,
        None => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

fn offered(entries: &BTreeMap<String, Entry>) -> Registry {
    let enabled = entries.values().filter(|entry| entry.standing.is_enabled());
    Registry::of(enabled.filter_map(|entry| entry.plugin.clone()).collect())
}
