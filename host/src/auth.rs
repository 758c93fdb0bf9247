//! Who the user is.
//!
//! - [`verifier`]: whether a token is a user's of this Supabase project, every claim checked.
//! - [`keys`], [`jwks`]: the public keys it is checked with, and how the project's are fetched and kept.
//! - [`authenticator`]: who a request is from, by the rules of the environment.
//! - [`admin_key`]: whether a request is an operator's.
//! - [`signing`], [`dev_token`]: short-lived tokens for development, signed as Supabase Auth would.
//!
//! A token is only ever a [`UserToken`] or a `&str` in here: nothing logs it, and no error quotes it.

pub mod admin_key;
pub mod authenticator;
pub mod dev_token;
pub mod jwks;
pub mod keys;
pub mod signing;
pub mod verifier;

pub use admin_key::AdminKey;
pub use authenticator::{Authenticator, Policy};
pub use verifier::{TokenKeys, TokenVerifier};

use uuid::Uuid;

use crate::capability::data::UserToken;

/// A user, and the token that acts for them.
#[derive(Debug, Clone)]
pub struct User {
    /// The token's `sub`.
    pub id: Uuid,
    /// What the data service checks again.
    pub token: UserToken,
}

/// Why a request is nobody's. The texts are for operators and hold nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token where one is required.
    #[error("no token was sent")]
    MissingToken,
    /// What was sent is not the form of a token.
    #[error("the token is malformed: {0}")]
    MalformedToken(&'static str),
    /// The token is not one of a user of this project.
    #[error("the token is not valid: {0}")]
    InvalidToken(&'static str),
    /// The token was valid once.
    #[error("the token has expired")]
    ExpiredToken,
    /// The request names another user than its token does.
    #[error("the request names another user than its token")]
    UserMismatch,
    /// The host can't tell, as it is set up.
    #[error("tokens can't be checked: {0}")]
    Configuration(&'static str),
    /// The host can't tell now, and may be able to in a moment.
    #[error("the token can't be checked right now: {0}")]
    Unavailable(&'static str),
}

impl AuthError {
    /// The frontend's code for it: 403 for `USER_MISMATCH`, 500 for `CONFIGURATION_ERROR`, 503 for
    /// `AUTH_UNAVAILABLE`, 401 for the others.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingToken => "MISSING_TOKEN",
            Self::MalformedToken(_) => "MALFORMED_TOKEN",
            Self::InvalidToken(_) => "INVALID_TOKEN",
            Self::ExpiredToken => "EXPIRED_TOKEN",
            Self::UserMismatch => "USER_MISMATCH",
            Self::Configuration(_) => "CONFIGURATION_ERROR",
            Self::Unavailable(_) => "AUTH_UNAVAILABLE",
        }
    }
}

/// The issuer of a Supabase project's user tokens: `<SUPABASE_URL>/auth/v1`.
pub fn issuer(supabase_url: &str) -> String {
    format!("{}/auth/v1", supabase_url.trim_end_matches('/'))
}

/// Seconds since 1970 in UTC.
fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}
