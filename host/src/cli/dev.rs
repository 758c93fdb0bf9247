//! `canvalo dev`: the local Supabase and the API in one process.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use canvalo::auth::{self, dev_token};
use canvalo::config::{Config, Environment, LlmProvider, Variables};
use canvalo::dev::{LocalSupabase, Options, SEEDED_EMAILS, SEEDED_PASSWORD};
use canvalo::telemetry;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

/// A working day.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

#[derive(Args)]
pub(crate) struct Dev {
    /// Start the database and its REST API only.
    #[arg(long)]
    database_only: bool,
    /// The port of PostgreSQL. Without it the one used before, or any that is free.
    #[arg(long, value_name = "PORT")]
    database_port: Option<u16>,
    /// The port of the local Supabase's REST API. Without it the one used before, or any that is free.
    #[arg(long, value_name = "PORT")]
    rest_port: Option<u16>,
    /// Leave the database empty.
    #[arg(long)]
    no_seed: bool,
}

impl Dev {
    pub(super) async fn run(self) -> Result<()> {
        let environment = super::environment()?;
        // Read before anything starts: a mistake in it must not cost a database.
        let outer = Config::read(&without_supabase(&environment))?;
        let traces = telemetry::start(&outer)?;
        let options = Options {
            home: outer.paths.home.clone(),
            database_port: self.database_port,
            rest_port: self.rest_port,
            durable: true,
            seed: !self.no_seed,
        };
        let supabase = LocalSupabase::start(options, |step| eprintln!("{step}")).await?;
        let result = self.serve(&environment, &supabase, &outer.paths.home).await;
        traces.finish().await;
        supabase.stop().await?;
        result
    }

    async fn serve(&self, environment: &Environment, supabase: &LocalSupabase, home: &Path) -> Result<()> {
        let local = supabase.env();
        if self.database_only {
            println!("Database  {}", local.database_url.expose_secret());
            println!("Supabase  {}", local.supabase_url);
            println!("{}", self.sign_in());
            println!("\nThe keys are in {}. Ctrl-C stops it.", home.join(".env").display());
            tokio::signal::ctrl_c().await?;
            return Ok(());
        }
        let variables = |name: &str| match name {
            "ENVIRONMENT" => None,
            "SUPABASE_URL" => Some(local.supabase_url.clone()),
            "SUPABASE_PUB_KEY" => Some(local.publishable_key.clone()),
            "SUPABASE_JWT_SECRET" => Some(local.jwt_secret.expose_secret().to_owned()),
            "SUPABASE_ANON_KEY" | "SUPABASE_SERVICE_KEY" => None,
            other => environment.get(other),
        };
        let config = Config::read(&variables)?;
        let issuer = auth::issuer(&local.supabase_url);
        let token = dev_token::mint_with(&local.signing_key, &issuer, config.auth.system_user, TOKEN_LIFETIME)?;
        let model = match &config.llm.provider {
            LlmProvider::Bedrock => format!("{} on Amazon Bedrock", config.llm.model_id),
            LlmProvider::OpenAi { base_url, model } => format!("{model} at {base_url}"),
            LlmProvider::Offline => "offline: rule-based answers, no account needed".to_owned(),
            LlmProvider::Scripted { script } => format!("scripted by {}", script.display()),
        };
        let sign_in = format!("{}\n{}", local.supabase_url, self.sign_in());
        super::serve::serve(config, |address| announce(address, &model, &sign_in, &token)).await
    }

    /// How a frontend gets in.
    fn sign_in(&self) -> String {
        if self.no_seed {
            return String::new();
        }
        format!("Sign in   {} with the password {SEEDED_PASSWORD}", SEEDED_EMAILS.join(" or "))
    }
}

/// The environment as it is when the local Supabase, and no other, is used.
fn without_supabase(environment: &Environment) -> impl Fn(&str) -> Option<String> {
    |name| if name.starts_with("SUPABASE_") || name == "ENVIRONMENT" { None } else { environment.get(name) }
}

fn announce(address: SocketAddr, model: &str, supabase: &str, token: &SecretString) {
    let token = token.expose_secret();
    println!(
        r#"
Canvalo is ready: http://{address}
Model     {model}
Supabase  {supabase}

A token for the sample user, good for 12 hours:
{token}

Ask it something, here or in another terminal:
curl -N http://{address}/api/chat/stream -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' -d '{{"message":"Show me all overdue invoices"}}'

Ctrl-C stops it."#
    );
}
