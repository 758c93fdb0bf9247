//! Supabase user tokens, checked.
//!
//! The JWT library verifies the signature and nothing more: by itself it takes tokens without an audience, with a
//! critical header it doesn't know, or valid for a million years. The form, the header and every claim are checked
//! here, strictly: a token that Supabase Auth would not have made is refused.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::jwks::{FetchError, Jwks};
use super::keys::is_key_id;
use super::{AuthError, User, now};
use crate::capability::data::UserToken;

/// The longest token read. Supabase's are about 1 KB; rich metadata makes some larger.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Seconds that clocks may differ.
const LEEWAY: u64 = 30;

/// Seconds from issue to expiry: the longest that Supabase can be set to, a week. An anon or service key has ten years.
pub(super) const MAX_LIFETIME: u64 = 7 * 24 * 3600;

/// The audience and the role of every signed-in user of a Supabase project.
pub(super) const AUTHENTICATED: &str = "authenticated";

/// What tokens are verified with. A token's `alg` chooses only between the kinds that are set up here, each with keys that
/// the other never sees: HS256 is checked with the shared secret alone, ES256 and RS256 with the published key that the
/// token names and only if that key is for that algorithm, so no key can be taken for one of another kind.
#[derive(Default)]
pub struct TokenKeys {
    /// The project's legacy shared secret. Without it no HS256 token is valid.
    pub shared_secret: Option<SecretString>,
    /// The keys that the project publishes. Without them no ES256 or RS256 token is valid.
    pub published: Option<Jwks>,
}

/// Tells a user's token of one Supabase project from everything else.
pub struct TokenVerifier {
    issuer: String,
    shared_secret: Option<DecodingKey>,
    published: Option<Jwks>,
}

impl TokenVerifier {
    /// A verifier of the tokens of `issuer` (see [`super::issuer`]).
    pub fn new(issuer: impl Into<String>, keys: TokenKeys) -> Self {
        let shared_secret =
            keys.shared_secret.map(|secret| DecodingKey::from_secret(secret.expose_secret().as_bytes()));
        Self { issuer: issuer.into(), shared_secret, published: keys.published }
    }

    /// Whose token it is. Waits only where a published key must be fetched for it.
    pub async fn verify(&self, token: &str) -> Result<User, AuthError> {
        self.verify_at(token, now()).await
    }

    /// Begins to fetch the published keys, so that the first token finds them.
    pub fn warm(&self) {
        self.published.iter().for_each(Jwks::warm);
    }

    /// Why published keys can't be fetched, where they are needed: a project may have its shared secret and no other.
    pub fn problem(&self) -> Option<FetchError> {
        let published = self.published.as_ref()?;
        published.failure().filter(|_| self.shared_secret.is_none() || published.has_keys())
    }

    async fn verify_at(&self, token: &str, now: u64) -> Result<User, AuthError> {
        let parts = Parts::split(token)?;
        let header: Header<'_> =
            serde_json::from_slice(&parts.header).map_err(|_| AuthError::InvalidToken("its header"))?;
        check_header(&header)?;
        if !self.is_genuine(&header, token, &parts).await? {
            return Err(AuthError::InvalidToken("its signature"));
        }
        // Only now is the rest worth a look.
        let claims: Claims<'_> =
            serde_json::from_slice(&parts.claims).map_err(|_| AuthError::InvalidToken("the form of its claims"))?;
        let id = self.check_claims(&claims, now)?;
        Ok(User { id, token: UserToken::new(SecretString::from(token)) })
    }

    async fn is_genuine(&self, header: &Header<'_>, token: &str, parts: &Parts) -> Result<bool, AuthError> {
        let algorithm = match &*header.alg {
            "HS256" => {
                let secret = self.shared_secret.as_ref().ok_or(AuthError::InvalidToken("its algorithm"))?;
                let (signed, signature) = (&token.as_bytes()[..parts.last_dot], &token[parts.last_dot + 1..]);
                // The secret has no id: what Supabase names it is not looked at.
                return Ok(jsonwebtoken::crypto::verify(signature, signed, secret, Algorithm::HS256).unwrap_or(false));
            }
            "ES256" => Algorithm::ES256,
            "RS256" => Algorithm::RS256,
            _ => return Err(AuthError::InvalidToken("its algorithm")),
        };
        let published = self.published.as_ref().ok_or(AuthError::InvalidToken("its algorithm"))?;
        let id = header.kid.as_deref().ok_or(AuthError::InvalidToken("it names no key"))?;
        let key = published.key(id).await?;
        if key.algorithm() != algorithm {
            return Err(AuthError::InvalidToken("its algorithm"));
        }
        Ok(key.has_signed(token, parts.last_dot))
    }

    fn check_claims(&self, claims: &Claims<'_>, now: u64) -> Result<Uuid, AuthError> {
        if claims.iss != self.issuer {
            return Err(AuthError::InvalidToken("its issuer"));
        }
        if !claims.aud.is_authenticated() {
            return Err(AuthError::InvalidToken("its audience"));
        }
        if claims.role != AUTHENTICATED {
            return Err(AuthError::InvalidToken("its role"));
        }
        // Issued to a third party's application, for what the user allowed that one.
        if claims.client_id.is_some() {
            return Err(AuthError::InvalidToken("it belongs to another application"));
        }
        // `Uuid` reads four notations; Supabase writes one.
        let sub = Uuid::try_parse(&claims.sub).map_err(|_| AuthError::InvalidToken("its subject"))?;
        if sub.hyphenated().to_string() != claims.sub {
            return Err(AuthError::InvalidToken("its subject"));
        }
        if claims.iat > now + LEEWAY {
            return Err(AuthError::InvalidToken("it was issued in the future"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
            return Err(AuthError::InvalidToken("it is not valid yet"));
        }
        match claims.exp.checked_sub(claims.iat) {
            Some(lifetime) if lifetime <= MAX_LIFETIME => {}
            _ => return Err(AuthError::InvalidToken("its lifetime")),
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(AuthError::ExpiredToken);
        }
        Ok(sub)
    }
}

fn check_header(header: &Header<'_>) -> Result<(), AuthError> {
    if header.typ.as_ref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(AuthError::InvalidToken("its type"));
    }
    if header.kid.as_ref().is_some_and(|kid| !is_key_id(kid)) {
        return Err(AuthError::InvalidToken("its key id"));
    }
    Ok(())
}

/// A compact JWS, taken apart.
struct Parts {
    /// Behind it is the signature; what is before it was signed.
    last_dot: usize,
    header: Vec<u8>,
    claims: Vec<u8>,
}

impl Parts {
    fn split(token: &str) -> Result<Self, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::MalformedToken("it is longer than 8 KB"));
        }
        let mut segments = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(AuthError::MalformedToken("it doesn't have three parts"));
        };
        // The decoder takes canonical base64url only: no padding, no stray bits.
        let decode = |part: &str| match URL_SAFE_NO_PAD.decode(part) {
            Ok(bytes) if !bytes.is_empty() => Ok(bytes),
            _ => Err(AuthError::MalformedToken("a part of it is not base64url")),
        };
        decode(signature)?;
        let last_dot = header.len() + 1 + claims.len();
        Ok(Self { last_dot, header: decode(header)?, claims: decode(claims)? })
    }
}

/// Any other parameter is refused: `crit`, `jwk`, `jku`, `x5u` and whatever else could change how a token is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow, default)]
    typ: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    kid: Option<Cow<'a, str>>,
}

/// The claims that matter. One that stands twice is an error, as readers differ on which one counts.
#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Audience<'a>,
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    exp: u64,
    iat: u64,
    #[serde(default)]
    nbf: Option<u64>,
    #[serde(default)]
    client_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience<'a> {
    One(#[serde(borrow)] Cow<'a, str>),
    Many(#[serde(borrow)] Vec<Cow<'a, str>>),
}

impl Audience<'_> {
    fn is_authenticated(&self) -> bool {
        match self {
            Self::One(audience) => audience == AUTHENTICATED,
            Self::Many(audiences) => matches!(audiences.as_slice(), [audience] if audience == AUTHENTICATED),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
