//! As whom PostgreSQL runs. It refuses root, so root hands it to another account; anybody else runs it themselves.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use tokio::process::Command;

/// A user and a group of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account that has to run the server, or `None` when this process's own will do: the owner of the data if there
    /// is some, else `postgres`, else `nobody`.
    pub(super) fn for_server(data: &Path) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        if let Ok(metadata) = fs::metadata(data)
            && metadata.uid() != 0
        {
            return Ok(Some(Self { uid: metadata.uid(), gid: metadata.gid() }));
        }
        let passwd = fs::read_to_string("/etc/passwd").context("can't read /etc/passwd")?;
        let account = Self::named(&passwd, "postgres").or_else(|| Self::named(&passwd, "nobody"));
        Ok(Some(account.context("PostgreSQL doesn't run as root, and there is no account `postgres` or `nobody`")?))
    }

    fn named(passwd: &str, name: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next()? != name {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0).then_some(Self { uid, gid })
        })
    }

    /// Makes a command run as this account, in a folder that every account may be in.
    pub(super) fn apply(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a file or folder to this account.
    pub(super) fn give(self, path: &Path) -> Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .with_context(|| format!("can't give {} to user {}", path.display(), self.uid))
    }

    /// Whether this account can get to what is inside a folder. Asked by trying, since there is more to it than modes.
    pub(super) async fn reaches(self, folder: &Path) -> Result<bool> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "test -x \"$1\"", "sh"]).arg(folder).current_dir("/");
        self.apply(&mut command);
        let status = command.status().await.context("can't run /bin/sh as another user")?;
        Ok(status.success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name_and_is_never_root() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\nnotpostgres:x:7:7::/:\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
        assert_eq!(Account::named(passwd, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(Account::named(passwd, "root"), None);
        assert_eq!(Account::named(passwd, "nobody"), None);
    }
}
