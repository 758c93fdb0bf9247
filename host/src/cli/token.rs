//! `canvalo token`.

use std::time::Duration;

use anyhow::{Context, Result};
use canvalo::auth::{self, dev_token};
use canvalo::config::{Config, Stage, Variables};
use clap::Args;
use secrecy::ExposeSecret;
use uuid::Uuid;

#[derive(Args)]
pub(crate) struct Token {
    /// The user it is for. Without it the system user, who has the sample data.
    #[arg(long, value_name = "UUID")]
    user: Option<Uuid>,
    /// How long it is valid.
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=24))]
    hours: u64,
}

impl Token {
    pub(super) fn run(self) -> Result<()> {
        let config = local_config()?;
        anyhow::ensure!(config.stage == Stage::Development, "tokens are made for development only");
        let supabase =
            config.supabase.context("no local Supabase yet: `canvalo dev` makes one, or set SUPABASE_URL")?;
        let secret = supabase.jwt_secret.context("SUPABASE_JWT_SECRET is not set")?;
        let user = self.user.unwrap_or(config.auth.system_user);
        let lifetime = Duration::from_secs(self.hours * 3600);
        let token = dev_token::mint(&secret, &auth::issuer(&supabase.url), user, lifetime)?;
        println!("{}", token.expose_secret());
        Ok(())
    }
}

/// The configuration, and under it what the local Supabase wrote into its home.
pub(super) fn local_config() -> Result<Config> {
    let environment = super::environment()?;
    let home = environment.get("CANVALO_HOME").unwrap_or_else(|| ".canvalo".to_owned());
    Ok(Config::read(&environment.with_dotenv(&std::path::Path::new(&home).join(".env"))?)?)
}
