//! Child processes that end when this one does, however it ends.
//!
//! A small shell stands between: it starts the program and holds a pipe from this process. When the pipe closes, because
//! it was dropped or because this process is gone, the shell's watcher interrupts the program.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::{Child, ChildStdin, Command};

use super::account::Account;

/// For PostgreSQL the interrupt is a fast shutdown; initdb removes what it made. A shell's background programs start with
/// the interrupt ignored, which is no matter to these two: both install handlers of their own.
const SCRIPT: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
( read -r _ <&3; kill -INT "$program" ) &
watcher=$!
exec 3<&- 0</dev/null
wait "$program"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

/// A running program.
pub(super) struct Guarded {
    shell: Child,
    // Closing it ends the program.
    pipe: Option<ChildStdin>,
}

impl Guarded {
    /// Starts a program. What it prints goes to `log`.
    pub(super) fn spawn<A: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        account: Option<Account>,
        log: File,
    ) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(program)
            .args(arguments)
            // Nothing of this process's environment (credentials, PG* variables) is the server's business.
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            // A terminal's Ctrl-C goes to the whole group; the database ends after the requests that use it.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("can't share the log file")?)
            .stderr(log);
        if let Some(account) = account {
            account.apply(&mut command);
        }
        let mut shell = command.spawn().context("can't start /bin/sh")?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }

    /// How the program ended, if it did.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.shell.try_wait().context("can't ask for the state of a child process")
    }

    /// Waits until the program ends by itself.
    pub(super) async fn finish(mut self) -> Result<ExitStatus> {
        // `Child::wait` would close a pipe that it still had; this one stays open until the end.
        self.shell.wait().await.context("can't wait for a child process")
    }

    /// Interrupts the program and waits for it. False if it is still there after `patience`.
    pub(super) async fn interrupt(mut self, patience: Duration) -> bool {
        drop(self.pipe.take());
        tokio::time::timeout(patience, self.shell.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spawn(log: &File, script: &str) -> Guarded {
        let arguments = ["--default-signal=INT", "/bin/sh", "-c", script];
        Guarded::spawn(Path::new("/usr/bin/env"), arguments, None, log.try_clone().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_program_that_ends_by_itself_hands_on_its_status() {
        let log = tempfile::tempfile().unwrap();
        let status = spawn(&log, "exit 7").finish().await.unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[tokio::test]
    async fn a_program_is_interrupted_when_the_pipe_closes() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("interrupted");
        let log = tempfile::tempfile().unwrap();
        let script = format!("trap 'touch {}; exit 0' INT; while :; do sleep 0.02; done", mark.display());
        let guarded = spawn(&log, &script);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(guarded.interrupt(Duration::from_secs(5)).await);
        assert!(mark.exists());
    }
}
