//! `canvalo serve` as a process of its own, without a database and with a scripted model.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

pub(crate) struct Host {
    process: Child,
    log: Lines<BufReader<ChildStderr>>,
    url: String,
    _folder: TempDir,
}

impl Host {
    /// Starts it with these variables and no others. Its model always says the same.
    pub(crate) async fn start(variables: &[(&str, &str)], answer: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let script = folder.path().join("script.json");
        std::fs::write(&script, json!([{ "reply": { "text": answer } }]).to_string()).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_canvalo"))
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
            .env("API_PORT", "0")
            .env("CANVALO_PLUGIN_DIR", folder.path())
            .env("LLM_PROVIDER", "scripted")
            .env("LLM_SCRIPT", &script)
            // Nobody listens there: nothing is kept.
            .env("SUPABASE_URL", "http://127.0.0.1:9")
            .env("SUPABASE_PUB_KEY", "sb_publishable_x")
            .env("SUPABASE_JWT_SECRET", "a-secret-of-the-project-that-is-32-bytes-long")
            .envs(variables.iter().copied())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let url = loop {
            let line = log.next_line().await.unwrap().expect("it starts");
            if let Some((_, url)) = line.split_once("listening on ") {
                let end = url.find(|letter: char| letter.is_whitespace() || letter == '\u{1b}').unwrap_or(url.len());
                break url[..end].to_owned();
            }
        };
        Self { process, log, url, _folder: folder }
    }

    /// The stream of an answer.
    pub(crate) async fn chat(&self, message: &str) -> String {
        let request = reqwest::Client::new().post(format!("{}/api/chat/stream", self.url));
        request.json(&json!({ "message": message })).send().await.unwrap().text().await.unwrap()
    }

    /// Tells it to stop and waits until it has. Returns what it logged since it started.
    pub(crate) async fn stop(&mut self) -> String {
        let id = self.process.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        let mut log = String::new();
        self.log.get_mut().read_to_string(&mut log).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await.unwrap().unwrap();
        assert!(ended.success(), "{log}");
        log
    }
}
