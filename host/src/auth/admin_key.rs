//! The key of operators.

use std::sync::Arc;

use axum::http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::hex::hex;

/// Bytes of the digest that stand for the key in the audit log: enough to tell keys apart, and of a key of 32 random bytes
/// they give nothing away.
const FINGERPRINT_BYTES: usize = 6;

/// `ADMIN_API_KEY`, as its digest.
pub struct AdminKey {
    digest: [u8; 32],
    fingerprint: Arc<str>,
}

impl AdminKey {
    /// Takes the key in.
    pub fn new(key: &SecretString) -> Self {
        let digest: [u8; 32] = Sha256::digest(key.expose_secret()).into();
        Self { digest, fingerprint: hex(&digest[..FINGERPRINT_BYTES]).into() }
    }

    /// The key's fingerprint, if the `Authorization` headers are one `Bearer` with the key. What is compared are digests,
    /// in constant time: how long it takes says nothing about the key, its length included.
    pub fn check<'a>(&self, authorization: impl IntoIterator<Item = &'a HeaderValue>) -> Option<Arc<str>> {
        let mut headers = authorization.into_iter();
        let (header, None) = (headers.next()?, headers.next()) else { return None };
        let (scheme, key) = header.to_str().ok()?.split_once(' ')?;
        let is_right: bool = Sha256::digest(key).ct_eq(&self.digest).into();
        (is_right && scheme.eq_ignore_ascii_case("bearer")).then(|| Arc::clone(&self.fingerprint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn check(headers: &[&str]) -> Option<Arc<str>> {
        let headers: Vec<HeaderValue> = headers.iter().map(|header| HeaderValue::from_str(header).unwrap()).collect();
        AdminKey::new(&KEY.into()).check(&headers)
    }

    #[test]
    fn only_the_key_itself_as_one_bearer_is_taken() {
        let fingerprint = check(&[&format!("Bearer {KEY}")]).unwrap();
        assert_eq!(fingerprint.len(), 12);
        assert!(!KEY.contains(&*fingerprint));
        assert_eq!(check(&[&format!("bearer {KEY}")]), Some(fingerprint));
        let good = format!("Bearer {KEY}");
        for wrong in [
            &[][..],
            &[""],
            &["Bearer "],
            &[KEY],
            &[&format!("Basic {KEY}")],
            &[&format!("Bearer {KEY} ")],
            &[&format!("Bearer {}", &KEY[1..])],
            &[&format!("Bearer {KEY}0")],
            &[&format!("Bearer {}", KEY.to_uppercase())],
            &[&good, &good],
        ] {
            assert_eq!(check(wrong), None, "{wrong:?}");
        }
    }
}
