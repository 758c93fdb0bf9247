//! The API's description: `/openapi.json`, and two pages that show it, Swagger UI and ReDoc. All of it is in the binary.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::http::{HeaderName, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use utoipa_swagger_ui::Config;

use super::document;
use super::document::refusals::Refusals;
use super::error::ApiError;

const SWAGGER_PAGE: &str = include_str!("../../assets/docs/swagger.html");
const REDOC_PAGE: &str = include_str!("../../assets/docs/redoc.html");
const REDOC_STYLE: &str = include_str!("../../assets/docs/redoc.css");
const REDOC_SCRIPT: &[u8] = include_bytes!("../../assets/docs/redoc.standalone.js.gz");

/// What Swagger UI's page needs of its files.
const SWAGGER_FILES: &[&str] = &[
    "favicon-32x32.png",
    "swagger-initializer.js",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-ui.css",
];

/// Swagger UI runs this server's scripts and reads its document. Its icons are in its stylesheet.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// ReDoc also searches in a worker that it makes itself, and writes its styles into elements that it makes empty (the first
/// hash is that of nothing) and those of its scrollbars into one more (the second hash). Of its own accord it would load the logo of
/// those who make it from their server.
const REDOC_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' \
    'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='; img-src 'self' data:; connect-src 'self'; worker-src blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files change with the binary alone.
const CACHED: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=3600")];

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "service",
    responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object), Refusals<()>),
)]
pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document::json()).into_response()
}

/// The API in Swagger UI.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "swagger_ui",
    tag = "service",
    responses((status = 200, description = "A page.", content_type = "text/html", body = String), Refusals<()>),
)]
pub(super) async fn swagger_ui() -> Response {
    page(SWAGGER_PAGE, SWAGGER_POLICY)
}

/// The API in ReDoc.
#[utoipa::path(
    get,
    path = "/redoc",
    operation_id = "redoc",
    tag = "service",
    responses((status = 200, description = "A page.", content_type = "text/html", body = String), Refusals<()>),
)]
pub(super) async fn redoc() -> Response {
    page(REDOC_PAGE, REDOC_POLICY)
}

/// A file of Swagger UI's page.
pub(super) async fn swagger_ui_file(uri: Uri) -> Result<Response, ApiError> {
    // The validator is a service of others.
    static CONFIG: LazyLock<Arc<Config<'_>>> =
        LazyLock::new(|| Arc::new(Config::from("/openapi.json").use_base_layout().validator_url("none")));
    let name = file_name(&uri);
    if !SWAGGER_FILES.contains(&name) {
        return Err(ApiError::not_found());
    }
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten().ok_or_else(ApiError::not_found)?;
    let content_type = [(header::CONTENT_TYPE, file.content_type)];
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let encoding = file.gzpipped.then_some([(header::CONTENT_ENCODING, "gzip")]);
    Ok(match encoding {
        Some(encoding) => (CACHED, content_type, encoding, bytes).into_response(),
        None => (CACHED, content_type, bytes).into_response(),
    })
}

/// A file of ReDoc's page.
pub(super) async fn redoc_file(uri: Uri) -> Result<Response, ApiError> {
    match file_name(&uri) {
        "redoc.css" => Ok((CACHED, [(header::CONTENT_TYPE, "text/css")], REDOC_STYLE).into_response()),
        "redoc.standalone.js" => {
            let headers = [(header::CONTENT_TYPE, "text/javascript"), (header::CONTENT_ENCODING, "gzip")];
            Ok((CACHED, headers, Bytes::from_static(REDOC_SCRIPT)).into_response())
        }
        _ => Err(ApiError::not_found()),
    }
}

fn file_name(uri: &Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

fn page(html: &'static str, policy: &'static str) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer")], Html(html)).into_response()
}
