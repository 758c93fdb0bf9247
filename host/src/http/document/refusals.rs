//! What the steps of a request can refuse: the very errors that they answer with, as responses of the document.
//!
//! A handler's attribute names the steps that its request goes through: `Refusals<(SignedIn, QueryString, Stored)>`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::http::StatusCode;
use utoipa::IntoResponses;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{Object, Ref, Type};
use utoipa::openapi::{Content, RefOr, Response};

use super::examples;
use crate::auth::AuthError;
use crate::capability::data::DataError;
use crate::conversation::ConversationError;
use crate::conversation::context::TooLong;
use crate::http::error::ApiError;
use crate::throttle::Level;

/// A step of a request.
pub(in crate::http) trait Step {
    /// One error of each code that it can refuse a request with.
    fn refusals() -> Vec<ApiError>;
}

/// The user is known by a token.
pub(in crate::http) enum SignedIn {}

/// The body is a JSON object, and its fields have values that can be used.
pub(in crate::http) enum JsonBody {}

/// The parameters of the address, its query and its path, can be used.
pub(in crate::http) enum Parameters {}

/// The user's rows are read or written.
pub(in crate::http) enum Stored {}

/// The conversation that the request names is the user's.
pub(in crate::http) enum OneConversation {}

/// A turn begins.
pub(in crate::http) enum Turn {}

/// The caller is an operator.
pub(in crate::http) enum Operator {}

/// The plugin that the request names is there.
pub(in crate::http) enum OnePlugin {}

/// A plugin's file can be loaded.
pub(in crate::http) enum Reload {}

/// The turn that the request names runs.
pub(in crate::http) enum OneTurn {}

/// The caller may read the metrics.
pub(in crate::http) enum Scrape {}

impl Step for SignedIn {
    fn refusals() -> Vec<ApiError> {
        let errors = [
            AuthError::MissingToken,
            AuthError::MalformedToken("it doesn't have three parts"),
            AuthError::InvalidToken("its signature"),
            AuthError::ExpiredToken,
            AuthError::UserMismatch,
            AuthError::Configuration("SUPABASE_JWT_SECRET is not set"),
            AuthError::Unavailable("the project's keys can't be fetched"),
        ];
        errors.into_iter().map(ApiError::from).chain([limited("user", 120)]).collect()
    }
}

impl Step for JsonBody {
    fn refusals() -> Vec<ApiError> {
        vec![
            ApiError::malformed_body("the body must be a JSON object"),
            ApiError::body_too_large(format!("the body is larger than {} bytes", crate::http::BODY_BYTES)),
            ApiError::unsupported_media_type(),
            ApiError::body_too_slow(),
            ApiError::invalid_field("user_id: must be a UUID"),
        ]
    }
}

impl Step for Parameters {
    fn refusals() -> Vec<ApiError> {
        vec![ApiError::invalid_parameter("user_id: must be a UUID")]
    }
}

impl Step for Stored {
    fn refusals() -> Vec<ApiError> {
        let errors = [
            DataError::LimitExceeded("the answer is larger than 4 MiB".to_owned()),
            DataError::Unavailable("no connection".to_owned()),
        ];
        errors.map(ApiError::from).into()
    }
}

impl Step for OneConversation {
    fn refusals() -> Vec<ApiError> {
        vec![ConversationError::NotFound.into()]
    }
}

impl Step for Turn {
    fn refusals() -> Vec<ApiError> {
        vec![
            ConversationError::from(TooLong { needed: 41_000, room: 27_904 }).into(),
            ApiError::busy(),
            ApiError::too_many_turns(8),
        ]
    }
}

impl Step for Operator {
    fn refusals() -> Vec<ApiError> {
        vec![
            ApiError::admin_key_refused(true),
            ApiError::admin_key_refused(false),
            limited("admin", 120),
            ApiError::admin_not_configured(),
        ]
    }
}

impl Step for OnePlugin {
    fn refusals() -> Vec<ApiError> {
        vec![ApiError::no_such_plugin()]
    }
}

impl Step for Reload {
    fn refusals() -> Vec<ApiError> {
        vec![ApiError::plugin_not_loaded("it doesn't fit the contract canvalo:agent@0.1: it exports no agent")]
    }
}

impl Step for OneTurn {
    fn refusals() -> Vec<ApiError> {
        vec![ApiError::no_such_turn()]
    }
}

impl Step for Scrape {
    fn refusals() -> Vec<ApiError> {
        let errors = [
            AuthError::MissingToken,
            AuthError::MalformedToken("its scheme is not Bearer"),
            AuthError::InvalidToken("it does not open the metrics"),
        ];
        errors.map(ApiError::from).into()
    }
}

fn limited(name: &'static str, quota: u32) -> ApiError {
    ApiError::rate_limited(&Level { name, quota, remaining: 0, full_in_s: 60, retry_after_s: Some(2) }, 2)
}

/// A route that takes nothing refuses nothing.
impl Step for () {
    fn refusals() -> Vec<ApiError> {
        Vec::new()
    }
}

macro_rules! steps_one_after_another {
    ($($step:ident)+) => {
        impl<$($step: Step),+> Step for ($($step,)+) {
            fn refusals() -> Vec<ApiError> {
                let mut all = Vec::new();
                $(all.extend($step::refusals());)+
                all
            }
        }
    };
}

steps_one_after_another!(A);
steps_one_after_another!(A B);
steps_one_after_another!(A B C);
steps_one_after_another!(A B C D);
steps_one_after_another!(A B C D E);

/// The responses of a route that goes through these steps, and of the fault that each route can have.
pub(in crate::http) struct Refusals<S>(PhantomData<S>);

impl<S: Step> IntoResponses for Refusals<S> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<StatusCode, Vec<ApiError>> = BTreeMap::new();
        for error in S::refusals().into_iter().chain([ApiError::panicked()]) {
            by_status.entry(error.status()).or_default().push(error);
        }
        by_status.into_iter().map(|(status, errors)| (status.as_str().to_owned(), response(errors).into())).collect()
    }
}

/// One response for all errors of a status.
fn response(errors: Vec<ApiError>) -> Response {
    let mut content = Content::new(Some(Ref::from_schema_name("ErrorAnswer")));
    let mut headers = BTreeMap::new();
    for error in errors {
        for name in error.headers().keys() {
            let text = Header::new(Object::with_type(Type::String));
            headers.insert(name.as_str().to_owned(), text.into());
        }
        let answer = error.into_answer();
        let example = ExampleBuilder::new().value(Some(examples::of(&answer))).build();
        // The first one of a code stands for it.
        content.examples.entry(answer.error.code.to_owned()).or_insert_with(|| example.into());
    }
    let codes: Vec<String> = content.examples.keys().map(|code| format!("`{code}`")).collect();
    let mut response = Response::new(codes.join(", "));
    response.headers = headers;
    response.content.insert("application/json".to_owned(), content.into());
    response
}
