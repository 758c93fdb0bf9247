//! The cluster's data: where it is, and how it is made so that a crash never leaves half of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{last_lines, leftover};
use crate::dev::account::Account;
use crate::dev::binaries::Binaries;
use crate::dev::guard::Guarded;
use crate::dev::home::Home;
use crate::hex::hex;

/// Where data goes that can't be in its home.
const ELSEWHERE: &str = "/var/lib/canvalo";
/// A file there that names the home.
const OWNER: &str = "home";
/// initdb works in a folder of this name and a random end, which becomes the data by renaming.
const UNFINISHED: &str = "postgres.unfinished-";

/// A cluster that is ready to start.
pub(super) struct Data {
    /// Its folder, without links.
    pub(super) path: PathBuf,
    /// The programs of its version.
    pub(super) binaries: Binaries,
    /// Who has to run the server, if not this process's own account.
    pub(super) account: Option<Account>,
}

impl Data {
    /// Finds the home's data, or makes it.
    pub(super) async fn prepare(
        home: &Home,
        password: &str,
        durable: bool,
        progress: &mut (impl FnMut(&str) + Send),
    ) -> Result<Self> {
        let link = home.data_link();
        let account = Account::for_server(&link)?;
        if let Ok(version) = fs::read_to_string(link.join("PG_VERSION")) {
            let major = version.trim().parse().with_context(|| format!("{} has no version", link.display()))?;
            let path = link.canonicalize().with_context(|| format!("can't find {}", link.display()))?;
            path.parent().into_iter().for_each(remove_unfinished);
            return Ok(Self { path, binaries: Binaries::find(Some(major)).await?, account });
        }
        // A link to nothing: what it pointed to was deleted.
        let _ = fs::remove_file(&link);

        let binaries = Binaries::find(None).await?;
        let store = match account {
            Some(account) if !account.reaches(home.path()).await? => elsewhere(home)?,
            _ => home.path().to_owned(),
        };
        let path = store.join("postgres");
        if path.exists() {
            // Its home was deleted, and with it the only password.
            leftover::end(&path).await?;
            fs::remove_dir_all(&path).with_context(|| format!("can't remove {}", path.display()))?;
        }
        remove_unfinished(&store);

        progress("Creating the database ...");
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&store)
            .with_context(|| format!("can't make a folder in {}", store.display()))?;
        initialise(unfinished.path(), home, &binaries, account, password, durable).await?;
        fs::rename(unfinished.keep(), &path).with_context(|| format!("can't make {}", path.display()))?;
        if store != home.path() {
            std::os::unix::fs::symlink(&path, &link).with_context(|| format!("can't make {}", link.display()))?;
        }
        Ok(Self { path, binaries, account })
    }
}

/// The folder under [`ELSEWHERE`] for this home. Those of homes that were deleted go.
fn elsewhere(home: &Home) -> Result<PathBuf> {
    let hash = Sha256::digest(home.path().as_os_str().as_encoded_bytes());
    let store = Path::new(ELSEWHERE).join(hex(&hash[..8]));
    fs::create_dir_all(&store).with_context(|| format!("can't make {}", store.display()))?;
    for folder in [Path::new(ELSEWHERE), &store] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
            .with_context(|| format!("can't open {} to the server", folder.display()))?;
    }
    for other in fs::read_dir(ELSEWHERE).into_iter().flatten().flatten() {
        let orphaned = fs::read_to_string(other.path().join(OWNER)).is_ok_and(|home| !Path::new(&home).exists());
        if orphaned && !other.path().join("postgres/postmaster.pid").exists() {
            let _ = fs::remove_dir_all(other.path());
        }
    }
    fs::write(store.join(OWNER), home.path().as_os_str().as_encoded_bytes())
        .with_context(|| format!("can't write into {}", store.display()))?;
    Ok(store)
}

/// Removes what a crash in the middle of an earlier initialisation left. An initdb that is still at work there fails; what
/// it adds meanwhile goes at the next start.
fn remove_unfinished(store: &Path) {
    for entry in fs::read_dir(store).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
}

async fn initialise(
    unfinished: &Path,
    home: &Home,
    binaries: &Binaries,
    account: Option<Account>,
    password: &str,
    durable: bool,
) -> Result<()> {
    // Beside the home's other secrets or in the store: somewhere the account gets to, and readable by it alone.
    let store = unfinished.parent().context("the data has no parent folder")?;
    let password_file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(store)
        .context("can't write the password for initdb")?;
    fs::write(password_file.path(), password).context("can't write the password for initdb")?;
    if let Some(account) = account {
        account.give(unfinished)?;
        account.give(password_file.path())?;
    }

    let mut arguments: Vec<String> = [
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        "-D",
    ]
    .map(String::from)
    .into();
    arguments.push(unfinished.display().to_string());
    arguments.push(format!("--pwfile={}", password_file.path().display()));
    if !durable {
        arguments.push("--no-sync".to_owned());
    }
    let log = home.path().join("initdb.log");
    let file = Home::create_log(&log)?;
    let status = Guarded::spawn(&binaries.program("initdb"), arguments, account, file)?.finish().await?;
    if !status.success() {
        bail!("initdb failed; {} says:\n{}", log.display(), last_lines(&log));
    }
    fs::remove_file(&log).with_context(|| format!("can't remove {}", log.display()))
}
