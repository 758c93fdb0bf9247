//! Servers that an earlier process left: still stopping after a `kill -9`, or gone without removing their pid file.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// The signals a server gets, from polite to rude, and how long each has.
const LADDER: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(20)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(2)),
];

/// Ends the server of this data folder, if there is one, and waits until it is gone. The caller holds the home's lock, so
/// no living process relies on it.
pub(super) async fn end(data: &Path) -> Result<()> {
    let pid_file = data.join("postmaster.pid");
    for (signal, patience) in LADDER {
        let deadline = Instant::now() + patience;
        let mut signalled = false;
        loop {
            let Some(pid) = server(&pid_file)? else { return Ok(()) };
            if !is_server_of(pid, data) {
                // The machine was restarted, or the number went to another process: PostgreSQL can't always tell.
                return match fs::remove_file(&pid_file) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(error).with_context(|| format!("can't remove {}", pid_file.display()))
                    }
                    _ => Ok(()),
                };
            }
            if !signalled {
                // It may be gone by now, which the next round finds out.
                let _ = kill_process(pid, signal);
                signalled = true;
            }
            if Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    bail!("a PostgreSQL server of an earlier start does not end; its process is in {}", pid_file.display())
}

/// The process that says it serves the data.
fn server(pid_file: &Path) -> Result<Option<Pid>> {
    match fs::read_to_string(pid_file) {
        Ok(text) => Ok(text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("can't read {}", pid_file.display())),
    }
}

/// Whether a process lives and works in the data folder, as a PostgreSQL server does. Where there is no `/proc` to ask,
/// living is taken for enough.
fn is_server_of(pid: Pid, data: &Path) -> bool {
    if test_kill_process(pid).is_err() {
        return false;
    }
    if !Path::new("/proc/self").exists() {
        return true;
    }
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|folder| folder == data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pid_file_that_names_another_program_is_removed_and_the_program_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap();
        let mut other =
            tokio::process::Command::new("sleep").arg("30").current_dir("/").kill_on_drop(true).spawn().unwrap();
        fs::write(data.join("postmaster.pid"), format!("{}\n{}\n", other.id().unwrap(), data.display())).unwrap();
        end(&data).await.unwrap();
        assert!(!data.join("postmaster.pid").exists());
        assert!(other.try_wait().unwrap().is_none());
    }

    #[tokio::test]
    async fn a_server_that_works_in_the_folder_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap();
        let mut server =
            tokio::process::Command::new("sleep").arg("30").current_dir(&data).kill_on_drop(true).spawn().unwrap();
        fs::write(data.join("postmaster.pid"), format!("{}\n", server.id().unwrap())).unwrap();
        let (ended, status) = tokio::join!(end(&data), server.wait());
        ended.unwrap();
        assert!(!status.unwrap().success());
    }
}
