//! What the host refuses to start with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::environment::Reader;
use super::{Config, LlmProvider, Stage};

/// As long as the keys and digests that HS256 and SHA-256 are made for.
const MIN_SECRET_BYTES: usize = 32;

pub(super) fn check(config: &Config, reader: &mut Reader<'_>) {
    if config.supabase.as_ref().is_some_and(|supabase| is_secret_key(&supabase.publishable_key)) {
        reader.problem(
            "SUPABASE_PUB_KEY is a secret key, which passes row-level security by: use the publishable (anon) key",
        );
    }
    // A public key is no secret: whoever knows it could sign with it.
    let weak = |secret: &str| secret.len() < MIN_SECRET_BYTES || secret.contains("-----BEGIN");
    if reader.secret("SUPABASE_JWT_SECRET").is_some_and(|secret| weak(secret.expose_secret())) {
        reader.problem(format!(
            "SUPABASE_JWT_SECRET must be the project's shared JWT secret, of at least {MIN_SECRET_BYTES} bytes"
        ));
    }
    if config.stage.is_deployed() {
        deployed(config, reader);
    }
}

fn deployed(config: &Config, reader: &mut Reader<'_>) {
    let stage = config.stage;
    if reader.is_set("SUPABASE_SERVICE_KEY") {
        reader.problem(format!(
            "SUPABASE_SERVICE_KEY is set: it passes row-level security by and must not be there in {stage}; remove it"
        ));
    }
    match &config.supabase {
        None if !reader.is_set("SUPABASE_URL")
            && !reader.is_set("SUPABASE_PUB_KEY")
            && !reader.is_set("SUPABASE_ANON_KEY") =>
        {
            reader.problem(format!("SUPABASE_URL and SUPABASE_PUB_KEY are not set: {stage} needs them"));
        }
        None => {}
        Some(supabase) if !is_private(&supabase.url) => {
            reader.problem(format!("SUPABASE_URL must begin with https:// in {stage}, as tokens travel there"));
        }
        Some(_) => {}
    }
    if !reader.is_set("SUPABASE_JWT_SECRET") {
        reader.problem(format!(
            "SUPABASE_JWT_SECRET is not set: {stage} takes no request without a token, and could verify none"
        ));
    }
    match &config.auth.admin_key {
        None => reader.problem(format!(
            "ADMIN_API_KEY is not set: {stage} needs one of at least {MIN_SECRET_BYTES} bytes (openssl rand -hex 32)"
        )),
        Some(key) if key.expose_secret().len() < MIN_SECRET_BYTES => reader.problem(format!(
            "ADMIN_API_KEY is too short: {stage} needs one of at least {MIN_SECRET_BYTES} bytes (openssl rand -hex 32)"
        )),
        Some(_) => {}
    }
    if stage == Stage::Production {
        match &config.llm.provider {
            LlmProvider::Bedrock => {}
            _ if config.llm.is_default => reader.problem(
                "LLM_PROVIDER is not set and no AWS credentials are in the environment: set LLM_PROVIDER=bedrock (an \
                 instance role will do), as production answers with a real model only",
            ),
            LlmProvider::Offline | LlmProvider::Scripted { .. } => reader
                .problem("LLM_PROVIDER is offline or scripted, which answer without a model: production needs bedrock"),
        }
    }
}

/// Whether nobody can listen in: TLS, or the machine itself.
fn is_private(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    url.scheme() == "https" || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Supabase's keys that act as the service: `sb_secret_…`, or a token of a role other than `anon`.
fn is_secret_key(key: &SecretString) -> bool {
    #[derive(Deserialize)]
    struct Claims {
        role: Option<String>,
    }
    let key = key.expose_secret();
    if key.starts_with("sb_secret_") {
        return true;
    }
    let claims = key.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims = claims.and_then(|claims| serde_json::from_slice::<Claims>(&claims).ok());
    claims.is_some_and(|claims| claims.role.as_deref() != Some("anon"))
}
