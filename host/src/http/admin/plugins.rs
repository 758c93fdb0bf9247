//! `/api/admin/plugins`: the plugins with their versions, grants, health and usage, and changing them one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::document::examples::at;
use crate::http::document::refusals::{OnePlugin, Operator, Refusals, Reload};
use crate::http::error::ApiError;
use crate::http::extract::Name;
use crate::plugin::catalog::{Entry, LoadFailure, ReloadError, State as PluginState};
use crate::plugin::grants::{Permissions, TablePermissions};
use crate::plugin::standing::{Failures, Usage};

/// All plugins.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(PluginList::example()))]
pub(crate) struct PluginList {
    plugins: Vec<PluginView>,
}

/// A plugin as operators see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PluginView {
    name: String,
    #[schema(required = true)]
    version: Option<String>,
    #[schema(required = true)]
    description: Option<String>,
    /// The file in the plugin folder.
    file: String,
    /// Of the file that was loaded.
    #[schema(required = true)]
    sha256: Option<String>,
    #[schema(required = true)]
    loaded_at: Option<DateTime<Utc>>,
    /// What it may do: requested, and granted.
    #[schema(required = true)]
    grants: Option<Permissions>,
    health: Health,
    usage: Usage,
}

/// How a plugin is doing.
#[derive(Serialize, ToSchema)]
#[schema(as = PluginHealth)]
struct Health {
    state: PluginState,
    enabled: bool,
    /// Turns that run now.
    running: u64,
    /// Why the last attempt to load it failed.
    #[schema(required = true)]
    load_failure: Option<LoadFailure>,
    failures: Failures,
}

/// One plugin, with what its manifest requests and what `grants.toml` says.
#[derive(Serialize, ToSchema)]
#[schema(example = json!(PluginDetails::example()))]
pub(crate) struct PluginDetails {
    #[serde(flatten)]
    plugin: PluginView,
    #[schema(required = true)]
    requested: Option<Permissions>,
    #[schema(required = true)]
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

/// Lists the plugins, those that can't be loaded too.
#[utoipa::path(
    get,
    path = "/api/admin/plugins",
    operation_id = "list_plugins",
    tag = "operators",
    responses((status = 200, description = "All of them.", body = PluginList), Refusals<(Operator,)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Json<PluginList> {
    let plugins = app.supervisor.catalog().all().into_iter().map(PluginView::from).collect();
    Json(PluginList { plugins })
}

/// Shows a plugin, with what it requests and what it was granted.
#[utoipa::path(
    get,
    path = "/api/admin/plugins/{name}",
    operation_id = "show_plugin",
    tag = "operators",
    params(("name" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "The plugin.", body = PluginDetails), Refusals<(Operator, OnePlugin)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().get(&name))
}

/// Lets turns start in a plugin again.
#[utoipa::path(
    post,
    path = "/api/admin/plugins/{name}/enable",
    operation_id = "enable_plugin",
    tag = "operators",
    params(("name" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "As it is now.", body = PluginDetails), Refusals<(Operator, OnePlugin)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn enable(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().enable(&name))
}

/// Lets no turn start in a plugin any more. What runs may end.
#[utoipa::path(
    post,
    path = "/api/admin/plugins/{name}/disable",
    operation_id = "disable_plugin",
    tag = "operators",
    params(("name" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "As it is now.", body = PluginDetails), Refusals<(Operator, OnePlugin)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn disable(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().disable(&name))
}

/// Lets no turn start in a plugin any more, and stops what runs now.
#[utoipa::path(
    post,
    path = "/api/admin/plugins/{name}/kill",
    operation_id = "kill_plugin",
    tag = "operators",
    params(("name" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "As it is now.", body = PluginDetails), Refusals<(Operator, OnePlugin)>),
    security(("admin_key" = [])),
)]
pub(crate) async fn kill(State(app): State<Arc<App>>, Name(name): Name) -> Result<Json<PluginDetails>, ApiError> {
    found(app.supervisor.catalog().kill(&name))
}

/// Reads a plugin's file and its grants again.
///
/// When that fails, the version that was there goes on. A file that is new in the folder becomes a plugin.
#[utoipa::path(
    post,
    path = "/api/admin/plugins/{name}/reload",
    operation_id = "reload_plugin",
    tag = "operators",
    params(("name" = String, Path, description = "The plugin.")),
    responses((status = 200, description = "As it is now.", body = PluginDetails), Refusals<(Operator, OnePlugin, Reload)>),
    security(("admin_key" = [])),
)]
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

impl PluginList {
    fn example() -> Self {
        Self { plugins: vec![PluginView::example()] }
    }
}

impl PluginView {
    fn example() -> Self {
        Self {
            name: "contacts".to_owned(),
            version: Some("0.1.0".to_owned()),
            description: Some(
                "The people and companies of the business, and when they were last spoken to.".to_owned(),
            ),
            file: "contacts.wasm".to_owned(),
            sha256: Some("5b2d0f0a4c8e41c3a7f96d1e8b3075c29d64e1fa83b7c05e2f9118d6a40c7be3".to_owned()),
            loaded_at: Some(at(-3_600_000)),
            grants: Some(permissions(500)),
            health: Health {
                state: PluginState::Ready,
                enabled: true,
                running: 1,
                load_failure: None,
                failures: Failures::default(),
            },
            usage: Usage { turns: 12, host_calls: 96, input_tokens: 40_116, output_tokens: 1_374 },
        }
    }
}

impl PluginDetails {
    fn example() -> Self {
        Self { plugin: PluginView::example(), requested: Some(permissions(1_000)), granted: Some(permissions(500)) }
    }
}

fn permissions(max_rows: u32) -> Permissions {
    let select = ["id", "name", "last_contacted_at"].map(str::to_owned).into();
    let contacts = TablePermissions { select, max_rows: Some(max_rows), ..TablePermissions::default() };
    Permissions { llm: true, tables: BTreeMap::from([("contacts".to_owned(), contacts)]) }
}
