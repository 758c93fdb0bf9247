//! A project's public keys, each pinned to the one algorithm it is for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The keys taken from a set. A project has two or three: the one in use, the one before, the one to come.
const MAX_KEYS: usize = 16;

/// The sizes of RSA keys, in bits. Smaller ones are weak, and larger ones the cryptography doesn't take.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Tokens remembered per key and generation, as 32 bytes each.
const REMEMBERED: usize = 1024;

/// A public key of a project.
pub struct PublicKey {
    algorithm: Algorithm,
    parameters: AlgorithmParameters,
    key: DecodingKey,
    verified: Mutex<Verified>,
}

/// The tokens that a key's signature was found on, by their digests, in two generations: a token comes with every request
/// of a session, and verifying takes longer than everything else that is done with it. What a token says is read and
/// checked each time. With the key goes what was found with it.
#[derive(Default)]
struct Verified {
    current: HashSet<[u8; 32]>,
    previous: HashSet<[u8; 32]>,
}

impl PublicKey {
    /// The one algorithm it is for, whatever a token's header says.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it signed this token: header, claims and signature with dots between them, and where the last dot stands.
    pub(super) fn has_signed(&self, token: &str, last_dot: usize) -> bool {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if self.verified.lock().unwrap_or_else(PoisonError::into_inner).contains(&digest) {
            return true;
        }
        let (signed, signature) = (&token.as_bytes()[..last_dot], &token[last_dot + 1..]);
        let genuine = jsonwebtoken::crypto::verify(signature, signed, &self.key, self.algorithm).unwrap_or(false);
        if genuine {
            self.verified.lock().unwrap_or_else(PoisonError::into_inner).insert(digest);
        }
        genuine
    }
}

impl Verified {
    fn contains(&self, digest: &[u8; 32]) -> bool {
        self.current.contains(digest) || self.previous.contains(digest)
    }

    fn insert(&mut self, digest: [u8; 32]) {
        if self.current.len() >= REMEMBERED {
            self.previous = std::mem::take(&mut self.current);
        }
        self.current.insert(digest);
    }
}

/// The usable keys of a JSON Web Key Set, by their ids.
#[derive(Clone, Default)]
pub struct KeySet(HashMap<String, Arc<PublicKey>>);

impl KeySet {
    /// Reads a key set. Keys that can't verify a user's token are left out, as if they weren't there: symmetric and
    /// private ones, those for something else, and those of other algorithms than ES256 and RS256.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(json)?;
        let mut keys = HashMap::new();
        for (at, key) in document.keys.iter().enumerate() {
            match usable(key) {
                Ok(_) if keys.len() == MAX_KEYS => {
                    tracing::warn!("the project publishes more than {MAX_KEYS} token keys; the others are not used");
                    break;
                }
                Ok((id, _)) if keys.contains_key(&id) => {
                    tracing::warn!(key = at, "a published token key is not used: another one has its id");
                }
                Ok((id, key)) => {
                    keys.insert(id, Arc::new(key));
                }
                Err(why) => tracing::debug!(key = at, "a published token key is not used: {why}"),
            }
        }
        Ok(Self(keys))
    }

    /// The key with an id.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<PublicKey>> {
        self.0.get(id)
    }

    /// The same keys; those that `earlier` has too stay the ones they were, with what they remember.
    pub(super) fn keeping(mut self, earlier: &Self) -> Self {
        for (id, key) in &mut self.0 {
            if let Some(same) = earlier.get(id).filter(|earlier| earlier.parameters == key.parameters) {
                *key = Arc::clone(same);
            }
        }
        self
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Whether a text can be the id of a key: Supabase's are UUIDs, others' base64.
pub(super) fn is_key_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
}

/// A key with its id, or why it is none for tokens.
fn usable(value: &Value) -> Result<(String, PublicKey), &'static str> {
    if value.get("d").is_some() || value.get("k").is_some() {
        return Err("it is a secret, and published");
    }
    let jwk = Jwk::deserialize(value).map_err(|_| "it is not a key")?;
    let id = jwk.common.key_id.filter(|id| is_key_id(id)).ok_or("it has no id that a token could name")?;
    if jwk.common.public_key_use.is_some_and(|purpose| purpose != PublicKeyUse::Signature) {
        return Err("it is not for signatures");
    }
    if jwk.common.key_operations.is_some_and(|operations| !operations.contains(&KeyOperations::Verify)) {
        return Err("it is not for verifying");
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            if decoded(&ec.x)?.len() != 32 || decoded(&ec.y)?.len() != 32 {
                return Err("its point has the wrong size");
            }
            Algorithm::ES256
        }
        AlgorithmParameters::RSA(rsa) => {
            if !RSA_BITS.contains(&bits(&decoded(&rsa.n)?)) {
                return Err("its modulus has the wrong size");
            }
            decoded(&rsa.e)?;
            Algorithm::RS256
        }
        _ => return Err("its kind is neither EC with P-256 nor RSA"),
    };
    if jwk.common.key_algorithm.is_some_and(|named| named != KeyAlgorithm::from(algorithm)) {
        return Err("it is for another algorithm");
    }
    let key = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(ec) => DecodingKey::from_ec_components(&ec.x, &ec.y),
        AlgorithmParameters::RSA(rsa) => DecodingKey::from_rsa_components(&rsa.n, &rsa.e),
        _ => return Err("its kind is neither EC with P-256 nor RSA"),
    };
    let key = key.map_err(|_| "it is not a key")?;
    Ok((id, PublicKey { algorithm, parameters: jwk.algorithm, key, verified: Mutex::default() }))
}

fn decoded(text: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a part of it is not base64url")
}

fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let rest = &number[zeros..];
    rest.first().map_or(0, |first| rest.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests;
