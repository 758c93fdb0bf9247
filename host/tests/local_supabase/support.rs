//! One seeded local Supabase for all tests of this binary, and a client for it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use canvalo::auth::signing::SigningKey;
use canvalo::dev::{FIRST_SEEDED_USER, LocalEnv, LocalSupabase, Options};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

/// Folders of these tests. A process leaves its own behind; the next run removes it.
const PREFIX: &str = "canvalo-test-local-supabase-";

/// Options that start fast.
pub(crate) fn options(home: impl Into<PathBuf>) -> Options {
    Options { durable: false, ..Options::new(home) }
}

/// An empty folder.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix(PREFIX).tempdir().unwrap()
}

/// The shared instance, which ends with this process.
pub(crate) fn shared() -> &'static LocalEnv {
    static SHARED: OnceLock<(LocalSupabase, tokio::runtime::Runtime)> = OnceLock::new();
    let start = || {
        remove_folders_of_ended_processes();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let supabase = runtime.block_on(LocalSupabase::start(options(folder().keep()), |_| {})).unwrap();
        (supabase, runtime)
    };
    // Tests run in their own runtimes, and a runtime can't be blocked on inside another.
    let (supabase, _) = std::thread::scope(|scope| scope.spawn(|| SHARED.get_or_init(start)).join().unwrap());
    supabase.env()
}

fn remove_folders_of_ended_processes() {
    for entry in std::env::temp_dir().read_dir().unwrap().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let Ok(lock) = std::fs::File::open(entry.path().join("lock")) else {
            continue;
        };
        let running = entry.path().join("postgres/postmaster.pid").exists();
        if ours && !running && lock.try_lock().is_ok() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A connection as the superuser.
pub(crate) async fn superuser(env: &LocalEnv) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(env.database_url.expose_secret(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A user's token, signed as the project signs.
pub(crate) fn token(env: &LocalEnv, user: &str) -> String {
    token_by(&env.signing_key, env, user)
}

/// A user's token, signed with this key.
pub(crate) fn token_by(key: &SigningKey, env: &LocalEnv, user: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": format!("{}/auth/v1", env.supabase_url), "aud": "authenticated", "role": "authenticated",
        "sub": user, "iat": now, "exp": now + 600,
    });
    key.sign(&claims).unwrap().expose_secret().to_owned()
}

/// A REST client that acts as one user.
pub(crate) struct User {
    env: &'static LocalEnv,
    token: String,
}

/// The first seeded user.
pub(crate) fn first() -> User {
    User::new(FIRST_SEEDED_USER)
}

/// A user of no other test.
pub(crate) fn nobody_else() -> User {
    User::new(&uuid::Uuid::new_v4().to_string())
}

impl User {
    pub(crate) fn new(user: &str) -> Self {
        let env = shared();
        Self { env, token: token(env, user) }
    }

    /// Sends a request to `/rest/v1/<path>` and returns the status and the JSON body.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let profile = if method == Method::GET { "Accept-Profile" } else { "Content-Profile" };
        let mut request = reqwest::Client::new()
            .request(method, format!("{}/rest/v1/{path}", self.env.supabase_url))
            .header("apikey", &self.env.publishable_key)
            .header(profile, "api")
            .header("Prefer", "return=representation")
            .bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Reads rows.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    /// Adds a row and returns it.
    pub(crate) async fn add(&self, table: &str, row: Value) -> Value {
        let (status, body) = self.send(Method::POST, table, row).await;
        assert_eq!(status, StatusCode::CREATED, "{table}: {body}");
        body[0].clone()
    }

    /// Calls the function `aggregate`.
    pub(crate) async fn aggregate(&self, query: Value) -> (StatusCode, Value) {
        self.send(Method::POST, "rpc/aggregate", json!({ "query": query })).await
    }
}
