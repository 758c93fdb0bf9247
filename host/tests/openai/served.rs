//! The environment's variables, all the way to the requests of a served question.

use std::process::Stdio;
use std::time::Duration;

use canvalo::auth::{self, dev_token};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::server::{Answer, Server};

const JWT_SECRET: &str = "a-shared-secret-of-at-least-32-bytes";
const SUPABASE: &str = "http://127.0.0.1:9";

/// A host without agents: its address, and all that it logs until it is dropped.
async fn host(server: &Server, home: &str) -> (tokio::process::Child, String, JoinHandle<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canvalo"));
    command.arg("serve").env_clear().kill_on_drop(true).current_dir(home).stderr(Stdio::piped());
    command.envs([
        ("API_PORT", "0"),
        ("CANVALO_HOME", home),
        ("CANVALO_PLUGIN_DIR", home),
        ("SUPABASE_URL", SUPABASE),
        ("SUPABASE_PUB_KEY", "sb_publishable_x"),
        ("SUPABASE_JWT_SECRET", JWT_SECRET),
        ("LLM_PROVIDER", "openai"),
        ("OPENAI_BASE_URL", &server.url),
        ("OPENAI_MODEL", "qwen3:8b"),
        ("OPENAI_API_KEY", "sk-HIDDEN"),
        ("LOG_LEVEL", "debug"),
    ]);
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut logged = String::new();
    while let Some(line) = log.next_line().await.unwrap() {
        logged.push_str(&line);
        if let Some((_, address)) = line.split_once("listening on ") {
            let address = address.trim().to_owned();
            let rest = tokio::spawn(async move {
                while let Ok(Some(line)) = log.next_line().await {
                    logged.push_str(&line);
                }
                logged
            });
            return (child, address, rest);
        }
    }
    panic!("the host did not start: {logged}");
}

#[tokio::test]
async fn a_served_question_is_retried_and_answered_and_the_key_is_in_the_request_alone() {
    let refused = Answer::error(401, "invalid_api_key", "Incorrect API key: sk-HIDDEN");
    let busy = Answer::error(503, "overloaded", "later");
    let server = Server::start(vec![busy, Answer::text("Good morning."), refused]).await;
    let home = tempfile::tempdir().unwrap();
    let (mut host, url, log) = host(&server, home.path().to_str().unwrap()).await;

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health: Value = client.get(format!("{url}/health")).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["llm"], "qwen3:8b");
    assert!(health["bedrock_model"].is_string(), "{health}");

    let secret = SecretString::from(JWT_SECRET);
    let token =
        dev_token::mint(&secret, &auth::issuer(SUPABASE), uuid::Uuid::new_v4(), Duration::from_secs(60)).unwrap();
    let mut said = Vec::new();
    for _ in 0..2 {
        let request = client.post(format!("{url}/api/chat/stream")).json(&json!({"message": "hello"}));
        let response = request.bearer_auth(token.expose_secret()).send().await.unwrap();
        said.push(response.text().await.unwrap());
    }
    assert!(said[0].contains("Good morning.") && said[0].contains("\"complete\""), "{said:?}");
    host.kill().await.unwrap();
    let logged = log.await.unwrap();
    assert!(logged.contains("Incorrect API key: [the key]"), "{logged}");
    assert!(!format!("{said:?}{logged}{health}").contains("HIDDEN"));

    let requests = server.requests();
    assert!(requests.len() >= 3);
    assert!(requests.iter().all(|request| request.head.to_lowercase().contains("authorization: bearer sk-hidden\r\n")));
    assert!(requests.iter().all(|request| request.body["model"] == "qwen3:8b"));
}
