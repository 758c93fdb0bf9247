//! `/api/admin/plugins`: the plugins with their versions, grants, health and usage, and changing them one by one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::extract::Name;
use crate::plugin::catalog::{Entry, LoadFailure, ReloadError, State as PluginState};
use crate::plugin::grants::Permissions;
use crate::plugin::standing::{Failures, Usage};

/// All plugins.
#[derive(Serialize)]
pub(crate) struct PluginList {
    plugins: Vec<PluginView>,
}

/// A plugin as operators see it.
#[derive(Serialize)]
pub(crate) struct PluginView {
    name: String,
    version: Option<String>,
    description: Option<String>,
    /// The file in the plugin folder.
    file: String,
    /// Of the file that was loaded.
    sha256: Option<String>,
    loaded_at: Option<DateTime<Utc>>,
    /// What it may do: requested, and granted.
    grants: Option<Permissions>,
    health: Health,
    usage: Usage,
}

/// How a plugin is doing.
#[derive(Serialize)]
struct Health {
    state: PluginState,
    enabled: bool,
    /// Turns that run now.
    running: u64,
    /// Why the last attempt to load it failed.
    load_failure: Option<LoadFailure>,
    failures: Failures,
}

/// One plugin, with what its manifest requests and what `grants.toml` says.
#[derive(Serialize)]
pub(crate) struct PluginDetails {
    #[serde(flatten)]
    plugin: PluginView,
    requested: Option<Permissions>,
    granted: Option<Permissions>,
}

impl From<Entry> for PluginView {
    fn from(entry: Entry) -> Self {
        let health = Health {
            state: entry.state(),
            enabled: entry.standing.is_enabled(),
            running: entry.standing.running(),
            load_failure: entry.load_failure,
            failures: entry.standing.failures(),
        };
        let plugin = entry.plugin.as_deref();
        Self {
            version: plugin.map(|plugin| plugin.manifest.version.clone()),
            description: plugin.map(|plugin| plugin.manifest.description.clone()),
            file: entry.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            sha256: plugin.map(|plugin| plugin.sha256.clone()),
            loaded_at: plugin.map(|plugin| plugin.loaded_at),
            grants: plugin.map(|plugin| plugin.capabilities.effective()),
            usage: entry.standing.usage(),
            name: entry.name,
            health,
        }
    }
}

impl From<Entry> for PluginDetails {
    fn from(entry: Entry) -> Self {
        let capabilities = entry.plugin.as_deref().map(|plugin| Arc::clone(&plugin.capabilities));
        Self {
            requested: capabilities.as_deref().map(|capabilities| capabilities.requested().clone()),
            granted: capabilities.as_deref().map(|capabilities| capabilities.granted().clone()),
            plugin: entry.into(),
        }
    }
}

/// `GET /api/admin/plugins`: all of them, those that can't be loaded too.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<PluginList> {
    let plugins = app.supervisor.catalog().all().into_iter().map(PluginView::from).collect();
    Json(PluginList { plugins })
}

/// `GET /api/admin/plugins/{name}`
pub(crate) async fn show(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().get(&name))
}

/// `POST /api/admin/plugins/{name}/enable`: turns may start in it again.
pub(crate) async fn enable(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().enable(&name))
}

/// `POST /api/admin/plugins/{name}/disable`: no turn starts in it any more. What runs may end.
pub(crate) async fn disable(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().disable(&name))
}

/// `POST /api/admin/plugins/{name}/kill`: no turn starts in it any more, and what runs stops now.
pub(crate) async fn kill(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().kill(&name))
}

/// `POST /api/admin/plugins/{name}/reload`: reads its file and the grants again. When that fails, the version that was
/// there goes on. A file that is new in the folder becomes a plugin.
pub(crate) async fn reload(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    match app.supervisor.catalog().reload(&name).await {
        Ok(entry) => Ok(Json(entry.into())),
        Err(ReloadError::Unknown) => Err(ApiError::no_such_plugin()),
        Err(ReloadError::Failed(cause)) => Err(ApiError::plugin_not_loaded(cause)),
    }
}

fn found(entry: Option<Entry>) -> Result<Json<PluginDetails>, ApiError> {
    entry.map(|entry| Json(entry.into())).ok_or_else(ApiError::no_such_plugin)
}
