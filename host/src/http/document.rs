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

use super::error::ErrorAnswer;
use super::{chat, conversations, pages, service};
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
        pages::document,
        pages::swagger_ui,
        pages::redoc,
    ),
    components(schemas(ErrorAnswer, super::stream::Chunk)),
    tags(
        (name = "chat", description = "Questions and their answers."),
        (name = "conversations", description = "What was said before."),
        (name = "service", description = "What this service is and how it is."),
    ),
    modifiers(&BearerToken, &NamedChunks),
)]
struct Described;

/// How a user signs in.
struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A user's token from Supabase Auth."));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("user_token", SecurityScheme::Http(scheme.build()));
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
