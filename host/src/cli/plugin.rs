//! `canvalo plugin`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use canvalo::plugin::manifest::Manifest;
use canvalo::plugin::package;
use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// Compile plugins to components that carry their manifest.
    Build {
        /// The folders of the plugins' crates, each with a plugin.toml.
        #[arg(required = true)]
        crates: Vec<PathBuf>,
        /// Where the .wasm files go.
        #[arg(long, default_value = "target/plugins")]
        out: PathBuf,
    },
    /// Print what a plugin says of itself, without running it.
    Inspect {
        /// A .wasm file.
        file: PathBuf,
    },
}

impl Plugin {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Build { crates, out } => {
                for folder in crates {
                    let path = package::build(&folder, &out)?;
                    let bytes = std::fs::metadata(&path)?.len();
                    println!("{} ({} KiB)", path.display(), bytes.div_ceil(1024));
                }
            }
            Self::Inspect { file } => {
                let wasm = std::fs::read(&file).with_context(|| file.display().to_string())?;
                print(&Manifest::of_component(&wasm).with_context(|| file.display().to_string())?);
            }
        }
        Ok(())
    }
}

fn print(manifest: &Manifest) {
    println!("{} {}", manifest.name, manifest.version);
    println!("{}", manifest.description);
    println!("model calls: {}", if manifest.requests.llm { "requested" } else { "no" });
    for (table, permissions) in &manifest.requests.tables {
        println!("table {table}:");
        for (verb, columns) in
            [("select", &permissions.select), ("insert", &permissions.insert), ("update", &permissions.update)]
        {
            if !columns.is_empty() {
                println!("  {verb}: {}", columns.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
            }
        }
        if permissions.delete {
            println!("  delete, each time with the user's approval");
        }
    }
}
