//! A mock of the API that others wrote, from npm, under the target directory, kept from run to run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::npm;

const PACKAGE: &str = include_str!("aimock/package.json");
const LOCK: &str = include_str!("aimock/package-lock.json");

/// The mock, running. It stops when dropped.
pub(crate) struct Mock {
    /// `http://127.0.0.1:<port>/v1`
    pub(crate) url: String,
    _process: Child,
}

impl Mock {
    /// The mock with these answers, and these options more.
    pub(crate) async fn start(fixtures: &Path, options: &[&str]) -> Self {
        let mut command = tokio::process::Command::new("node");
        command.arg(installed().join("node_modules/@copilotkit/aimock/dist/cli.js"));
        command.arg("--fixtures").arg(fixtures).args(["--port", "0", "--strict"]).args(options);
        let mut process = command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut before = String::new();
        while let Some(line) = said.next_line().await.unwrap() {
            if let Some((_, url)) = line.split_once("listening on ") {
                let url = format!("{}/v1", url.trim());
                tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
                return Self { url, _process: process };
            }
            before.push_str(&line);
        }
        panic!("the mock did not start: {before}");
    }

    /// How many requests it got, those included that it left without an answer.
    pub(crate) async fn calls(&self) -> usize {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let journal = client.get(self.control("journal?limit=1")).send().await.unwrap();
        journal.headers()["x-total-count"].to_str().unwrap().parse().unwrap()
    }

    /// An address of what is asked of the mock itself.
    pub(crate) fn control(&self, path: &str) -> String {
        self.url.replace("/v1", &format!("/__aimock/{path}"))
    }
}

/// Where it is.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| npm::installed("aimock", PACKAGE, LOCK))
}
