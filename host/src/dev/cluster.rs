//! The private PostgreSQL cluster: made once, started with every process, never left behind.
//!
//! The data is in `<home>/postgres`. Root can't run the server, and the account that runs it may not be able to get into
//! the home (a clone under `/root`): then the data is in `/var/lib/canvalo/<hash of the home>/postgres`, and
//! `<home>/postgres` is a link to it.

mod data;
mod leftover;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio_postgres::{Client, NoTls};

use self::data::Data;
use super::Options;
use super::guard::Guarded;
use super::home::{Home, State};

/// Crash recovery of a development database takes seconds; a minute is for a very slow disk.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// A fast shutdown writes at most `shared_buffers` and a checkpoint.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub(super) struct Cluster {
    guarded: Guarded,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes the cluster if the home has none, ends what an earlier process may have left, starts the server, and
    /// connects as the superuser.
    pub(super) async fn start(
        home: &Home,
        state: &State,
        options: &Options,
        progress: &mut (impl FnMut(&str) + Send),
    ) -> Result<(Self, Client)> {
        let data = Data::prepare(home, &state.database_password, options.durable, progress).await?;
        // A port may be taken between the choice and the start, and a killed server's memory may outlive it for a moment.
        let mut attempts = 5;
        loop {
            leftover::end(&data.path).await?;
            let port = choose_port(options.database_port, state.database_port)?;
            let log = Home::create_log(&home.log_path())?;
            let arguments = arguments(&data.path, port, options.durable);
            let guarded = Guarded::spawn(&data.binaries.program("postgres"), arguments, data.account, log)?;
            let mut cluster = Self { guarded, data: data.path.clone(), port };
            if let Some(client) = cluster.connect(state, home).await? {
                return Ok((cluster, client));
            }
            let said = last_lines(&home.log_path());
            let passing = ["Address already in use", "lock file", "shared memory"].iter().any(|why| said.contains(why));
            attempts -= 1;
            if !passing || attempts == 0 {
                bail!("PostgreSQL does not start; {} says:\n{said}", home.log_path().display());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Connects as the superuser once the server is ready. `None` if it ended instead.
    async fn connect(&mut self, state: &State, home: &Home) -> Result<Option<Client>> {
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .password(&state.database_password)
            .dbname("postgres")
            .application_name("canvalo dev")
            .connect_timeout(Duration::from_secs(5));
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if self.guarded.ended()?.is_some() {
                return Ok(None);
            }
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    // Ends with the client, which its caller owns.
                    tokio::spawn(connection);
                    return Ok(Some(client));
                }
                // Not listening yet (no database error), or recovering.
                Err(error) if error.code().is_none_or(|code| code.code() == "57P03") && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("can't connect to PostgreSQL; see {}", home.log_path().display()));
                }
            }
        }
    }

    /// Where it listens, on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address for the superuser.
    pub(super) fn superuser_url(&self, password: &str) -> String {
        format!("postgresql://postgres:{password}@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server and waits until it is gone.
    pub(super) async fn stop(self) -> Result<()> {
        if self.guarded.interrupt(STOP_PATIENCE).await { Ok(()) } else { leftover::end(&self.data).await }
    }
}

/// The server's command line. Everything is here and nothing in `postgresql.conf`, so that an old home gets new settings.
fn arguments(data: &Path, port: u16, durable: bool) -> Vec<String> {
    let port = format!("port={port}");
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        &port,
        "unix_socket_directories=",
        "timezone=UTC",
        "log_timezone=UTC",
        // Rows and values stay out of the log.
        "log_min_error_statement=panic",
        "log_error_verbosity=terse",
        // One developer's database: small, and nothing running that isn't needed.
        "shared_buffers=16MB",
        "max_connections=40",
        "max_wal_size=128MB",
        "min_wal_size=32MB",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_parallel_workers_per_gather=0",
        "autovacuum_max_workers=1",
        "jit=off",
    ];
    if !durable {
        settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=off"]);
    }
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting.to_owned()]));
    arguments
}

/// The port told, which must be free; else the last one if it is free; else any.
fn choose_port(told: Option<u16>, last: Option<u16>) -> Result<u16> {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
    if let Some(port) = told {
        free(port).with_context(|| format!("can't use port {port} for PostgreSQL"))?;
        return Ok(port);
    }
    let address = last.and_then(|port| free(port).ok()).map_or_else(|| free(0), Ok);
    Ok(address.context("no port is free for PostgreSQL")?.port())
}

/// The end of a log, to show why a program failed.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_port_is_used_again_only_while_it_is_free() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(choose_port(None, Some(port)).unwrap(), port);
        let error = choose_port(Some(port), None).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()), "{error}");
        drop(taken);
        assert_eq!(choose_port(None, Some(port)).unwrap(), port);
    }
}
