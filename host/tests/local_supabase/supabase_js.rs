//! Supabase's own JavaScript client against the local Supabase, and the tokens it gets against the host.

use std::sync::Arc;

use canvalo::app::App;
use canvalo::capability::llm::offline::Offline;
use canvalo::config::Config;
use canvalo::dev::{LocalEnv, LocalSupabase, SEEDED_EMAILS, SEEDED_PASSWORD};
use canvalo::http;
use tokio::net::TcpListener;

use crate::npm;
use crate::support::{folder, options};

const PACKAGE: &str = include_str!("supabase_js/package.json");
const LOCK: &str = include_str!("supabase_js/package-lock.json");
const SCRIPT: &str = include_str!("supabase_js/session.mjs");

/// A host in production that knows of the project what a deployed one knows, without agents.
async fn host(env: &LocalEnv, home: &str) -> (String, tokio::task::JoinHandle<()>) {
    let variables = |name: &str| {
        Some(match name {
            "ENVIRONMENT" => "production".to_owned(),
            "SUPABASE_URL" => env.supabase_url.clone(),
            "SUPABASE_PUB_KEY" => env.publishable_key.clone(),
            "ADMIN_API_KEY" => "0123456789abcdef0123456789abcdef".to_owned(),
            "LLM_PROVIDER" => "bedrock".to_owned(),
            "CANVALO_HOME" | "CANVALO_PLUGIN_DIR" => home.to_owned(),
            _ => return None,
        })
    };
    let app = App::with_model(Config::read(&variables).unwrap(), Arc::new(Offline)).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, tokio::spawn(async move { http::serve(listener, Arc::new(app)).await.unwrap() }))
}

#[tokio::test]
async fn supabase_js_signs_in_reads_and_writes_and_its_token_is_taken_by_the_host() {
    // One of its own: the seeded users' rows are counted here and by other tests.
    let home = folder();
    let supabase = LocalSupabase::start(options(home.path()), |_| {}).await.unwrap();
    let env = supabase.env();
    let (host, serving) = host(env, home.path().to_str().unwrap()).await;

    let package = tokio::task::spawn_blocking(|| npm::installed("supabase-js", PACKAGE, LOCK)).await.unwrap();
    let script = package.join(format!("session-{}.mjs", std::process::id()));
    std::fs::write(&script, SCRIPT).unwrap();
    let mut node = tokio::process::Command::new("node");
    node.arg(&script).kill_on_drop(true).envs([
        ("SUPABASE_URL", env.supabase_url.as_str()),
        ("SUPABASE_PUB_KEY", &env.publishable_key),
        ("HOST_URL", &host),
        ("EMAIL", SEEDED_EMAILS[0]),
        ("OTHER_EMAIL", SEEDED_EMAILS[1]),
        ("PASSWORD", SEEDED_PASSWORD),
        ("NO_PROXY", "127.0.0.1"),
    ]);
    let output = node.output().await.unwrap();
    std::fs::remove_file(&script).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serving.abort();
    supabase.stop().await.unwrap();
}
