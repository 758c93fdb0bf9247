//! From a crate to a plugin: compile it to a core module, prepare that, make a component of it, write the manifest into it.

mod prepare;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use wit_component::ComponentEncoder;

use super::manifest::Manifest;

/// Guests import nothing from the system, so they need no system interface at all.
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the plugin of a crate that has a `plugin.toml`, and writes it to `out/<name>.wasm`. Cargo's own progress goes to
/// standard error.
pub fn build(crate_dir: &Path, out: &Path) -> Result<PathBuf> {
    let manifest_path = crate_dir.join("plugin.toml");
    let manifest = std::fs::read_to_string(&manifest_path)
        .with_context(|| format!("{} can't be read; a plugin's crate has one", manifest_path.display()))?;
    let name = Manifest::parse(&manifest).with_context(|| manifest_path.display().to_string())?.name;
    let modules = compile(crate_dir, &["--lib"])?;
    let [module] = modules.as_slice() else {
        bail!("{}: expected one cdylib, found {}", crate_dir.display(), modules.len());
    };
    let component = package(&std::fs::read(module)?, &manifest)?;
    std::fs::create_dir_all(out)?;
    let path = out.join(format!("{name}.wasm"));
    // A host that watches the folder must never see half a file.
    let mut file = tempfile::NamedTempFile::new_in(out)?;
    std::io::Write::write_all(&mut file, &component)?;
    file.persist(&path)?;
    Ok(path)
}

/// Makes a component with a manifest out of a core module.
pub fn package(module: &[u8], manifest: &str) -> Result<Vec<u8>> {
    let mut component = ComponentEncoder::default()
        .module(&prepare::prepare(module)?)
        .context("the module doesn't say which WIT world it was built for")?
        .validate(true)
        .encode()
        .context("the module doesn't make a component")?;
    Manifest::attach(manifest, &mut component)?;
    Ok(component)
}

/// Compiles the cdylibs of a crate that `selection` (cargo's own flags) names, and says where they are.
pub fn compile(crate_dir: &Path, selection: &[&str]) -> Result<Vec<PathBuf>> {
    let toolchain = Toolchain::find()?;
    let mut command = Command::new(&toolchain.cargo);
    command
        .current_dir(crate_dir)
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .args(selection)
        .args(toolchain.arguments)
        .envs(toolchain.environment)
        .env("CARGO_TARGET_DIR", target_dir(crate_dir)?)
        // A host's own flags and wrappers are not for guests.
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .envs([
            ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
            ("CARGO_PROFILE_RELEASE_LTO", "fat"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
            ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
            ("CARGO_PROFILE_RELEASE_STRIP", "true"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("{} can't be started", toolchain.cargo.display()))?;
    if !output.status.success() {
        bail!("{} doesn't compile for {TARGET}", crate_dir.display());
    }
    let wanted = crate_dir.canonicalize()?;
    let mut modules = Vec::new();
    for line in output.stdout.split(|byte| *byte == b'\n') {
        let Ok(Message::CompilerArtifact { manifest_path, target, filenames }) = serde_json::from_slice(line) else {
            continue;
        };
        if manifest_path.parent() == Some(&wanted) && target.crate_types.iter().any(|kind| kind == "cdylib") {
            modules.extend(filenames.into_iter().filter(|path| path.extension().is_some_and(|end| end == "wasm")));
        }
    }
    Ok(modules)
}

/// The lines of cargo's JSON output that matter here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        manifest_path: PathBuf,
        target: CargoTarget,
        filenames: Vec<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct CargoTarget {
    crate_types: Vec<String>,
}

/// Guests have a target folder of their own inside the workspace's, since their compiler may be another one.
fn target_dir(crate_dir: &Path) -> Result<PathBuf> {
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        return Ok(std::path::absolute(target)?.join("wasm"));
    }
    let output = Command::new("cargo")
        .current_dir(crate_dir)
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .context("cargo can't be started")?;
    let manifest = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    let root = manifest.parent().with_context(|| format!("{} is in no cargo project", crate_dir.display()))?;
    Ok(root.join("target/wasm"))
}

/// A Rust toolchain that compiles for the target.
struct Toolchain {
    cargo: PathBuf,
    arguments: &'static [&'static str],
    environment: Vec<(&'static str, OsString)>,
}

impl Toolchain {
    /// The usual toolchain where it has the target (`rustup target add wasm32-unknown-unknown`), else Debian's, whose
    /// packages bring the standard library's source to build it from.
    fn find() -> Result<Self> {
        let sysroot = sysroot("rustc").context("rustc can't be started; install Rust from https://rustup.rs")?;
        if sysroot.join("lib/rustlib").join(TARGET).exists() {
            return Ok(Self { cargo: "cargo".into(), arguments: &[], environment: Vec::new() });
        }
        let debian = Path::new("/usr/bin/rustc");
        let has_source = sysroot_of(debian).is_some_and(|root| root.join("lib/rustlib/src/rust/library").exists());
        if Path::new("/usr/bin/cargo").exists() && has_source {
            let linker = find_linker(&sysroot).context("no wasm linker: apt-get install lld")?;
            return Ok(Self {
                cargo: "/usr/bin/cargo".into(),
                arguments: &["-Zbuild-std=std,panic_abort"],
                environment: vec![
                    ("RUSTC_BOOTSTRAP", "1".into()),
                    ("RUSTC", debian.into()),
                    ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.into()),
                ],
            });
        }
        bail!(
            "no Rust toolchain for {TARGET}: run `rustup target add {TARGET}`, or on Debian and Ubuntu \
             `apt-get install rustc-web cargo-web rust-web-src`"
        )
    }
}

fn sysroot(rustc: &str) -> Option<PathBuf> {
    sysroot_of(Path::new(rustc))
}

fn sysroot_of(rustc: &Path) -> Option<PathBuf> {
    let output = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn find_linker(sysroot: &Path) -> Option<PathBuf> {
    let shipped = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?.filter_map(|entry| {
        let linker = entry.ok()?.path().join("bin/rust-lld");
        linker.exists().then_some(linker)
    });
    let installed = ["/usr/bin/wasm-ld", "/usr/bin/lld"].map(PathBuf::from).into_iter().filter(|path| path.exists());
    shipped.chain(installed).next()
}
