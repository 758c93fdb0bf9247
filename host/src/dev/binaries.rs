//! PostgreSQL's programs, wherever the machine has them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tokio::process::Command;

/// Foreign keys that clear one of their columns came with this version. Supabase runs it or a newer one.
const OLDEST: u32 = 15;

/// A folder with `postgres` and `initdb`.
#[derive(Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Binaries {
    /// The newest usable installation, or the one of version `wanted` if there is data of that version already.
    pub(super) async fn find(wanted: Option<u32>) -> Result<Self> {
        let mut found = Vec::new();
        for folder in candidates().await {
            if let Some(major) = version(&folder).await {
                found.push(Self { folder, major });
            }
        }
        Self::choose(found, wanted)
    }

    fn choose(found: Vec<Self>, wanted: Option<u32>) -> Result<Self> {
        let newest = found.iter().map(|b| b.major).max();
        let chosen = found
            .into_iter()
            .filter(|b| b.major >= OLDEST && wanted.is_none_or(|wanted| b.major == wanted))
            .max_by_key(|b| b.major);
        match (chosen, wanted, newest) {
            (Some(chosen), _, _) => Ok(chosen),
            (None, Some(wanted), _) => bail!(
                "the local database was made by PostgreSQL {wanted}, which is not installed: install it, or start with a \
                 fresh CANVALO_HOME"
            ),
            (None, None, Some(newest)) => {
                bail!("PostgreSQL {newest} is installed, but the local database needs {OLDEST} or newer")
            }
            (None, None, None) => {
                bail!("PostgreSQL is not installed; on Debian and Ubuntu: apt-get install postgresql")
            }
        }
    }

    /// The path of a program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The folders where the programs may be, each once.
async fn candidates() -> BTreeSet<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    // Debian and Ubuntu keep the server's programs out of PATH, a folder per version.
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let found = with_programs(folders);
    if !found.is_empty() {
        return found;
    }
    match Command::new("pg_config").arg("--bindir").output().await {
        Ok(output) => with_programs(vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())]),
        Err(_) => found,
    }
}

/// Links are resolved first: a folder of links to an installation is that installation.
fn with_programs(folders: Vec<PathBuf>) -> BTreeSet<PathBuf> {
    folders
        .into_iter()
        .filter_map(|folder| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_owned()))
        .filter(|folder| folder.join("initdb").is_file())
        .collect()
}

async fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().await.ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` or `postgres (PostgreSQL) 18beta1`.
fn major(line: &str) -> Option<u32> {
    let version = line.split(' ').nth(2)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_links_counts_as_the_installation_they_lead_to() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (installed, links) = (root.join("installed"), root.join("links"));
        for folder in [&installed, &links] {
            fs::create_dir(folder).unwrap();
        }
        for program in ["postgres", "initdb"] {
            fs::write(installed.join(program), "").unwrap();
            std::os::unix::fs::symlink(installed.join(program), links.join(program)).unwrap();
        }
        let found = with_programs(vec![links, installed.clone(), root.join("nothing")]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [installed]);
    }

    fn installed(majors: &[u32]) -> Vec<Binaries> {
        majors.iter().map(|&major| Binaries { folder: PathBuf::from(major.to_string()), major }).collect()
    }

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres"), None);
    }

    #[test]
    fn the_newest_is_chosen_unless_the_data_is_of_another() {
        assert_eq!(Binaries::choose(installed(&[15, 17, 16]), None).unwrap().major, 17);
        assert_eq!(Binaries::choose(installed(&[15, 17, 16]), Some(16)).unwrap().major, 16);
        let gone = Binaries::choose(installed(&[17]), Some(15)).unwrap_err().to_string();
        assert!(gone.contains("PostgreSQL 15"), "{gone}");
        let old = Binaries::choose(installed(&[14]), None).unwrap_err().to_string();
        assert!(old.contains("14") && old.contains("15"), "{old}");
        let none = Binaries::choose(installed(&[]), None).unwrap_err().to_string();
        assert!(none.contains("apt-get install postgresql"), "{none}");
    }
}
