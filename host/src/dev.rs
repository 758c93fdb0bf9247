//! A local Supabase for development and tests: a private PostgreSQL cluster with Supabase's roles, the project's
//! migrations and seed, and a PostgREST-compatible server, all on loopback and all ended with this process.
//!
//! - `home`: the folder that everything lies in, its lock, the generated secrets, the dotenv file.
//! - `binaries`, `account`, `guard`, `cluster`: PostgreSQL found, run as whom, watched over, and started.
//! - `migrate`: what a Supabase project has at first, then `supabase/migrations` and `supabase/seed.sql`.
//! - `rest`, `auth`, `gateway`: the REST server, signing in, and what Supabase has in front of both.

mod account;
mod auth;
mod binaries;
mod cluster;
mod gateway;
mod guard;
mod home;
mod migrate;
mod rest;

use std::path::PathBuf;

use anyhow::{Context, Result};
use secrecy::SecretString;

use self::cluster::Cluster;
use self::gateway::Gateway;
use self::home::{Home, State};
use self::migrate::Passwords;
use self::rest::Rest;
use crate::auth::signing::SigningKey;

/// The user of the first seeded business. Development without a token acts as this user, too.
pub const FIRST_SEEDED_USER: &str = "00000000-0000-0000-0000-000000000000";
/// The user of the second seeded business.
pub const SECOND_SEEDED_USER: &str = "11111111-1111-4111-8111-111111111111";

/// What the seeded users sign in with, in the order of their ids.
pub const SEEDED_EMAILS: [&str; 2] = ["owner@brightside.example", "owner@harbor.example"];
/// The password of both. They exist on machines of developers only.
pub const SEEDED_PASSWORD: &str = "sample-password";

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of the cluster, its secrets and its logs. Made if it isn't there.
    pub home: PathBuf,
    /// Where PostgreSQL listens. Without one, the port of the last start if it is free, else any free port.
    pub database_port: Option<u16>,
    /// Where the REST server listens, chosen in the same way.
    pub rest_port: Option<u16>,
    /// Whether written data survives a crash of the machine. Tests are faster without.
    pub durable: bool,
    /// Whether a new database gets the seed data.
    pub seed: bool,
}

impl Options {
    /// A durable, seeded database in `home`, on the ports of the last start.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), database_port: None, rest_port: None, durable: true, seed: true }
    }
}

/// What a client needs to know. The same is in the home's `.env`.
#[derive(Debug, Clone)]
pub struct LocalEnv {
    /// `DATABASE_URL`: PostgreSQL as its superuser, for psql and other tools. It passes by row-level security.
    pub database_url: SecretString,
    /// `SUPABASE_URL`: tables are under `<url>/rest/v1/`, and users sign in under `<url>/auth/v1/`, which is also the issuer
    /// of their tokens.
    pub supabase_url: String,
    /// `SUPABASE_PUB_KEY`: goes into the header `apikey` of every request.
    pub publishable_key: String,
    /// `SUPABASE_JWT_SECRET`: the shared secret. Tokens that it signs (HS256) are taken, too.
    pub jwt_secret: SecretString,
    /// What the tokens of users who sign in are signed with (ES256). Not in the `.env`: nobody but the project has it.
    pub signing_key: SigningKey,
}

/// A running local Supabase. Dropping it ends it as well, but only [`LocalSupabase::stop`] waits for the end.
pub struct LocalSupabase {
    env: LocalEnv,
    gateway: Gateway,
    cluster: Cluster,
    // Last, so that the lock is held until the server was told to end.
    _home: Home,
}

impl LocalSupabase {
    /// Starts it, making what the home doesn't have yet. `progress` gets a line before each step that may take long.
    pub async fn start(options: Options, mut progress: impl FnMut(&str) + Send) -> Result<Self> {
        let home = Home::open(&options.home)?;
        let state = home.load_or_create_state()?;

        let (cluster, mut client) = Cluster::start(&home, &state, &options, &mut progress).await?;
        let passwords = Passwords::random()?;
        migrate::prepare(&mut client, &passwords, options.seed, &mut progress).await?;

        let listener = gateway::listen(options.rest_port, state.rest_port).await?;
        let rest_port = listener.local_addr().context("the local Supabase has no address")?.port();
        let supabase_url = format!("http://127.0.0.1:{rest_port}");
        let signing_key = state.signing_key()?;
        let rest = Rest::connect(&client, cluster.port(), &passwords.authenticator, &state, &signing_key).await?;
        let accounts = auth::Accounts::new(cluster.port(), &passwords.auth_admin);
        let jwt_secret = SecretString::from(state.jwt_secret.clone());
        let auth = auth::router(accounts, &supabase_url, &signing_key, &jwt_secret)?;
        let gateway = Gateway::serve(listener, rest, auth, &state.publishable_key);

        let env = LocalEnv {
            database_url: cluster.superuser_url(&state.database_password).into(),
            supabase_url,
            publishable_key: state.publishable_key.clone(),
            jwt_secret,
            signing_key,
        };
        home.save_state(&State { database_port: Some(cluster.port()), rest_port: Some(rest_port), ..state })?;
        home.write_dotenv(&env)?;
        Ok(Self { env, gateway, cluster, _home: home })
    }

    /// Addresses and keys.
    pub fn env(&self) -> &LocalEnv {
        &self.env
    }

    /// Ends the servers and waits until they are gone.
    pub async fn stop(self) -> Result<()> {
        self.gateway.stop().await;
        self.cluster.stop().await
    }
}
