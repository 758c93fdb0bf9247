use std::sync::{Arc, OnceLock};

use serde_json::json;

use super::*;
use crate::auth::keys::KeySet;
use forgery::{ALGORITHMS, EC_KEY, Project, SECRET, header};

pub(crate) mod forgery;

const ISSUER: &str = "https://project.supabase.co/auth/v1";
const USER: &str = "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11";
const NOW: u64 = 1_800_000_000;

fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| Project::new(ISSUER, USER, NOW))
}

fn published() -> Jwks {
    let keys = KeySet::from_json(project().key_set().to_string().as_bytes()).unwrap();
    Jwks::new(Arc::new(keys))
}

fn shared() -> TokenKeys {
    TokenKeys { shared_secret: Some(SECRET.into()), ..TokenKeys::default() }
}

/// Of a project in the middle of its migration: everything is set up.
fn verifier() -> TokenVerifier {
    TokenVerifier::new(ISSUER, TokenKeys { published: Some(published()), ..shared() })
}

async fn code(verifier: &TokenVerifier, token: &str) -> &'static str {
    verifier.verify_at(token, NOW).await.map_or_else(|error| error.code(), |_| "taken")
}

#[tokio::test]
async fn a_token_as_supabase_makes_it_names_its_user_in_every_algorithm() {
    let (verifier, project) = (verifier(), project());
    for algorithm in ALGORITHMS {
        for claims in [
            project.claims().to_string(),
            project.with("aud", json!(["authenticated"])),
            project.with("nbf", json!(NOW + LEEWAY)),
            project.with("iat", json!(NOW + LEEWAY)),
            project.with("exp", json!(NOW - LEEWAY + 1)),
            project.with("sub", json!("00000000-0000-0000-0000-000000000000")),
        ] {
            let token = project.signed(algorithm, &header(algorithm, forgery::name(algorithm), ""), &claims);
            let user = verifier.verify_at(&token, NOW).await.unwrap();
            assert!(claims.contains(&user.id.to_string()));
            assert_eq!(user.token.secret().expose_secret(), token);
        }
    }
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":"5ynkSrSXdDoOP/HG","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"0f6f3a3e-31f5-4b7e-a9d1-1f0d4a1b6f0e","typ":"jwt"}"#,
    ] {
        let token = project.signed(Algorithm::HS256, header, &project.claims().to_string());
        assert_eq!(verifier.verify_at(&token, NOW).await.unwrap().id.to_string(), USER);
    }
}

#[tokio::test]
async fn everything_else_is_refused_in_every_algorithm_and_again_when_it_comes_again() {
    let (verifier, project) = (verifier(), project());
    for algorithm in ALGORITHMS {
        assert_eq!(code(&verifier, &project.good(algorithm)).await, "taken");
        let refused = project.refused(algorithm);
        for (what, token, expected) in refused.iter().chain(&refused) {
            assert_eq!(&code(&verifier, token).await, expected, "{algorithm:?}: {what}");
        }
    }
}

#[tokio::test]
async fn tokens_to_the_second_and_texts_that_no_header_carries_are_refused() {
    let (verifier, project) = (verifier(), project());
    for algorithm in ALGORITHMS {
        let body = |name: &str, at: u64| {
            let header = header(algorithm, forgery::name(algorithm), "");
            project.signed(algorithm, &header, &project.with(name, json!(at)))
        };
        assert_eq!(code(&verifier, &body("exp", NOW - LEEWAY)).await, "EXPIRED_TOKEN");
        assert_eq!(code(&verifier, &body("nbf", NOW + LEEWAY + 1)).await, "INVALID_TOKEN");
        assert_eq!(code(&verifier, &body("iat", NOW + LEEWAY + 1)).await, "INVALID_TOKEN");
        let token = project.good(algorithm);
        for text in [String::new(), format!("{token}\n"), format!("{token}é")] {
            assert_eq!(code(&verifier, &text).await, "MALFORMED_TOKEN");
        }
    }
}

#[tokio::test]
async fn only_what_is_set_up_is_taken() {
    let project = project();
    let taken = async |keys: TokenKeys| {
        let verifier = TokenVerifier::new(ISSUER, keys);
        let mut taken = Vec::new();
        for algorithm in ALGORITHMS {
            taken.push(code(&verifier, &project.good(algorithm)).await == "taken");
        }
        taken
    };
    assert_eq!(taken(shared()).await, [false, false, true]);
    assert_eq!(taken(TokenKeys { published: Some(published()), shared_secret: None }).await, [true, true, false]);
    assert_eq!(taken(TokenKeys::default()).await, [false, false, false]);
    assert_eq!(taken(TokenKeys { published: Some(published()), ..shared() }).await, [true, true, true]);
}

/// The secret of HS256 in the key set, too, under the name of a token's `kid`: as a project that gives it away by mistake.
#[tokio::test]
async fn a_symmetric_key_that_is_published_verifies_nothing() {
    let secret = URL_SAFE_NO_PAD.encode(SECRET);
    let keys = json!({ "keys": [{ "kty": "oct", "k": secret, "kid": EC_KEY, "alg": "HS256" }] });
    let keys = KeySet::from_json(keys.to_string().as_bytes()).unwrap();
    let published = Some(Jwks::new(Arc::new(keys)));
    let verifier = TokenVerifier::new(ISSUER, TokenKeys { published, shared_secret: None });
    for says in ["HS256", "ES256"] {
        let token =
            project().signed(Algorithm::HS256, &header(Algorithm::ES256, says, ""), &project().claims().to_string());
        assert_eq!(code(&verifier, &token).await, "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn no_error_quotes_the_token() {
    let (verifier, project) = (verifier(), project());
    for algorithm in ALGORITHMS {
        for (what, token, _) in project.refused(algorithm) {
            let error = verifier.verify_at(&token, NOW).await.unwrap_err();
            for part in token.split('.').filter(|part| part.len() > 8) {
                assert!(!format!("{error} {error:?}").contains(part), "{what}");
            }
        }
        let user = verifier.verify_at(&project.good(algorithm), NOW).await.unwrap();
        assert!(!format!("{user:?}").contains("eyJ"));
    }
}
