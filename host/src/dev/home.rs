//! The folder that everything of a local Supabase lies in.
//!
//! - `lock`: held while a process uses the home.
//! - `state.toml`: generated secrets and keys, and the ports last used, readable by the owner alone.
//! - `.env`: addresses and keys of the last start, readable by the owner alone.
//! - `postgres/`: the cluster, or a link to it (see [`super::cluster`]); `postgres.log`: what it said since its start.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::LocalEnv;
use crate::auth::signing::SigningKey;

/// A home that this process alone uses.
pub(super) struct Home {
    path: PathBuf,
    _lock: File,
}

/// What a home remembers. Has no `Debug`: nearly all of it is secret.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct State {
    /// Of PostgreSQL's superuser.
    pub(super) database_password: String,
    /// The shared secret (HS256).
    pub(super) jwt_secret: String,
    /// Signs the tokens of users who sign in (ES256): a private key on P-256, PKCS #8 in base64. Homes of earlier versions
    /// have none and get one.
    #[serde(default)]
    pub(super) signing_key: String,
    /// What clients send as `apikey`.
    pub(super) publishable_key: String,
    /// Where PostgreSQL listened last.
    pub(super) database_port: Option<u16>,
    /// Where the REST server listened last.
    pub(super) rest_port: Option<u16>,
}

impl Home {
    /// Makes the folder if needed and takes its lock.
    pub(super) fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("can't make the folder {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("can't find the folder {}", path.display()))?;
        let lock_path = path.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| format!("can't open {}", lock_path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another process uses the local Supabase in {}: stop it, or choose another folder with CANVALO_HOME",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("can't lock {}", lock_path.display()))
            }
        }
    }

    /// The folder, without links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the cluster is, or a link to where it is.
    pub(super) fn data_link(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// What the server says goes here.
    pub(super) fn log_path(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// An empty log that only the owner reads: messages can quote values.
    pub(super) fn create_log(path: &Path) -> Result<File> {
        File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("can't write {}", path.display()))
    }

    /// The remembered secrets and ports. In a new home they are generated, and on disk before anything relies on them.
    pub(super) fn load_or_create_state(&self) -> Result<State> {
        let path = self.state_path();
        match fs::read_to_string(&path) {
            // The parser's own message would quote the line, which may be a secret.
            Ok(text) => {
                let mut state: State = toml::from_str(&text).map_err(|_| {
                    anyhow::anyhow!("{} is damaged: delete {} to start afresh", path.display(), self.path.display())
                })?;
                if state.signing_key.is_empty() {
                    state.signing_key = random_signing_key()?;
                    self.save_state(&state)?;
                }
                Ok(state)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if self.data_link().join("PG_VERSION").exists() {
                    bail!(
                        "{} is missing, and with it the password of the database: delete {} to start afresh",
                        path.display(),
                        self.path.display()
                    );
                }
                let state = State {
                    database_password: random_secret()?,
                    jwt_secret: random_secret()?,
                    signing_key: random_signing_key()?,
                    publishable_key: format!("sb_publishable_{}", random_secret()?),
                    database_port: None,
                    rest_port: None,
                };
                self.save_state(&state)?;
                Ok(state)
            }
            Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
        }
    }

    /// Remembers.
    pub(super) fn save_state(&self, state: &State) -> Result<()> {
        self.write_private(&self.state_path(), &toml::to_string(state).context("the state is not valid TOML")?)
    }

    /// Tells psql and other tools how to connect.
    pub(super) fn write_dotenv(&self, env: &LocalEnv) -> Result<()> {
        let text = format!(
            "DATABASE_URL={}\nSUPABASE_URL={}\nSUPABASE_PUB_KEY={}\nSUPABASE_JWT_SECRET={}\n",
            env.database_url.expose_secret(),
            env.supabase_url,
            env.publishable_key,
            env.jwt_secret.expose_secret(),
        );
        self.write_private(&self.path.join(".env"), &text)
    }

    fn state_path(&self) -> PathBuf {
        self.path.join("state.toml")
    }

    /// Writes a file in one step, so that a crash leaves the old one or the new one. Temporary files have mode 0600.
    fn write_private(&self, path: &Path, text: &str) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.path)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().with_context(|| format!("can't write {}", path.display()))
    }
}

impl State {
    /// What signs the tokens of users who sign in.
    pub(super) fn signing_key(&self) -> Result<SigningKey> {
        let pkcs8 = URL_SAFE_NO_PAD.decode(&self.signing_key).context("the signing key in state.toml is damaged")?;
        SigningKey::from_pkcs8(&pkcs8).context("the signing key in state.toml is damaged")
    }
}

fn random_signing_key() -> Result<String> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    Ok(URL_SAFE_NO_PAD.encode(key.context("no signing key can be made")?))
}

/// 32 random bytes as letters, digits, `-` and `_`: needs no quoting in a URL, in SQL or in a dotenv file.
pub(super) fn random_secret() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)).context("can't read /dev/urandom")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_home_in_use_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let _home = Home::open(folder.path()).unwrap();
        let error = Home::open(folder.path()).err().unwrap().to_string();
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
        assert!(error.contains("CANVALO_HOME"), "{error}");
    }

    #[test]
    fn secrets_are_made_once_and_only_the_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let first = home.load_or_create_state().unwrap();
        let second = home.load_or_create_state().unwrap();
        assert_eq!(first.jwt_secret, second.jwt_secret);
        assert!(first.jwt_secret.len() >= 32);
        assert_ne!(first.jwt_secret, first.database_password);
        assert!(first.publishable_key.starts_with("sb_publishable_"));
        let mode = fs::metadata(home.state_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_home_of_an_earlier_version_gets_a_signing_key_and_keeps_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let first = home.load_or_create_state().unwrap();
        let text = fs::read_to_string(home.state_path()).unwrap();
        let earlier: Vec<&str> = text.lines().filter(|line| !line.starts_with("signing_key")).collect();
        assert_eq!(earlier.len() + 1, text.lines().count());
        fs::write(home.state_path(), earlier.join("\n")).unwrap();

        let upgraded = home.load_or_create_state().unwrap();
        assert_eq!(upgraded.jwt_secret, first.jwt_secret);
        assert_ne!(upgraded.signing_key, first.signing_key);
        let id = |state: &State| state.signing_key().unwrap().public().unwrap().common.key_id.unwrap();
        assert_eq!(id(&home.load_or_create_state().unwrap()), id(&upgraded), "and only once");
        let mode = fs::metadata(home.state_path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_state_is_named_without_being_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        fs::write(home.state_path(), "jwt_secret = hush-hush").unwrap();
        let error = format!("{:#}", home.load_or_create_state().err().unwrap());
        assert!(error.contains("state.toml"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn a_cluster_without_its_secrets_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        fs::create_dir(home.data_link()).unwrap();
        fs::write(home.data_link().join("PG_VERSION"), "15").unwrap();
        let error = home.load_or_create_state().err().unwrap().to_string();
        assert!(error.contains("start afresh"), "{error}");
    }
}
