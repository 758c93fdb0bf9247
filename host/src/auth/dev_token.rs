//! Tokens for development, in the form that Supabase Auth gives its own.

use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use super::signing::SigningKey;
use super::verifier::{AUTHENTICATED, MAX_LIFETIME};
use super::{AuthError, now};

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    role: &'a str,
    sub: Uuid,
    iat: u64,
    exp: u64,
    is_anonymous: bool,
    /// None: nobody signed in for it.
    session_id: Uuid,
}

/// A token of `user`, signed with the project's shared secret (`SUPABASE_JWT_SECRET`), valid from now for `lifetime`,
/// at most a week. `issuer` is that of [`super::issuer`].
pub fn mint(secret: &SecretString, issuer: &str, user: Uuid, lifetime: Duration) -> Result<SecretString, AuthError> {
    mint_with(&SigningKey::from_secret(secret), issuer, user, lifetime)
}

/// As [`mint`], with a key of either kind.
pub fn mint_with(key: &SigningKey, issuer: &str, user: Uuid, lifetime: Duration) -> Result<SecretString, AuthError> {
    let now = now();
    let claims = Claims {
        iss: issuer,
        aud: AUTHENTICATED,
        role: AUTHENTICATED,
        sub: user,
        iat: now,
        exp: now + lifetime.as_secs().min(MAX_LIFETIME),
        is_anonymous: false,
        session_id: Uuid::nil(),
    };
    key.sign(&claims)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::auth::{TokenKeys, TokenVerifier};

    #[tokio::test]
    async fn a_minted_token_is_taken_by_the_verifier_of_its_project_and_by_no_other() {
        let secret = SecretString::from("a-secret-of-the-project-that-is-32-bytes-long");
        let user = Uuid::new_v4();
        let token = mint(&secret, "http://localhost:54321/auth/v1", user, Duration::from_secs(60)).unwrap();
        let verify = async |issuer: &str, secret: &str| {
            let keys = TokenKeys { shared_secret: Some(secret.into()), published: None };
            TokenVerifier::new(issuer, keys).verify(token.expose_secret()).await
        };
        assert_eq!(verify("http://localhost:54321/auth/v1", secret.expose_secret()).await.unwrap().id, user);
        assert!(verify("http://localhost:1/auth/v1", secret.expose_secret()).await.is_err());
        assert!(verify("http://localhost:54321/auth/v1", "another-secret-that-is-32-bytes-long-too").await.is_err());
    }
}
