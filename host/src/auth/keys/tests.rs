use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::*;
use crate::auth::verifier::tests::forgery::{EC_KEY, Project, RSA_KEY};

fn project() -> Project {
    Project::new("https://project.supabase.co/auth/v1", "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11", 1_800_000_000)
}

fn set(keys: Vec<Value>) -> KeySet {
    KeySet::from_json(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn with(key: &Value, name: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[name] = value;
    key
}

fn without(key: &Value, name: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(name);
    key
}

#[test]
fn keys_as_supabase_publishes_them_are_pinned_to_their_algorithm() {
    let published = project().key_set();
    let keys = KeySet::from_json(published.to_string().as_bytes()).unwrap();
    assert_eq!(keys.get(EC_KEY).unwrap().algorithm(), Algorithm::ES256);
    assert_eq!(keys.get(RSA_KEY).unwrap().algorithm(), Algorithm::RS256);
    let (ec, rsa) = (&published["keys"][0], &published["keys"][1]);
    for key in [without(ec, "alg"), without(ec, "use"), without(ec, "key_ops"), with(rsa, "alg", json!("RS256"))] {
        assert_eq!(set(vec![key.clone()]).len(), 1, "{key}");
    }
}

#[test]
fn keys_that_do_not_fit_are_left_out_and_the_others_stay() {
    let published = project().key_set();
    let (ec, rsa) = (&published["keys"][0], &published["keys"][1]);
    let octets = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
    for (what, key) in [
        ("symmetric", json!({ "kty": "oct", "k": octets(32), "kid": "a", "alg": "HS256" })),
        ("private", with(ec, "d", json!(octets(32)))),
        ("for encryption", with(ec, "use", json!("enc"))),
        ("for signing", with(ec, "key_ops", json!(["sign"]))),
        ("for nothing", with(ec, "key_ops", json!([]))),
        ("EC for HS256", with(ec, "alg", json!("HS256"))),
        ("EC for ES384", with(ec, "alg", json!("ES384"))),
        ("EC for an algorithm of tomorrow", with(ec, "alg", json!("ES256K"))),
        ("RSA for HS256", with(rsa, "alg", json!("HS256"))),
        ("RSA for RS512", with(rsa, "alg", json!("RS512"))),
        ("RSA for PS256", with(rsa, "alg", json!("PS256"))),
        ("another curve", with(ec, "crv", json!("P-384"))),
        ("no curve", without(ec, "crv")),
        ("short point", with(ec, "x", json!(octets(31)))),
        ("point in another alphabet", with(ec, "x", json!("+".repeat(43)))),
        ("RSA of 1024 bits", with(rsa, "n", json!(octets(128)))),
        (
            "RSA of 1024 bits with zeros before",
            with(rsa, "n", json!(URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0xff; 128]].concat()))),
        ),
        ("RSA of 16384 bits", with(rsa, "n", json!(octets(2048)))),
        ("Ed25519", json!({ "kty": "OKP", "crv": "Ed25519", "x": octets(32), "kid": "a", "alg": "EdDSA" })),
        ("no id", without(ec, "kid")),
        ("empty id", with(ec, "kid", json!(""))),
        ("path as id", with(ec, "kid", json!("../a"))),
        ("id a number", with(ec, "kid", json!(1))),
        ("no kind", without(ec, "kty")),
        ("text", json!("key")),
        ("null", json!(null)),
    ] {
        assert_eq!(set(vec![key.clone()]).len(), 0, "{what}");
        assert_eq!(set(vec![key, rsa.clone()]).len(), 1, "{what}, and a good one");
    }
}

#[test]
fn the_first_of_two_keys_with_one_id_counts_and_no_more_than_a_few_are_taken() {
    let published = project().key_set();
    let (ec, rsa) = (&published["keys"][0], &published["keys"][1]);
    let keys = set(vec![ec.clone(), with(rsa, "kid", json!(EC_KEY))]);
    assert_eq!((keys.len(), keys.get(EC_KEY).unwrap().algorithm()), (1, Algorithm::ES256));
    let many = (0..100).map(|n| with(ec, "kid", json!(format!("k{n}")))).collect();
    let keys = set(many);
    assert_eq!(keys.len(), MAX_KEYS);
    assert!(keys.get("k0").is_some() && keys.get("k99").is_none());
}

#[test]
fn what_is_no_key_set_is_an_error_and_an_empty_one_is_none() {
    for text in ["", "<html>", "[]", "null", "{}", r#"{"keys":{}}"#, r#"{"keys":[]} x"#] {
        assert!(KeySet::from_json(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(KeySet::from_json(br#"{"keys":[]}"#).unwrap().len(), 0);
}

#[test]
fn a_token_is_verified_once_and_what_differs_from_it_by_a_bit_is_verified_again() {
    let project = project();
    let keys = set(project.key_set()["keys"].as_array().unwrap().clone());
    for (algorithm, id) in [(Algorithm::ES256, EC_KEY), (Algorithm::RS256, RSA_KEY)] {
        let key = keys.get(id).unwrap();
        let token = project.good(algorithm);
        let last_dot = token.rfind('.').unwrap();
        let remembered = || key.verified.lock().unwrap().current.len();
        assert!(key.has_signed(&token, last_dot));
        assert_eq!(remembered(), 1);
        assert!(key.has_signed(&token, last_dot));
        assert_eq!(remembered(), 1);
        let changed = token.replacen("eyJhbGci", "eyJhbGcj", 1);
        assert!(!key.has_signed(&changed, last_dot));
        assert!(!key.has_signed(&changed, last_dot));
        assert_eq!(remembered(), 1, "what is not genuine is not remembered");
    }
}

#[test]
fn only_so_many_tokens_are_remembered() {
    let mut verified = Verified::default();
    let digest = |n: usize| -> [u8; 32] { Sha256::digest(n.to_le_bytes()).into() };
    for n in 0..3 * REMEMBERED + 1 {
        verified.insert(digest(n));
    }
    assert_eq!(verified.current.len() + verified.previous.len(), REMEMBERED + 1);
    assert!(verified.contains(&digest(3 * REMEMBERED)) && !verified.contains(&digest(0)));
}

#[test]
fn a_key_that_stays_keeps_what_it_remembers_and_another_one_with_its_id_does_not() {
    let (project, other) = (project(), project());
    let keys = |project: &Project| set(project.key_set()["keys"].as_array().unwrap().clone());
    let first = keys(&project);
    let same = keys(&project).keeping(&first);
    assert!(Arc::ptr_eq(same.get(EC_KEY).unwrap(), first.get(EC_KEY).unwrap()));
    let another = keys(&other).keeping(&first);
    assert!(!Arc::ptr_eq(another.get(EC_KEY).unwrap(), first.get(EC_KEY).unwrap()));
    let token = project.good(Algorithm::ES256);
    assert!(first.get(EC_KEY).unwrap().has_signed(&token, token.rfind('.').unwrap()));
    assert!(!another.get(EC_KEY).unwrap().has_signed(&token, token.rfind('.').unwrap()));
}
