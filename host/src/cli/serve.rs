//! `canvalo serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use canvalo::app::App;
use canvalo::config::Config;
use canvalo::{http, telemetry};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::AbortOnDropHandle;

/// How long writes that are under way may take after the last turn has ended.
const WRITES_GRACE: Duration = Duration::from_secs(5);

pub(super) async fn run() -> Result<()> {
    let config = Config::read(&super::environment()?)?;
    let traces = telemetry::start(&config)?;
    let served = serve(config, |address| tracing::info!("listening on http://{address}")).await;
    traces.finish().await;
    served
}

/// Serves until the process is told to stop, then drains.
pub(super) async fn serve(config: Config, ready: impl FnOnce(SocketAddr)) -> Result<()> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    // Before the plugins, so that a port that is taken is told at once.
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("can't listen on {address}; is another server running? API_PORT chooses another port")
    })?;
    let app = Arc::new(App::build(config).await?);
    ready(listener.local_addr()?);

    let shutdown = app.shutdown.clone();
    let stop = async move {
        told_to_stop().await;
        tracing::info!("draining");
        shutdown.cancel();
    };
    let _stop = AbortOnDropHandle::new(tokio::spawn(stop));
    http::serve(listener, Arc::clone(&app)).await?;
    if tokio::time::timeout(WRITES_GRACE, app.finish_writes()).await.is_err() {
        tracing::warn!("stopped with writes under way: their outcome is unknown");
    }
    Ok(())
}

async fn told_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
