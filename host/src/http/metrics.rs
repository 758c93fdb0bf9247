//! `GET /metrics`, for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::document::refusals::{Refusals, Scrape};
use super::error::ApiError;
use crate::app::App;
use crate::auth::AuthError;
use crate::config::Config;
use crate::supervisor::Failure;
use crate::telemetry::metrics;

/// The version of the text format that Prometheus scrapes.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What it looks like.
const EXAMPLE: &str = "\
# TYPE canvalo_http_requests_total counter
canvalo_http_requests_total{route=\"/api/chat/stream\",status=\"200\"} 12
";

/// Shows everything that was counted, in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operators",
    responses(
        (
            status = 200,
            description = "The figures.",
            content_type = "text/plain",
            body = String,
            example = json!(EXAMPLE),
        ),
        Refusals<(Scrape,)>,
    ),
    security(("metrics_token" = []), ("admin_key" = [])),
)]
pub(super) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    authorise(&app.config, &headers)?;
    let text = tokio::task::spawn_blocking(metrics::render).await;
    let text = text.map_err(|_| Failure::internal("the metrics could not be rendered"))?;
    Ok(([(header::CONTENT_TYPE, TEXT)], text).into_response())
}

/// Open in development, unless it has a key there too. Elsewhere `METRICS_TOKEN` or `ADMIN_API_KEY` opens it.
fn authorise(config: &Config, headers: &HeaderMap) -> Result<(), AuthError> {
    let keys: Vec<_> = [&config.telemetry.metrics_token, &config.auth.admin_key].into_iter().flatten().collect();
    if config.telemetry.metrics_token.is_none() && !config.stage.is_deployed() {
        return Ok(());
    }
    let header = headers.get(header::AUTHORIZATION).ok_or(AuthError::MissingToken)?;
    let sent = header.to_str().ok().and_then(|header| header.split_once(' '));
    let sent = sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.as_bytes());
    let sent = sent.ok_or(AuthError::MalformedToken("its scheme is not Bearer"))?;
    let known = keys.iter().any(|key| bool::from(key.expose_secret().as_bytes().ct_eq(sent)));
    if known { Ok(()) } else { Err(AuthError::InvalidToken("it does not open the metrics")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-for-prometheus-of-32-bytes";
    const ADMIN: &str = "an-admin-key-of-at-least-32-bytes";

    fn code(variables: &[(&str, &str)], authorization: Option<&str>) -> &'static str {
        let config = Config::read(&|name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        authorise(&config.unwrap(), &headers).map_or_else(|error| error.code(), |()| "OPEN")
    }

    #[test]
    fn outside_development_only_the_token_or_the_admin_key_opens_it() {
        let production = [
            ("ENVIRONMENT", "production"),
            ("ADMIN_API_KEY", ADMIN),
            ("METRICS_TOKEN", TOKEN),
            ("SUPABASE_URL", "https://x.supabase.co"),
            ("SUPABASE_PUB_KEY", "sb_publishable_x"),
            ("SUPABASE_JWT_SECRET", "a-secret-of-the-project-that-is-32-bytes-long"),
            ("LLM_PROVIDER", "bedrock"),
        ];
        let bearer = |key: &str| format!("Bearer {key}");
        assert_eq!(code(&production, None), "MISSING_TOKEN");
        assert_eq!(code(&production, Some(&bearer(TOKEN))), "OPEN");
        assert_eq!(code(&production, Some(&bearer(ADMIN))), "OPEN");
        for other in ["Bearer ", "Bearer x", &bearer(&TOKEN[1..]), &bearer(&format!("{TOKEN}x"))] {
            assert_eq!(code(&production, Some(other)), "INVALID_TOKEN", "{other}");
        }
        assert_eq!(code(&production, Some(&format!("Basic {TOKEN}"))), "MALFORMED_TOKEN");
    }

    #[test]
    fn in_development_it_is_open_unless_it_has_a_token() {
        assert_eq!(code(&[], None), "OPEN");
        assert_eq!(code(&[("ADMIN_API_KEY", ADMIN)], None), "OPEN");
        assert_eq!(code(&[("METRICS_TOKEN", TOKEN)], None), "MISSING_TOKEN");
    }
}
