//! A mock of the API that others wrote, from npm, under the target directory, kept from run to run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{fs, process};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

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

/// Where it is. Installs it at the first call; without npm that is a failure.
fn installed() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aimock");
        let installed = || fs::read_to_string(folder.join("installed.txt")).is_ok_and(|text| text == LOCK);
        if !installed() {
            // Made aside and moved, so that a run that breaks off leaves nothing half done.
            let aside = folder.with_extension(process::id().to_string());
            install(&aside);
            let _ = fs::remove_dir_all(&folder);
            // Fails where another process was faster.
            let _ = fs::rename(&aside, &folder);
            let _ = fs::remove_dir_all(&aside);
            assert!(installed(), "{} can't be written", folder.display());
        }
        folder
    })
}

fn install(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("package.json"), PACKAGE).unwrap();
    fs::write(folder.join("package-lock.json"), LOCK).unwrap();
    let without = "these tests ask a mock of OpenAI's API from npm, and npm can't install it: it needs Node.js 20 with npm \
                   (Debian: apt-get install nodejs npm; make setup does) and the npm registry once (npm's own settings apply)";
    let npm =
        Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder).output();
    match npm {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{without}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{without}: {error}"),
    }
    fs::write(folder.join("installed.txt"), LOCK).unwrap();
}
