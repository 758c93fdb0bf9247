//! The harness: one local Supabase for all tests of a process, plugins built from source, servers on free ports, and a
//! client that reads the stream. Every test has users of its own, so that all of them can run at the same time.

pub mod bedrock_server;
mod client;
mod guests;
mod log;
pub mod python;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use canvalo::app::App;
use canvalo::capability::data::{DataStore, PostgRest};
use canvalo::capability::llm::LanguageModel;
use canvalo::capability::llm::offline::Offline;
use canvalo::config::Config;
use canvalo::http;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub use client::{Answer, chunks};
pub use guests::{GUESTS, guest_plugins, package_guest, package_guest_as, package_text, plugin_bytes};
pub use log::Log;
pub use world::{World, agent_names, new_user};

/// A server of one test. Dropping it stops it.
pub struct Server {
    /// `http://127.0.0.1:<port>`
    pub url: String,
    /// The parts behind it.
    pub app: Arc<App>,
    /// The database behind those.
    pub world: &'static World,
    /// A client with its own connections.
    pub client: reqwest::Client,
    task: AbortOnDropHandle<()>,
}

/// Waits for something that takes a moment.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what} takes too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Server {
    /// All agents and the offline model.
    pub async fn start() -> Self {
        Self::with_model(Arc::new(Offline)).await
    }

    /// All agents and a model of the test's.
    pub async fn with_model(model: Arc<dyn LanguageModel>) -> Self {
        Self::with(model, &[]).await
    }

    /// As the variables say, over those of a development server with all agents on this machine.
    pub async fn with(model: Arc<dyn LanguageModel>, variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::on(listener, model, variables).await
    }

    /// As [`Server::with`], where the caller listens.
    pub async fn on(listener: TcpListener, model: Arc<dyn LanguageModel>, variables: &[(&str, &str)]) -> Self {
        let app = App::with_model(configuration(variables), model).await;
        Self::serve(listener, app.expect("a host that starts"))
    }

    /// All agents, and the user's data through a store of the test's around the real one.
    pub async fn with_data<D: DataStore + 'static>(
        model: Arc<dyn LanguageModel>,
        around: impl FnOnce(PostgRest) -> D,
    ) -> Self {
        let config = configuration(&[]);
        let supabase = config.supabase.as_ref().expect("the local Supabase");
        let data = PostgRest::new(&supabase.url, &supabase.publishable_key).expect("a client");
        let app = App::with_services(config, model, Arc::new(around(data))).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::serve(listener, app.expect("a host that starts"))
    }

    fn serve(listener: TcpListener, app: App) -> Self {
        let (app, world) = (Arc::new(app), World::get());
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let serve = http::serve(listener, Arc::clone(&app));
        let task = tokio::spawn(async move { serve.await.expect("a server that serves") });
        Self { url, app, world, client: reqwest::Client::new(), task: AbortOnDropHandle::new(task) }
    }

    /// Returns when it has stopped.
    pub async fn stopped(&mut self) {
        (&mut self.task).await.expect("a server that doesn't panic");
    }
}

/// The configuration of a development server on this machine, under these variables.
pub fn configuration(variables: &[(&str, &str)]) -> Config {
    let world = World::get();
    let config = Config::read(&|name: &str| {
        let told = variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned());
        told.or_else(|| world.variable(name)).filter(|value| !value.is_empty())
    });
    config.expect("a configuration that can be used")
}
