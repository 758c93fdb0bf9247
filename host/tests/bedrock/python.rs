//! A Python that has AWS's own client, under the target directory, kept from run to run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fs, process};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The interpreter. Installs what it needs at the first call; without the package index that is a failure.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("botocore");
        let installed = || fs::read_to_string(folder.join("installed.txt")).is_ok_and(|text| text == REQUIREMENTS);
        if !installed() {
            // Made aside and moved, so that a run that breaks off leaves nothing half done.
            let aside = folder.with_extension(process::id().to_string());
            install(&aside);
            let _ = fs::remove_dir_all(&folder);
            // Fails where another process was faster.
            let _ = fs::rename(&aside, &folder);
            let _ = fs::remove_dir_all(&aside);
            assert!(installed(), "{} can't be written", folder.display());
        }
        folder.join("bin/python")
    })
}

fn install(folder: &Path) {
    check(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder),
        "python3 needs its module venv (Debian: apt-get install python3-venv; make setup does)",
    );
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).unwrap();
    check(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
            .args(["--require-hashes", "--requirement"])
            .arg(&requirements),
        "this test reads the Bedrock of the tests with botocore, and pip can't install it: it needs the Python package \
         index once (pip's own settings, such as PIP_INDEX_URL, apply)",
    );
    fs::write(folder.join("installed.txt"), REQUIREMENTS).unwrap();
}

fn check(command: &mut Command, without: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{without}\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{without}: {error}"),
    }
}
