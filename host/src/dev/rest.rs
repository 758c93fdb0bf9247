//! The REST server: a PostgREST-compatible one from the registry.

mod likeness;

use anyhow::{Context, Result};
use axum::{Router, middleware};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postrust_core::AppConfig;
use postrust_server::{Builder, Host};
use serde_json::json;

use self::likeness::{Scales, answer_like_postgrest, name_types};
use super::home::State;
use crate::auth::signing::SigningKey;

/// Each connection is a process of the database server. Requests beyond this wait for a free one.
const CONNECTIONS: u32 = 6;
/// Supabase's default.
const MAX_ROWS: i64 = 1000;

/// The server's routes, with paths from the schema on, and what ends its connections.
pub(super) struct Rest {
    pub(super) router: Router,
    pub(super) close: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Rest {
    /// Connects to the database as `authenticator`.
    pub(super) async fn connect(
        client: &tokio_postgres::Client,
        database_port: u16,
        authenticator_password: &str,
        state: &State,
        signing_key: &SigningKey,
    ) -> Result<Self> {
        let mut config = AppConfig::default();
        config.db_uri = format!(
            "postgresql://authenticator:{authenticator_password}@127.0.0.1:{database_port}/postgres?sslmode=disable"
        );
        config.db_schemas = vec!["api".to_owned()];
        config.db_extra_search_path = vec!["extensions".to_owned()];
        config.db_anon_role = Some("anon".to_owned());
        config.db_pool_size = CONNECTIONS;
        config.db_max_rows = Some(MAX_ROWS);
        config.db_aggregates_enabled = false;
        config.jwt_secret = Some(token_keys(state, signing_key)?);
        config.jwt_aud = Some("authenticated".to_owned());
        config.compat_mode = true;
        let app = Builder::new(config, Host::SERVER).build().await.context("the local REST server does not start")?;
        name_types(&mut *app.state.schema_cache.write().await);

        let scales = Scales::load(client).await?;
        let router = app.router.layer(middleware::from_fn_with_state(scales, answer_like_postgrest));
        let pool = app.state.clone();
        Ok(Self { router, close: Box::pin(async move { pool.pool.close().await }) })
    }
}

/// What tokens are verified with, as Supabase tells it PostgREST: a key set of the project's key and its shared secret.
fn token_keys(state: &State, signing_key: &SigningKey) -> Result<String> {
    let secret = json!({ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(&state.jwt_secret) });
    Ok(json!({ "keys": [signing_key.public()?, secret] }).to_string())
}
