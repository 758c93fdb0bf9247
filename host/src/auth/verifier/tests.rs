use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a-secret-of-the-project-that-is-32-bytes-long";
const PUBLISHABLE_KEY: &str = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH";
const ISSUER: &str = "https://project.supabase.co/auth/v1";
const USER: &str = "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11";
const NOW: u64 = 1_800_000_000;

fn verifier() -> TokenVerifier {
    TokenVerifier::new(ISSUER, &TokenKeys::SharedSecret(SECRET.into()))
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "authenticated", "role": "authenticated", "sub": USER,
        "iat": NOW - 60, "exp": NOW + 3540, "email": "anna@example.com", "phone": "", "aal": "aal1",
        "app_metadata": {"provider": "email"}, "session_id": "0b0b2f5e-8f5b-4b55-8f9b-0a8c9a0f5d11", "is_anonymous": false,
    })
}

fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    claims.to_string()
}

fn without(name: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims.to_string()
}

/// Claims with a member written as it stands, for what a JSON library would not write.
fn raw(member: &str) -> String {
    let name = member.split(':').next().unwrap().trim_matches('"');
    format!("{{{member},{}", &without(name)[1..])
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn signed_with(secret: &str, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn signed(header: &str, claims: &str) -> String {
    signed_with(SECRET, header, claims)
}

#[test]
fn a_token_as_supabase_makes_it_names_its_user() {
    for header in [
        HEADER,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"5ynkSrSXdDoOP/HG","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"c7d2ab0e-31f5-4b7e-a9d1-1f0d4a1b6f0e","typ":"jwt"}"#,
    ] {
        let token = signed(header, &claims().to_string());
        let user = verifier().verify_at(&token, NOW).unwrap();
        assert_eq!(user.id.to_string(), USER);
        assert_eq!(user.token.secret().expose_secret(), token);
    }
    for claims in [
        with("aud", json!(["authenticated"])),
        with("nbf", json!(NOW + LEEWAY)),
        with("iat", json!(NOW + LEEWAY)),
        with("exp", json!(NOW - LEEWAY + 1)),
        with("sub", json!("00000000-0000-0000-0000-000000000000")),
    ] {
        verifier().verify_at(&signed(HEADER, &claims), NOW).unwrap();
    }
}

/// (what is wrong with it, the token, the code it is refused with)
fn refused() -> Vec<(&'static str, String, &'static str)> {
    const INVALID: &str = "INVALID_TOKEN";
    const MALFORMED: &str = "MALFORMED_TOKEN";
    let good = claims().to_string();
    let token = signed(HEADER, &good);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let head = |header: &str| signed(header, &good);
    let body = |claims: String| signed(HEADER, &claims);
    let last = |replacement: &str| format!("{message}.{replacement}");
    // 32 bytes end in a character that carries four bits: one with the others set is the same bytes, written wrongly.
    let (most, end) = signature.split_at(signature.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let stray = alphabet.chars().nth(alphabet.find(end).unwrap() + 1).unwrap();
    let der = URL_SAFE_NO_PAD.encode([0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]);
    let public_pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    vec![
        ("no algorithm", format!("{}.", head(r#"{"alg":"none","typ":"JWT"}"#).rsplit_once('.').unwrap().0), MALFORMED),
        ("algorithm none, signed", head(r#"{"alg":"none","typ":"JWT"}"#), INVALID),
        ("algorithm nOnE", head(r#"{"alg":"nOnE","typ":"JWT"}"#), INVALID),
        ("algorithm RS256", head(r#"{"alg":"RS256","typ":"JWT"}"#), INVALID),
        ("algorithm ES256", head(r#"{"alg":"ES256","typ":"JWT"}"#), INVALID),
        ("algorithm ES384", head(r#"{"alg":"ES384","typ":"JWT"}"#), INVALID),
        ("algorithm HS512", head(r#"{"alg":"HS512","typ":"JWT"}"#), INVALID),
        ("algorithm hs256", head(r#"{"alg":"hs256","typ":"JWT"}"#), INVALID),
        ("algorithm missing", head(r#"{"typ":"JWT"}"#), INVALID),
        ("algorithm a list", head(r#"{"alg":["HS256"],"typ":"JWT"}"#), INVALID),
        ("algorithm twice", head(r#"{"alg":"HS256","alg":"HS256"}"#), INVALID),
        ("algorithm twice, escaped", head(r#"{"alg":"HS256","\u0061lg":"none"}"#), INVALID),
        ("path as key id", head(r#"{"alg":"HS256","kid":"../../../../dev/null"}"#), INVALID),
        ("query as key id", head(r#"{"alg":"HS256","kid":"x' or 1=1 --"}"#), INVALID),
        ("empty key id", head(r#"{"alg":"HS256","kid":""}"#), INVALID),
        ("1 KB key id", head(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(1024))), INVALID),
        ("10 KB key id", head(&format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(10_240))), MALFORMED),
        ("its own key", head(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}"#), INVALID),
        ("address of a key set", head(r#"{"alg":"HS256","jku":"https://evil.example/jwks"}"#), INVALID),
        ("address of a certificate", head(r#"{"alg":"HS256","x5u":"https://evil.example/x"}"#), INVALID),
        ("certificate", head(r#"{"alg":"HS256","x5c":["AAAA"]}"#), INVALID),
        ("critical parameter", head(r#"{"alg":"HS256","crit":["exp"]}"#), INVALID),
        ("critical parameter, known", head(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#), INVALID),
        ("access-token type", head(r#"{"alg":"HS256","typ":"at+jwt"}"#), INVALID),
        ("type JWE", head(r#"{"alg":"HS256","typ":"JWE"}"#), INVALID),
        ("header a list", head("[]"), INVALID),
        ("header not JSON", head("HS256"), INVALID),
        ("wrong secret", signed_with("another-secret-that-is-32-bytes-long-too", HEADER, &good), INVALID),
        ("empty secret", signed_with("", HEADER, &good), INVALID),
        ("publishable key as the secret", signed_with(PUBLISHABLE_KEY, HEADER, &good), INVALID),
        ("public key as the secret", signed_with(public_pem, HEADER, &good), INVALID),
        ("issuer as the secret", signed_with(ISSUER, HEADER, &good), INVALID),
        ("empty signature", last(""), MALFORMED),
        ("signature of zeros", last(&URL_SAFE_NO_PAD.encode([0; 32])), INVALID),
        ("DER signature", last(&der), INVALID),
        ("cut signature", last(&URL_SAFE_NO_PAD.encode(&URL_SAFE_NO_PAD.decode(signature).unwrap()[..16])), INVALID),
        ("signature with stray bits", last(&format!("{most}{stray}")), MALFORMED),
        ("padded signature", format!("{token}="), MALFORMED),
        ("another token's signature", last(signed(HEADER, &with("email", json!("x"))).rsplit_once('.').unwrap().1), INVALID),
        ("four parts", format!("{token}.x"), MALFORMED),
        ("four parts, empty", format!("{token}."), MALFORMED),
        ("two parts", message.to_owned(), MALFORMED),
        ("empty", String::new(), MALFORMED),
        ("dots", "..".to_owned(), MALFORMED),
        ("space before", format!(" {token}"), MALFORMED),
        ("newline after", format!("{token}\n"), MALFORMED),
        ("not ASCII", format!("{token}é"), MALFORMED),
        ("over 8 KB", body(with("email", json!("a".repeat(MAX_TOKEN_BYTES)))), MALFORMED),
        ("publishable key", PUBLISHABLE_KEY.to_owned(), MALFORMED),
        ("expired", body(with("exp", json!(NOW - LEEWAY))), "EXPIRED_TOKEN"),
        ("expiry missing", body(without("exp")), INVALID),
        ("expiry null", body(with("exp", json!(null))), INVALID),
        ("expiry a text", body(with("exp", json!((NOW + 60).to_string()))), INVALID),
        ("expiry negative", body(with("exp", json!(-1))), INVALID),
        ("expiry a fraction", body(raw(r#""exp":1800000060.5"#)), INVALID),
        ("expiry 1e300", body(raw(r#""exp":1e300"#)), INVALID),
        ("expiry the largest number", body(with("exp", json!(u64::MAX))), INVALID),
        ("expiry larger than that", body(raw(r#""exp":18446744073709551616"#)), INVALID),
        ("lives over a week", body(with("exp", json!(NOW + MAX_LIFETIME))), INVALID),
        ("expires before it is issued", body(with("iat", json!(NOW + 20)).replace(&(NOW + 3540).to_string(), &(NOW + 10).to_string())), INVALID),
        ("not valid yet", body(with("nbf", json!(NOW + LEEWAY + 1))), INVALID),
        ("start a text", body(with("nbf", json!("0"))), INVALID),
        ("issued in the future", body(with("iat", json!(NOW + LEEWAY + 1))), INVALID),
        ("issue missing", body(without("iat")), INVALID),
        ("issuer missing", body(without("iss")), INVALID),
        ("issuer null", body(with("iss", json!(null))), INVALID),
        ("issuer of another project", body(with("iss", json!("https://other.supabase.co/auth/v1"))), INVALID),
        ("issuer with a slash", body(with("iss", json!(format!("{ISSUER}/")))), INVALID),
        ("issuer a list", body(with("iss", json!([ISSUER]))), INVALID),
        ("issuer twice", body(format!(r#"{{"iss":"{ISSUER}",{}"#, &good[1..])), INVALID),
        ("audience missing", body(without("aud")), INVALID),
        ("audience null", body(with("aud", json!(null))), INVALID),
        ("audience an empty list", body(with("aud", json!([]))), INVALID),
        ("audience a number", body(with("aud", json!(1))), INVALID),
        ("audience a client", body(with("aud", json!("3f1a9d2e-client"))), INVALID),
        ("audience and another", body(with("aud", json!(["authenticated", "other"]))), INVALID),
        ("made for an application", body(with("client_id", json!("3f1a9d2e"))), INVALID),
        ("anon key", body(json!({"iss": "supabase", "ref": "project", "role": "anon", "iat": NOW - 60, "exp": NOW + 315_360_000}).to_string()), INVALID),
        ("service key", body(json!({"iss": "supabase", "ref": "project", "role": "service_role", "iat": NOW - 60, "exp": NOW + 315_360_000}).to_string()), INVALID),
        ("role anon", body(with("role", json!("anon"))), INVALID),
        ("role service_role", body(with("role", json!("service_role"))), INVALID),
        ("role postgres", body(with("role", json!("postgres"))), INVALID),
        ("role missing", body(without("role")), INVALID),
        ("role twice", body(format!(r#"{{"role":"authenticated",{}"#, &good[1..])), INVALID),
        ("role twice, escaped", body(format!(r#"{{"r\u006fle":"service_role",{}"#, &good[1..])), INVALID),
        ("subject missing", body(without("sub")), INVALID),
        ("subject empty", body(with("sub", json!(""))), INVALID),
        ("subject not a UUID", body(with("sub", json!("anna"))), INVALID),
        ("subject without hyphens", body(with("sub", json!(USER.replace('-', "")))), INVALID),
        ("subject in braces", body(with("sub", json!(format!("{{{USER}}}")))), INVALID),
        ("subject a number", body(with("sub", json!(1))), INVALID),
        ("claims a list", body("[]".to_owned()), INVALID),
        ("claims null", body("null".to_owned()), INVALID),
        ("claims not JSON", body("{".to_owned()), INVALID),
        ("claims followed by more", body(format!("{good}{{}}")), INVALID),
    ]
}

#[test]
fn everything_else_is_refused() {
    for (what, token, code) in refused() {
        match verifier().verify_at(&token, NOW) {
            Ok(_) => panic!("{what}: accepted"),
            Err(error) => assert_eq!(error.code(), code, "{what}: {error}"),
        }
    }
}

#[test]
fn no_error_quotes_the_token() {
    for (what, token, _) in refused() {
        let Err(error) = verifier().verify_at(&token, NOW) else {
            continue;
        };
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(!format!("{error} {error:?}").contains(part), "{what}");
        }
    }
    let user = verifier().verify_at(&signed(HEADER, &claims().to_string()), NOW).unwrap();
    assert!(!format!("{user:?}").contains("eyJ"));
}
