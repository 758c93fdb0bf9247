//! A host with a runtime of its own, so that every task on it is the host's.

use std::future::Future;
use std::time::Duration;

use canvalo::app::{self, ModelCalls};
use canvalo_tests::{Server, configuration};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// How long anything takes to be given back, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Descriptors that the process may have more than at the beginning: the database's connections come and go.
const SPARE_FILES: usize = 16;

/// Memory that the process may have more than after its first chats. What a turn leaves behind is far more: 40 chats of
/// each of twenty kinds, at 200 KiB a turn, would be 160 MiB.
const SPARE_MIB: usize = 64;

/// Where hosts run.
pub(crate) struct Ground {
    runtime: Option<Runtime>,
    /// Descriptors and memory after the first host.
    before: Option<(usize, usize)>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { runtime: Some(runtime), before: None }
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("there until it is dropped")
    }

    /// A host with the model that these variables name.
    pub(crate) async fn host(&self, calls: ModelCalls, variables: Vec<(&'static str, String)>) -> Server {
        let start = async move {
            let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let model = app::model(&configuration(&variables), &calls).expect("a model");
            Server::with(model, &variables).await
        };
        self.runtime().spawn(start).await.unwrap()
    }

    /// Ends a host and waits until nothing of it is left. The memory of the process after that, in MiB.
    pub(crate) async fn clear(&mut self, mut server: Server) -> usize {
        all_is_given_back(&server).await;
        server.app.shutdown.cancel();
        server.stopped().await;
        drop(server);
        until("the host's tasks end", async || self.runtime().metrics().num_alive_tasks() == 0).await;
        let (files, memory) = *self.before.get_or_insert_with(|| (files(), memory()));
        until("files are closed", async || crate::host::files() <= files + SPARE_FILES).await;
        until("memory is given back", async || crate::host::memory() <= memory + SPARE_MIB).await;
        crate::host::memory()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // An asynchronous test must not wait for threads.
        self.runtime.take().expect("dropped once").shutdown_background();
    }
}

/// Waits until a host that nobody asks anything has all its room, and is healthy.
async fn all_is_given_back(server: &Server) {
    let app = &server.app;
    let turns = app.config.plugins.max_turns as usize;
    until("turns end", async || {
        let permits: Vec<_> = (0..turns).map_while(|_| app.admit()).collect();
        permits.len() == turns
    })
    .await;
    until("slots are freed", async || app.supervisor.runtime().free_slots() == turns).await;
    until("writes end", async || app.supervisor.services().writes.is_empty()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health: Value = client.get(format!("{}/health", server.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "healthy", "{health}");
}

async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "{what}: not within {PATIENCE:?}");
}

/// The descriptors that this process has open.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Resident memory in MiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
