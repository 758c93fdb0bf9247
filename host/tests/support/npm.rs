//! Packages from npm for tests, under the target directory, kept from run to run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, process};

/// A folder with what the lock file names. Installs it if it isn't there; without npm that is a failure.
pub(crate) fn installed(name: &str, package: &str, lock: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let installed = || fs::read_to_string(folder.join("installed.txt")).is_ok_and(|text| text == lock);
    if !installed() {
        // Made aside and moved, so that a run that breaks off leaves nothing half done.
        let aside = folder.with_extension(process::id().to_string());
        install(&aside, package, lock);
        let _ = fs::remove_dir_all(&folder);
        // Fails where another process was faster.
        let _ = fs::rename(&aside, &folder);
        let _ = fs::remove_dir_all(&aside);
        assert!(installed(), "{} can't be written", folder.display());
    }
    folder
}

fn install(folder: &Path, package: &str, lock: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("package.json"), package).unwrap();
    fs::write(folder.join("package-lock.json"), lock).unwrap();
    let without = "these tests use a package from npm, and npm can't install it: it needs Node.js 20 with npm (Debian: \
                   apt-get install nodejs npm; make setup does) and the npm registry once (npm's own settings apply)";
    let npm =
        Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder).output();
    match npm {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{without}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{without}: {error}"),
    }
    fs::write(folder.join("installed.txt"), lock).unwrap();
}
