//! Who a request is from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use secrecy::SecretString;
use uuid::Uuid;

use super::{AuthError, TokenVerifier, User, dev_token};
use crate::capability::data::UserToken;

/// How long a minted token is valid.
const MINTED_LIFETIME: Duration = Duration::from_secs(3600);
/// How long it is handed out: a turn that starts with it has as long again.
const MINTED_REUSE: Duration = Duration::from_secs(1800);
/// How many users' tokens are kept. Development has a few users; a load test some hundreds.
const MINTED_KEPT: usize = 1024;

/// The rule of the environment.
pub enum Policy {
    /// A valid token says who the user is: beta, gamma and production.
    TokenRequired,
    /// Development. Without a token the request's `user_id`, or else `system_user`, is the user, and the host makes a
    /// token for them. A token that is sent must be valid all the same.
    TokenOptional {
        /// `SYSTEM_USER_ID`.
        system_user: Uuid,
        /// The issuer of the tokens made here.
        issuer: String,
        /// `SUPABASE_JWT_SECRET`. Without it no token can be made.
        secret: Option<SecretString>,
    },
}

/// Decides who a request is from.
pub struct Authenticator {
    verifier: Option<TokenVerifier>,
    policy: Policy,
    minted: Mutex<HashMap<Uuid, (Instant, UserToken)>>,
}

impl Authenticator {
    /// Without a verifier, tokens are refused with [`AuthError::Configuration`].
    pub fn new(verifier: Option<TokenVerifier>, policy: Policy) -> Self {
        Self { verifier, policy, minted: Mutex::default() }
    }

    /// Whom a token in these `Authorization` headers names. Nobody only in development, without a token.
    pub async fn signed_in<'a>(
        &self,
        authorization: impl IntoIterator<Item = &'a HeaderValue>,
    ) -> Result<Option<User>, AuthError> {
        match (bearer(authorization)?, &self.policy) {
            (Some(token), _) => {
                let verifier = self.verifier.as_ref().ok_or(AuthError::Configuration("SUPABASE_URL is not set"))?;
                verifier.verify(token).await.map(Some)
            }
            (None, Policy::TokenRequired) => Err(AuthError::MissingToken),
            (None, Policy::TokenOptional { .. }) => Ok(None),
        }
    }

    /// The user of a request that names `claimed` as its user in its body or query. A claim never grants anything: it must
    /// be the token's user, or in development name one.
    pub fn user(&self, signed_in: Option<User>, claimed: Option<Uuid>) -> Result<User, AuthError> {
        match (signed_in, &self.policy) {
            (Some(user), _) if claimed.is_none_or(|claimed| claimed == user.id) => Ok(user),
            (Some(_), _) => Err(AuthError::UserMismatch),
            (None, Policy::TokenRequired) => Err(AuthError::MissingToken),
            (None, Policy::TokenOptional { system_user, issuer, secret }) => {
                let secret = secret.as_ref().ok_or(AuthError::Configuration(
                    "the request has none, and without SUPABASE_JWT_SECRET the host can't make one",
                ))?;
                let id = claimed.unwrap_or(*system_user);
                Ok(User { id, token: self.minted(secret, issuer, id)? })
            }
        }
    }

    /// Begins what the first request would otherwise wait for. Must be called in a runtime.
    pub fn warm(&self) {
        self.verifier.iter().for_each(TokenVerifier::warm);
    }

    /// What doesn't work, for the health check.
    pub fn problem(&self) -> Option<String> {
        let problem = self.verifier.as_ref()?.problem()?;
        Some(format!("auth: the keys of users' tokens can't be fetched: {problem}"))
    }

    fn minted(&self, secret: &SecretString, issuer: &str, user: Uuid) -> Result<UserToken, AuthError> {
        let mut minted = self.minted.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let fresh = |at: &Instant| now.duration_since(*at) < MINTED_REUSE;
        if let Some((_, token)) = minted.get(&user).filter(|(at, _)| fresh(at)) {
            return Ok(token.clone());
        }
        let token = UserToken::new(dev_token::mint(secret, issuer, user, MINTED_LIFETIME)?);
        if minted.len() >= MINTED_KEPT {
            minted.retain(|_, (at, _)| fresh(at));
        }
        if minted.len() < MINTED_KEPT {
            minted.insert(user, (now, token.clone()));
        }
        Ok(token)
    }
}

/// The token of `Authorization: Bearer …`, sent once.
fn bearer<'a>(authorization: impl IntoIterator<Item = &'a HeaderValue>) -> Result<Option<&'a str>, AuthError> {
    let mut headers = authorization.into_iter();
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(AuthError::MalformedToken("there are two Authorization headers"));
    }
    let header = header.to_str().map_err(|_| AuthError::MalformedToken("it is not text"))?;
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token)),
        _ => Err(AuthError::MalformedToken("its scheme is not Bearer")),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::auth::TokenKeys;

    const SECRET: &str = "a-secret-of-the-project-that-is-32-bytes-long";
    const ISSUER: &str = "http://localhost:54321/auth/v1";
    const SYSTEM: Uuid = Uuid::from_u128(7);
    const ANNA: Uuid = Uuid::from_u128(0xA);
    const BEN: Uuid = Uuid::from_u128(0xB);

    impl Authenticator {
        async fn authenticate<'a>(
            &self,
            authorization: impl IntoIterator<Item = &'a HeaderValue>,
            claimed: Option<Uuid>,
        ) -> Result<User, AuthError> {
            self.user(self.signed_in(authorization).await?, claimed)
        }
    }

    fn verifier() -> TokenVerifier {
        TokenVerifier::new(ISSUER, TokenKeys { shared_secret: Some(SECRET.into()), published: None })
    }

    fn production() -> Authenticator {
        Authenticator::new(Some(verifier()), Policy::TokenRequired)
    }

    fn development() -> Authenticator {
        let policy = Policy::TokenOptional { system_user: SYSTEM, issuer: ISSUER.into(), secret: Some(SECRET.into()) };
        Authenticator::new(Some(verifier()), policy)
    }

    fn bearer_of(user: Uuid) -> HeaderValue {
        let token = dev_token::mint(&SECRET.into(), ISSUER, user, Duration::from_secs(60)).unwrap();
        HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).unwrap()
    }

    fn code(result: Result<User, AuthError>) -> &'static str {
        result.expect_err("refused").code()
    }

    #[tokio::test]
    async fn production_takes_the_user_from_the_token_alone() {
        let header = bearer_of(ANNA);
        assert_eq!(production().authenticate([&header], None).await.unwrap().id, ANNA);
        assert_eq!(production().authenticate([&header], Some(ANNA)).await.unwrap().id, ANNA);
        assert_eq!(code(production().authenticate([&header], Some(BEN)).await), "USER_MISMATCH");
        assert_eq!(code(production().authenticate([], Some(ANNA)).await), "MISSING_TOKEN");
        assert_eq!(code(production().authenticate([], None).await), "MISSING_TOKEN");
    }

    #[tokio::test]
    async fn development_takes_the_named_user_or_the_system_user_and_makes_a_token_for_them() {
        let development = development();
        let named = development.authenticate([], Some(ANNA)).await.unwrap();
        assert_eq!(named.id, ANNA);
        assert_eq!(verifier().verify(named.token.secret().expose_secret()).await.unwrap().id, ANNA);
        let system = development.authenticate([], None).await.unwrap();
        assert_eq!(system.id, SYSTEM);
        assert_eq!(verifier().verify(system.token.secret().expose_secret()).await.unwrap().id, SYSTEM);
    }

    #[tokio::test]
    async fn development_refuses_a_token_that_is_not_valid_instead_of_falling_back() {
        let forged = HeaderValue::from_static("Bearer a.b.c");
        assert_eq!(code(development().authenticate([&forged], Some(ANNA)).await), "MALFORMED_TOKEN");
        assert_eq!(code(development().authenticate([&bearer_of(ANNA)], Some(BEN)).await), "USER_MISMATCH");
    }

    #[tokio::test]
    async fn development_without_a_secret_says_what_is_missing() {
        let policy = Policy::TokenOptional { system_user: SYSTEM, issuer: ISSUER.into(), secret: None };
        let unset = Authenticator::new(None, policy);
        assert_eq!(code(unset.authenticate([], None).await), "CONFIGURATION_ERROR");
        assert_eq!(code(unset.authenticate([&bearer_of(ANNA)], None).await), "CONFIGURATION_ERROR");
    }

    #[tokio::test]
    async fn a_made_token_is_used_again_for_the_same_user_only_and_few_are_kept() {
        let development = development();
        let token = async |user| {
            let user = development.authenticate([], Some(user)).await.unwrap();
            user.token.secret().expose_secret().to_owned()
        };
        assert_eq!(token(ANNA).await, token(ANNA).await);
        assert_ne!(token(ANNA).await, token(BEN).await);
        for user in 0..MINTED_KEPT as u128 + 10 {
            token(Uuid::from_u128(user + 100)).await;
        }
        assert_eq!(development.minted.lock().unwrap().len(), MINTED_KEPT);
    }

    #[tokio::test]
    async fn headers_that_are_not_one_bearer_token_are_malformed() {
        let anna = bearer_of(ANNA);
        let refused =
            async |headers: &[&HeaderValue]| code(production().authenticate(headers.iter().copied(), None).await);
        assert_eq!(refused(&[&anna, &anna]).await, "MALFORMED_TOKEN");
        assert_eq!(refused(&[&anna, &HeaderValue::from_static("")]).await, "MALFORMED_TOKEN");
        for header in
            ["", "Bearer", "Bearer ", "Basic YTpi", "Token abc", "Bearer  a.b.c", "Bearer a.b.c, Bearer a.b.c"]
        {
            assert_eq!(refused(&[&HeaderValue::from_static(header)]).await, "MALFORMED_TOKEN", "{header:?}");
        }
        assert_eq!(refused(&[&HeaderValue::from_bytes(b"Bearer \xff").unwrap()]).await, "MALFORMED_TOKEN");
        let basic = HeaderValue::try_from(anna.to_str().unwrap().replacen("Bearer", "Basic", 1)).unwrap();
        assert_eq!(refused(&[&basic]).await, "MALFORMED_TOKEN");
        let sloppy = HeaderValue::try_from(anna.to_str().unwrap().replacen("Bearer", "bearer", 1)).unwrap();
        assert_eq!(production().authenticate([&sloppy], None).await.unwrap().id, ANNA);
    }
}
