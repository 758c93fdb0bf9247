//! A Python with packages of its own, under the target directory, kept from run to run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{fs, process};

/// The interpreter of a virtual environment in this folder, which has what these requirements pin. Makes it at the first
/// call; without the package index that is a failure. Blocks.
pub fn python(folder: &Path, requirements: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = || fs::read_to_string(folder.join("installed.txt")).is_ok_and(|text| text == requirements);
    if !installed() {
        // Made aside and moved, so that a run that breaks off leaves nothing half done.
        let aside = folder.with_extension(process::id().to_string());
        install(&aside, requirements);
        let _ = fs::remove_dir_all(folder);
        // Fails where another process was faster.
        let _ = fs::rename(&aside, folder);
        let _ = fs::remove_dir_all(&aside);
        assert!(installed(), "{} can't be written", folder.display());
    }
    folder.join("bin/python")
}

fn install(folder: &Path, requirements: &str) {
    check(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder),
        "python3 needs its module venv (Debian: apt-get install python3-venv; make setup does)",
    );
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements).expect("a folder that can be written");
    check(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
            .args(["--require-hashes", "--requirement"])
            .arg(&list),
        "this test needs Python packages, and pip can't install them: it needs the Python package index once (pip's own \
         settings, such as PIP_INDEX_URL, apply)",
    );
    fs::write(folder.join("installed.txt"), requirements).expect("a folder that can be written");
}

fn check(command: &mut Command, without: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{without}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{without}: {error}"),
    }
}
