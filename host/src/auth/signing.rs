//! What tokens are signed with where this program is the one who signs: in development.

use std::fmt;

use jsonwebtoken::jwk::{Jwk, KeyOperations, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::AuthError;

/// A key, and the algorithm it is for.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key: EncodingKey,
    id: Option<String>,
}

impl SigningKey {
    /// A shared secret, for HS256.
    pub fn from_secret(secret: &SecretString) -> Self {
        let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
        Self { algorithm: Algorithm::HS256, key, id: None }
    }

    /// A private key on P-256 in PKCS #8, for ES256. Its id is its thumbprint (RFC 7638), so it needs none told.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, AuthError> {
        let key = Self { algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(pkcs8), id: None };
        let thumbprint = key.public()?.thumbprint(ThumbprintHash::SHA256).map_err(|_| NOT_A_KEY)?;
        Ok(Self { id: Some(thumbprint), ..key })
    }

    /// The public half, as Supabase Auth publishes it. A shared secret has none.
    pub fn public(&self) -> Result<Jwk, AuthError> {
        if self.algorithm != Algorithm::ES256 {
            return Err(AuthError::Configuration("a shared secret has no public half"));
        }
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).map_err(|_| NOT_A_KEY)?;
        jwk.common.key_id.clone_from(&self.id);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_operations = Some(vec![KeyOperations::Verify]);
        Ok(jwk)
    }

    /// A token with these claims.
    pub fn sign(&self, claims: &impl Serialize) -> Result<SecretString, AuthError> {
        let header = Header { kid: self.id.clone(), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, claims, &self.key)
            .map(SecretString::from)
            .map_err(|_| AuthError::Configuration("a development token can't be signed"))
    }
}

const NOT_A_KEY: AuthError = AuthError::Configuration("the key for development tokens is not one on P-256");

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("id", &self.id).finish_non_exhaustive()
    }
}
