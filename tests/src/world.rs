//! The local Supabase of the test process, and the agents built from source.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use canvalo::auth::signing::SigningKey;
use canvalo::auth::{self, dev_token};
use canvalo::dev::{LocalEnv, LocalSupabase, Options};
use canvalo::plugin::package;
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

/// The database and REST server that all tests of the process share.
pub struct World {
    env: LocalEnv,
    client: reqwest::Client,
    // Ends with the process: its server stops by itself then.
    _supabase: LocalSupabase,
    _runtime: tokio::runtime::Runtime,
}

/// A user whom no other test knows.
pub fn new_user() -> Uuid {
    Uuid::new_v4()
}

impl World {
    /// Starts it at the first call.
    pub fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        // A thread of its own: a test's runtime can't wait for another one's work, and must not take this one with it.
        WORLD.get_or_init(|| std::thread::spawn(Self::start).join().expect("the local Supabase starts"))
    }

    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let options = Options { durable: false, seed: false, ..Options::new(scratch().join(home())) };
        let supabase = runtime.block_on(LocalSupabase::start(options, |step| eprintln!("{step}")));
        let supabase = supabase.expect("the local Supabase starts");
        // A connection ends with the runtime of the test that opened it, so none is kept for another test.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
        Self { env: supabase.env().clone(), client, _supabase: supabase, _runtime: runtime }
    }

    /// A variable of a development server that uses it.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        Some(match name {
            "SUPABASE_URL" => self.env.supabase_url.clone(),
            "SUPABASE_PUB_KEY" => self.env.publishable_key.clone(),
            "CANVALO_CACHE_DIR" => scratch().join("cache").display().to_string(),
            "CANVALO_PLUGIN_DIR" => agents().display().to_string(),
            "LLM_PROVIDER" => "offline".to_owned(),
            _ => return None,
        })
    }

    /// A token of a user, signed as the project signs (ES256). Servers verify it with the key that the project publishes.
    pub fn token(&self, user: Uuid) -> String {
        self.token_by(&self.env.signing_key, user)
    }

    /// A token of a user, signed with the project's shared secret (HS256). A server takes it that is told the secret.
    pub fn legacy_token(&self, user: Uuid) -> String {
        self.token_by(&SigningKey::from_secret(&self.env.jwt_secret), user)
    }

    fn token_by(&self, key: &SigningKey, user: Uuid) -> String {
        let issuer = auth::issuer(&self.env.supabase_url);
        let token = dev_token::mint_with(key, &issuer, user, Duration::from_secs(3600));
        token.expect("a token").expose_secret().to_owned()
    }

    /// The project's shared secret: `SUPABASE_JWT_SECRET` of servers that take it, and for tests that look for it.
    pub fn jwt_secret(&self) -> &str {
        self.env.jwt_secret.expose_secret()
    }

    /// The project's publishable key.
    pub fn publishable_key(&self) -> &str {
        &self.env.publishable_key
    }

    /// The database as its superuser, for what no user may do.
    pub fn database_url(&self) -> &str {
        self.env.database_url.expose_secret()
    }

    /// Adds rows as a user and returns them with what the database filled in.
    pub async fn insert(&self, user: Uuid, table: &str, rows: Value) -> Vec<Value> {
        let request = self.rest(reqwest::Method::POST, user, table).header("Prefer", "return=representation");
        let response = request.json(&rows).send().await.expect("an answer");
        let status = response.status();
        assert!(status.is_success(), "insert into {table}: {status} {}", response.text().await.unwrap_or_default());
        response.json().await.expect("rows")
    }

    /// The rows a user sees. `query` is PostgREST's: `status=eq.paid&select=id`.
    pub async fn select(&self, user: Uuid, table: &str, query: &str) -> Vec<Value> {
        let path = format!("{table}?{query}");
        let response = self.rest(reqwest::Method::GET, user, &path).send().await.expect("an answer");
        assert!(response.status().is_success(), "select from {table}: {}", response.status());
        response.json().await.expect("rows")
    }

    fn rest(&self, method: reqwest::Method, user: Uuid, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/rest/v1/{path}", self.env.supabase_url))
            .bearer_auth(self.token(user))
            .header("apikey", &self.env.publishable_key)
            .header("Accept-Profile", "api")
            .header("Content-Profile", "api")
    }
}

/// A folder for what tests make, kept from run to run: a start with it is quicker.
pub(crate) fn scratch() -> PathBuf {
    let executable = std::env::current_exe().expect("the path of this executable");
    let profile = executable.parent().and_then(Path::parent).expect("target/<profile>/deps");
    profile.join("e2e")
}

/// The home of this executable's local Supabase: one process at a time can use a home.
fn home() -> String {
    let executable = std::env::current_exe().expect("the path of this executable");
    let name = executable.file_stem().expect("a name").to_string_lossy();
    format!("home-{}", name.split('-').next().unwrap_or_default())
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace above this crate")
}

/// The agents there are, by name: the folders of `plugins` with a manifest.
pub fn agent_names() -> Vec<String> {
    let folders = std::fs::read_dir(workspace().join("plugins")).expect("the plugins");
    let folders = folders.map(|entry| entry.expect("a folder").path()).filter(|path| path.join("plugin.toml").exists());
    let mut names: Vec<String> =
        folders.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

/// A folder with the agents and the grants they ship with.
pub(crate) fn agents() -> &'static Path {
    static AGENTS: OnceLock<PathBuf> = OnceLock::new();
    AGENTS.get_or_init(|| {
        let folder = scratch().join("plugins");
        // An agent of an earlier run may be gone.
        let _ = std::fs::remove_dir_all(&folder);
        // All at once, so that they compile side by side; what is left to do for each is then its packaging.
        let packages: Vec<String> = agent_names().iter().map(|name| format!("--package=canvalo-{name}")).collect();
        let selection: Vec<&str> = std::iter::once("--lib").chain(packages.iter().map(String::as_str)).collect();
        package::compile(workspace(), &selection).expect("the agents compile");
        for name in agent_names() {
            package::build(&workspace().join("plugins").join(name), &folder).expect("the agent builds");
        }
        std::fs::copy(workspace().join("plugins/grants.toml"), folder.join("grants.toml")).expect("the grants");
        folder
    })
}
