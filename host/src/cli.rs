//! The commands, one file each.

mod chat;
#[cfg(feature = "dev")]
mod dev;
mod eval;
#[cfg(feature = "dev")]
mod plugin;
mod serve;
mod token;

use std::path::Path;

use anyhow::Result;
use canvalo::config::Environment;
use clap::Parser;

/// The agent host of Canvalo: sandboxed agents over a contractor's own data.
#[derive(Parser)]
#[command(version)]
pub(crate) enum Command {
    /// Serve the API, against the Supabase project and the model that the environment names.
    Serve,
    /// Everything on this machine: a private database with sample data, and the API.
    #[cfg(feature = "dev")]
    Dev(dev::Dev),
    /// Print a token for the local Supabase.
    Token(token::Token),
    /// Ask a running server and print the answer as it streams.
    Chat(chat::Chat),
    /// Measure how often a question reaches the agents that should answer it.
    Eval(eval::Eval),
    /// Build and inspect agent plugins.
    #[cfg(feature = "dev")]
    #[command(subcommand)]
    Plugin(plugin::Plugin),
}

impl Command {
    /// Runs the command to its end.
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Serve => block_on(serve::run()),
            #[cfg(feature = "dev")]
            Self::Dev(dev) => block_on(dev.run()),
            Self::Token(token) => token.run(),
            Self::Chat(chat) => block_on(chat.run()),
            Self::Eval(eval) => block_on(eval.run()),
            #[cfg(feature = "dev")]
            Self::Plugin(plugin) => plugin.run(),
        }
    }
}

fn block_on(command: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// The variables of the process, and under them those of `.env` in the working directory.
fn environment() -> Result<Environment> {
    Ok(Environment::of_process().with_dotenv(Path::new(".env"))?)
}
