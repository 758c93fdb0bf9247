//! What the host refuses to start with.

use std::net::IpAddr;

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
    if reader.secret("SUPABASE_JWT_SECRET").is_some_and(|secret| is_weak(secret.expose_secret())) {
        reader.problem(format!(
            "SUPABASE_JWT_SECRET must be the project's shared (legacy) JWT secret, of at least {MIN_SECRET_BYTES} bytes; \
             a project that signs with ES256 or RS256 needs none: remove it"
        ));
    }
    if let LlmProvider::OpenAi { base_url, .. } = &config.llm.provider {
        openai(base_url, config, reader);
    }
    watched(config, reader);
    if config.stage.is_deployed() {
        deployed(config, reader);
    }
}

fn openai(base_url: &str, config: &Config, reader: &mut Reader<'_>) {
    let stage = config.stage;
    match &config.llm.openai_key {
        Some(key) if !key.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) => {
            reader.problem("OPENAI_API_KEY holds characters that no key has: copy it again");
        }
        Some(_) if is_public(base_url) => {
            reader.problem(
                "OPENAI_BASE_URL must begin with https://, as OPENAI_API_KEY and the conversations travel there",
            );
        }
        None if stage.is_deployed() && is_public(base_url) => {
            reader
                .problem(format!("OPENAI_BASE_URL must begin with https:// in {stage}, as conversations travel there"));
        }
        None if base_url.starts_with("https://api.openai.com/") => {
            reader.problem(
                "OPENAI_API_KEY is not set: api.openai.com needs one; for a server of your own set OPENAI_BASE_URL",
            );
        }
        _ => {}
    }
}

fn watched(config: &Config, reader: &mut Reader<'_>) {
    let telemetry = &config.telemetry;
    if telemetry.metrics_token.as_ref().is_some_and(|token| token.expose_secret().len() < MIN_SECRET_BYTES) {
        reader.problem(format!("METRICS_TOKEN must have at least {MIN_SECRET_BYTES} bytes (openssl rand -hex 32)"));
    }
    if telemetry.traces.as_ref().is_some_and(|traces| !traces.headers.is_empty() && is_public(&traces.endpoint)) {
        reader.problem(
            "OTEL_EXPORTER_OTLP_ENDPOINT must begin with https://, as OTEL_EXPORTER_OTLP_HEADERS travel there",
        );
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
            reader.problem(format!(
                "SUPABASE_URL and SUPABASE_PUB_KEY are not set: {stage} takes no request without a token of that \
                 project's users, and could verify none"
            ));
        }
        None => {}
        Some(supabase) if !is_private(&supabase.url) => {
            reader.problem(format!("SUPABASE_URL must begin with https:// in {stage}, as tokens travel there"));
        }
        Some(_) => {}
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
            LlmProvider::Bedrock | LlmProvider::OpenAi { .. } => {}
            _ if config.llm.is_default => reader.problem(
                "LLM_PROVIDER is not set and no AWS credentials are in the environment: set LLM_PROVIDER=bedrock (an \
                 instance role will do), as production answers with a real model only",
            ),
            LlmProvider::Offline | LlmProvider::Scripted { .. } => reader.problem(
                "LLM_PROVIDER is offline or scripted, which answer without a model: production needs bedrock or openai",
            ),
        }
    }
}

/// What is public is no secret: whoever knows it could sign with it. A key of the project, or a public key in any form,
/// is set by mistake.
fn is_weak(secret: &str) -> bool {
    let public = ["sb_publishable_", "eyJ", "{", "["].iter().any(|start| secret.starts_with(start));
    secret.len() < MIN_SECRET_BYTES || public || secret.contains("-----BEGIN")
}

/// Whether nobody can listen in: TLS, or the machine itself.
fn is_private(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    url.scheme() == "https" || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether an address without TLS leads over networks of others: not to this machine, to a private network, or to a name
/// that only such a network knows.
fn is_public(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return true };
    if url.scheme() == "https" {
        return false;
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => !(ip.is_loopback() || ip.is_private()),
        Ok(IpAddr::V6(ip)) => !(ip.is_loopback() || ip.is_unique_local()),
        Err(_) => {
            let inner = [".localhost", ".local", ".internal", ".home.arpa"];
            host.contains('.') && !inner.iter().any(|end| host.ends_with(end))
        }
    }
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
