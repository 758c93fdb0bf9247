//! The OpenAPI document, made from the types that are read and written and from what stands at each handler.
//!
//! A route is in three places: the list in [`super`], the attribute `utoipa::path` of its handler, and `paths` here. A test
//! compares the list with the document both ways. What a route can refuse is named in its attribute by the steps that a
//! request goes through: [`refusals`].
//!
//! - [`refusals`]: the errors of each step, as responses with examples.
//! - [`stream`]: the stream of chunks as a schema.
//! - [`examples`]: answers for examples, written by the code that writes answers.

pub(super) mod examples;
pub(super) mod refusals;
pub(super) mod stream;

use std::sync::LazyLock;

use axum::body::Bytes;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::admin::{audit, plugins, turns, writes};
use super::error::ErrorAnswer;
use super::{chat, conversations, metrics, pages, service};
use stream::NamedChunks;

/// What a reader should know before the routes.
const ABOUT: &str = "\
Answers a painting contractor's questions and does the work behind them, with agents that act as the user who asks.

A request carries a token of the Supabase project, `Authorization: Bearer …`, and its user is who asks. A `user_id` may be sent and \
grants nothing: one that differs from the token's user is refused. In development the token is optional, and `user_id` says who asks.

Every answer that isn't 2xx has the same body: `error` with a `code` for programs, a `message` for developers, and words for the \
user.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Canvalo agent host", description = ABOUT, license(name = "Apache-2.0", identifier = "Apache-2.0")),
    paths(
        service::index,
        service::health,
        chat::stream,
        conversations::list,
        conversations::create,
        conversations::show,
        conversations::delete,
        metrics::show,
        plugins::list,
        plugins::show,
        plugins::enable,
        plugins::disable,
        plugins::kill,
        plugins::reload,
        turns::list,
        turns::stop,
        writes::show,
        writes::stop,
        writes::allow,
        audit::list,
        pages::document,
        pages::swagger_ui,
        pages::redoc,
    ),
    components(schemas(ErrorAnswer, super::stream::Chunk)),
    tags(
        (name = "chat", description = "Questions and their answers."),
        (name = "conversations", description = "What was said before."),
        (name = "operators", description = "What runs, who did what, and the switches."),
        (name = "service", description = "What this service is and how it is."),
    ),
    modifiers(&BearerTokens, &NamedChunks),
)]
struct Described;

/// How a user, an operator and Prometheus are known.
struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let mut add = |name: &str, description: &str, format: Option<&str>| {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
            let scheme = format.into_iter().fold(scheme, |scheme, format| scheme.bearer_format(format));
            components.add_security_scheme(name, SecurityScheme::Http(scheme.build()));
        };
        add("user_token", "A user's token from Supabase Auth.", Some("JWT"));
        add("admin_key", "The operators' key, ADMIN_API_KEY.", None);
        add("metrics_token", "What Prometheus sends, METRICS_TOKEN.", None);
    }
}

/// The document as JSON, made once.
pub(super) fn json() -> Bytes {
    static JSON: LazyLock<Bytes> = LazyLock::new(|| {
        let text = Described::openapi().to_json().expect("a document holds nothing that JSON doesn't");
        Bytes::from(text)
    });
    JSON.clone()
}

#[cfg(test)]
mod tests;
