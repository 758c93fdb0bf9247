//! A project with its keys, the tokens it makes, and those that must be refused, for each algorithm. The end-to-end tests
//! send the same ones.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "a-secret-of-the-project-that-is-32-bytes-long";
pub(crate) const PUBLISHABLE_KEY: &str = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
pub(crate) const EC_KEY: &str = "c7d2ab0e-31f5-4b7e-a9d1-1f0d4a1b6f0e";
pub(crate) const RSA_KEY: &str = "4e1b0c55-7a1e-4f37-8f0c-2d5c9a7f3b21";
pub(crate) const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::HS256];

const LEEWAY: u64 = 30;
const MAX_LIFETIME: u64 = 7 * 24 * 3600;
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A token that must be refused: what is wrong with it, the token, the code of the refusal.
pub(crate) type Refused = (&'static str, String, &'static str);

pub(crate) struct Project {
    pub(crate) issuer: String,
    pub(crate) user: String,
    pub(crate) now: u64,
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl Project {
    pub(crate) fn new(issuer: &str, user: &str, now: u64) -> Self {
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self { issuer: issuer.to_owned(), user: user.to_owned(), now, ec, rsa }
    }

    /// What it publishes.
    pub(crate) fn key_set(&self) -> Value {
        let point = self.ec.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let public = self.rsa.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        json!({ "keys": [
            {
                "alg": "ES256", "crv": "P-256", "ext": true, "key_ops": ["verify"], "kid": EC_KEY, "kty": "EC", "use": "sig",
                "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            },
            {
                "alg": "RS256", "key_ops": ["verify"], "kid": RSA_KEY, "kty": "RSA", "use": "sig",
                "n": URL_SAFE_NO_PAD.encode(n.big_endian_without_leading_zero()),
                "e": URL_SAFE_NO_PAD.encode(e.big_endian_without_leading_zero()),
            },
        ]})
    }

    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "aud": "authenticated", "role": "authenticated", "sub": self.user,
            "iat": self.now - 60, "exp": self.now + 3540, "email": "anna@example.com", "phone": "", "aal": "aal1",
            "app_metadata": {"provider": "email"}, "session_id": "0b0b2f5e-8f5b-4b55-8f9b-0a8c9a0f5d11",
            "is_anonymous": false,
        })
    }

    pub(crate) fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[name] = value;
        claims.to_string()
    }

    fn without(&self, name: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims.to_string()
    }

    /// Claims with a member written as it stands, for what a JSON library would not write.
    fn raw(&self, member: &str) -> String {
        let name = member.split(':').next().unwrap().trim_matches('"');
        format!("{{{member},{}", &self.without(name)[1..])
    }

    /// Signed as the algorithm signs, whatever the header says.
    pub(crate) fn signed(&self, algorithm: Algorithm, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let signature = match algorithm {
            Algorithm::ES256 => self.ec.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Algorithm::RS256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            _ => return with_secret(SECRET.as_bytes(), header, claims),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub(crate) fn good(&self, algorithm: Algorithm) -> String {
        self.signed(algorithm, &header(algorithm, name(algorithm), ""), &self.claims().to_string())
    }

    /// Everything public of the project that could be taken for a secret.
    fn public(&self) -> Vec<Vec<u8>> {
        let pem = |der: &[u8]| {
            let text = STANDARD.encode(der);
            let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")).into_bytes()
        };
        let ec = self.ec.public_key();
        let rsa = self.rsa.public_key();
        let (ec_der, rsa_der) = (ec.as_der().unwrap(), rsa.as_der().unwrap());
        let keys = self.key_set();
        vec![
            Vec::new(),
            PUBLISHABLE_KEY.into(),
            self.issuer.clone().into(),
            EC_KEY.into(),
            ec.as_ref().to_vec(),
            ec_der.as_ref().to_vec(),
            pem(ec_der.as_ref()),
            rsa.as_ref().to_vec(),
            rsa_der.as_ref().to_vec(),
            pem(rsa_der.as_ref()),
            keys.to_string().into(),
            keys["keys"][0].to_string().into(),
            keys["keys"][1].to_string().into(),
        ]
    }

    /// Tokens of this kind that a verifier of all kinds must refuse.
    pub(crate) fn refused(&self, algorithm: Algorithm) -> Vec<Refused> {
        const INVALID: &str = "INVALID_TOKEN";
        const MALFORMED: &str = "MALFORMED_TOKEN";
        let (own, now, good) = (name(algorithm), self.now, self.claims().to_string());
        let usual = header(algorithm, own, "");
        let token = self.good(algorithm);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let head = |header: &str| self.signed(algorithm, header, &good);
        // Another algorithm in the header; or more in it.
        let says = |other: &str| head(&header(algorithm, other, ""));
        let more = |members: &str| head(&header(algorithm, own, members));
        let named = |kid: &str| head(&format!(r#"{{"alg":"{own}","typ":"JWT","kid":{kid}}}"#));
        let body = |claims: String| self.signed(algorithm, &usual, &claims);
        let last = |replacement: &str| format!("{message}.{replacement}");
        let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        // The last character carries fewer bits than it could: one with the others set is the same bytes, written wrongly.
        let (most, end) = signature.split_at(signature.len() - 1);
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let stray = alphabet.chars().nth(alphabet.find(end).unwrap() + 1).unwrap();
        let key = json!({ "kty": "oct", "k": "AAAA" });
        let mut refused = vec![
            ("no algorithm", format!("{}.", says("none").rsplit_once('.').unwrap().0), MALFORMED),
            ("algorithm none, signed", says("none"), INVALID),
            ("algorithm nOnE", says("nOnE"), INVALID),
            ("algorithm in lower case", says(&own.to_lowercase()), INVALID),
            ("algorithm missing", head(r#"{"typ":"JWT"}"#), INVALID),
            ("algorithm a list", head(&usual.replace(&format!("\"{own}\""), &format!("[\"{own}\"]"))), INVALID),
            ("algorithm twice", more(&format!(r#","alg":"{own}""#)), INVALID),
            ("algorithm twice, escaped", more(r#","\u0061lg":"none""#), INVALID),
            ("path as key id", named(r#""../../../../dev/null""#), INVALID),
            ("query as key id", named(r#""x' or 1=1 --""#), INVALID),
            ("empty key id", named(r#""""#), INVALID),
            ("key id a number", named("1"), INVALID),
            ("key id twice", more(&format!(r#","kid":"{EC_KEY}","kid":"{EC_KEY}""#)), INVALID),
            ("1 KB key id", named(&format!("\"{}\"", "k".repeat(1024))), INVALID),
            ("10 KB key id", named(&format!("\"{}\"", "k".repeat(10_240))), MALFORMED),
            ("its own key", more(&format!(r#","jwk":{key}"#)), INVALID),
            ("its own public key", more(&format!(r#","jwk":{}"#, self.key_set()["keys"][0])), INVALID),
            ("address of a key set", more(r#","jku":"https://evil.example/jwks""#), INVALID),
            ("address of a certificate", more(r#","x5u":"https://evil.example/x""#), INVALID),
            ("certificate", more(r#","x5c":["AAAA"]"#), INVALID),
            ("critical parameter", more(r#","crit":["exp"]"#), INVALID),
            ("critical parameter, known", more(r#","crit":["b64"],"b64":false"#), INVALID),
            ("access-token type", head(&usual.replace("JWT", "at+jwt")), INVALID),
            ("type JWE", head(&usual.replace("JWT", "JWE")), INVALID),
            ("header a list", head("[]"), INVALID),
            ("header not JSON", head(own), INVALID),
            ("empty signature", last(""), MALFORMED),
            ("signature of zeros", last(&URL_SAFE_NO_PAD.encode(vec![0; bytes.len()])), INVALID),
            ("DER signature", last(&URL_SAFE_NO_PAD.encode(der(&bytes))), INVALID),
            ("cut signature", last(&URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() / 2])), INVALID),
            ("signature with more", last(&URL_SAFE_NO_PAD.encode([&bytes[..], &[0]].concat())), INVALID),
            ("signature with stray bits", last(&format!("{most}{stray}")), MALFORMED),
            ("padded signature", format!("{token}="), MALFORMED),
            (
                "another token's signature",
                last(body(self.with("email", json!("x"))).rsplit_once('.').unwrap().1),
                INVALID,
            ),
            ("four parts", format!("{token}.x"), MALFORMED),
            ("four parts, empty", format!("{token}."), MALFORMED),
            ("two parts", message.to_owned(), MALFORMED),
            ("dots", "..".to_owned(), MALFORMED),
            ("space before", format!(" {token}"), MALFORMED),
            ("over 8 KB", body(self.with("email", json!("a".repeat(MAX_TOKEN_BYTES)))), MALFORMED),
            ("publishable key", PUBLISHABLE_KEY.to_owned(), MALFORMED),
            ("expired", body(self.with("exp", json!(now - LEEWAY - 5))), "EXPIRED_TOKEN"),
            ("expiry missing", body(self.without("exp")), INVALID),
            ("expiry null", body(self.with("exp", json!(null))), INVALID),
            ("expiry a text", body(self.with("exp", json!((now + 60).to_string()))), INVALID),
            ("expiry negative", body(self.with("exp", json!(-1))), INVALID),
            ("expiry a fraction", body(self.raw(&format!(r#""exp":{}.5"#, now + 60))), INVALID),
            ("expiry 1e300", body(self.raw(r#""exp":1e300"#)), INVALID),
            ("expiry the largest number", body(self.with("exp", json!(u64::MAX))), INVALID),
            ("expiry larger than that", body(self.raw(r#""exp":18446744073709551616"#)), INVALID),
            ("lives over a week", body(self.with("exp", json!(now + MAX_LIFETIME))), INVALID),
            ("expires before it is issued", body(self.with("exp", json!(now - 61))), INVALID),
            ("not valid yet", body(self.with("nbf", json!(now + LEEWAY + 60))), INVALID),
            ("start a text", body(self.with("nbf", json!("0"))), INVALID),
            ("issued in the future", body(self.with("iat", json!(now + LEEWAY + 60))), INVALID),
            ("issue missing", body(self.without("iat")), INVALID),
            ("issuer missing", body(self.without("iss")), INVALID),
            ("issuer null", body(self.with("iss", json!(null))), INVALID),
            ("issuer of another project", body(self.with("iss", json!("https://other.supabase.co/auth/v1"))), INVALID),
            ("issuer with a slash", body(self.with("iss", json!(format!("{}/", self.issuer)))), INVALID),
            ("issuer a list", body(self.with("iss", json!([self.issuer]))), INVALID),
            ("issuer twice", body(format!(r#"{{"iss":"{}",{}"#, self.issuer, &good[1..])), INVALID),
            ("audience missing", body(self.without("aud")), INVALID),
            ("audience null", body(self.with("aud", json!(null))), INVALID),
            ("audience an empty list", body(self.with("aud", json!([]))), INVALID),
            ("audience a number", body(self.with("aud", json!(1))), INVALID),
            ("audience a client", body(self.with("aud", json!("3f1a9d2e-client"))), INVALID),
            ("audience and another", body(self.with("aud", json!(["authenticated", "other"]))), INVALID),
            ("made for an application", body(self.with("client_id", json!("3f1a9d2e"))), INVALID),
            ("anon key", body(self.key("anon")), INVALID),
            ("service key", body(self.key("service_role")), INVALID),
            ("role anon", body(self.with("role", json!("anon"))), INVALID),
            ("role service_role", body(self.with("role", json!("service_role"))), INVALID),
            ("role postgres", body(self.with("role", json!("postgres"))), INVALID),
            ("role missing", body(self.without("role")), INVALID),
            ("role twice", body(format!(r#"{{"role":"authenticated",{}"#, &good[1..])), INVALID),
            ("role twice, escaped", body(format!(r#"{{"r\u006fle":"service_role",{}"#, &good[1..])), INVALID),
            ("subject missing", body(self.without("sub")), INVALID),
            ("subject empty", body(self.with("sub", json!(""))), INVALID),
            ("subject not a UUID", body(self.with("sub", json!("anna"))), INVALID),
            ("subject without hyphens", body(self.with("sub", json!(self.user.replace('-', "")))), INVALID),
            ("subject in braces", body(self.with("sub", json!(format!("{{{}}}", self.user)))), INVALID),
            ("subject a number", body(self.with("sub", json!(1))), INVALID),
            ("claims a list", body("[]".to_owned()), INVALID),
            ("claims null", body("null".to_owned()), INVALID),
            ("claims not JSON", body("{".to_owned()), INVALID),
            ("claims followed by more", body(format!("{good}{{}}")), INVALID),
        ];
        for other in ["HS256", "HS384", "HS512", "ES256", "ES384", "RS256", "RS512", "PS256", "EdDSA"] {
            if other != own {
                refused.push(("another algorithm in the header", says(other), INVALID));
            }
        }
        // A published key's name with another key's signature, in both directions.
        for id in [EC_KEY, RSA_KEY] {
            for other in ALGORITHMS.into_iter().filter(|other| *other != algorithm) {
                let header = format!(r#"{{"alg":"{own}","typ":"JWT","kid":"{id}"}}"#);
                refused.push(("another key's signature", self.signed(other, &header, &good), INVALID));
            }
        }
        for public in self.public() {
            refused.push(("something public as the secret", with_secret(&public, &usual, &good), INVALID));
            let claims_hs256 = header(algorithm, "HS256", "");
            refused.push(("HS256 with something public", with_secret(&public, &claims_hs256, &good), INVALID));
        }
        if algorithm != Algorithm::HS256 {
            let another = Self::new(&self.issuer, &self.user, now);
            refused.extend([
                ("unknown key id", named(r#""0f6f3a3e-0000-4b7e-a9d1-1f0d4a1b6f0e""#), INVALID),
                ("no key id", head(&format!(r#"{{"alg":"{own}","typ":"JWT"}}"#)), INVALID),
                ("key id null", named("null"), INVALID),
                ("key id in capitals", named(&format!("\"{}\"", EC_KEY.to_uppercase())), INVALID),
                ("a key of another project with this one's id", another.good(algorithm), INVALID),
            ]);
        } else {
            let wrong = with_secret(b"another-secret-that-is-32-bytes-long-too", &usual, &good);
            refused.push(("wrong secret", wrong, INVALID));
        }
        refused
    }

    /// Claims of a project's own key.
    fn key(&self, role: &str) -> String {
        let (iat, exp) = (self.now - 60, self.now + 315_360_000);
        json!({ "iss": "supabase", "ref": "project", "role": role, "iat": iat, "exp": exp }).to_string()
    }
}

/// As a header names it.
pub(crate) fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "ES256",
        Algorithm::RS256 => "RS256",
        _ => "HS256",
    }
}

/// The usual header of a kind, that says another algorithm, or more.
pub(crate) fn header(kind: Algorithm, says: &str, more: &str) -> String {
    let kid = match kind {
        Algorithm::ES256 => format!(r#","kid":"{EC_KEY}""#),
        Algorithm::RS256 => format!(r#","kid":"{RSA_KEY}""#),
        _ => String::new(),
    };
    format!(r#"{{"alg":"{says}","typ":"JWT"{kid}{more}}}"#)
}

pub(crate) fn with_secret(secret: &[u8], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(secret);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// Two numbers side by side, as ASN.1 writes them.
fn der(numbers: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let number: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = number.first().is_none_or(|first| *first >= 0x80).then_some(0);
        let number: Vec<u8> = sign.into_iter().chain(number).collect();
        [&[0x02, number.len() as u8][..], &number].concat()
    };
    let (r, s) = numbers.split_at(numbers.len() / 2);
    let both = [integer(r), integer(s)].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}
