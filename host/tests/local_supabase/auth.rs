//! Signing in, as the requests of Supabase's clients and the answers they rely on.

use canvalo::auth::signing::SigningKey;
use canvalo::auth::{self, dev_token};
use canvalo::dev::{FIRST_SEEDED_USER, LocalEnv, SECOND_SEEDED_USER, SEEDED_EMAILS, SEEDED_PASSWORD};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{shared, superuser, token, token_by};

fn request(env: &LocalEnv, method: Method, path: &str) -> RequestBuilder {
    let url = format!("{}/auth/v1/{path}", env.supabase_url);
    reqwest::Client::new().request(method, url).header("apikey", &env.publishable_key)
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn sign_in(email: &str, password: &str) -> (StatusCode, Value) {
    let body = json!({ "email": email, "password": password, "gotrue_meta_security": {} });
    answer(request(shared(), Method::POST, "token?grant_type=password").json(&body)).await
}

async fn renew(refresh_token: &Value) -> (StatusCode, Value) {
    let body = json!({ "refresh_token": refresh_token });
    answer(request(shared(), Method::POST, "token?grant_type=refresh_token").json(&body)).await
}

async fn user(token: &str) -> (StatusCode, Value) {
    answer(request(shared(), Method::GET, "user").bearer_auth(token)).await
}

fn error(status: u16, code: &str, message: &str) -> (StatusCode, Value) {
    (StatusCode::from_u16(status).unwrap(), json!({ "code": status, "error_code": code, "msg": message }))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A user of one test, with a session.
async fn somebody(name: &str) -> Value {
    let statement = format!(
        "insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at)
         values (gen_random_uuid(), 'authenticated', 'authenticated', '{name}@example.com',
           extensions.crypt('a password', extensions.gen_salt('bf', 4)), now())"
    );
    superuser(shared()).await.batch_execute(&statement).await.unwrap();
    let (status, session) = sign_in(&format!("{name}@example.com"), "a password").await;
    assert_eq!(status, StatusCode::OK, "{session}");
    session
}

#[tokio::test]
async fn the_seeded_users_sign_in_and_get_what_supabase_gives() {
    for (id, email) in [FIRST_SEEDED_USER, SECOND_SEEDED_USER].into_iter().zip(SEEDED_EMAILS) {
        let (status, session) = sign_in(&email.to_uppercase(), SEEDED_PASSWORD).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("bearer"), &json!(3600)));
        let who = &session["user"];
        assert_eq!((&who["id"], &who["email"]), (&json!(id), &json!(email)));
        assert_eq!((&who["aud"], &who["role"]), (&json!("authenticated"), &json!("authenticated")));
        assert_eq!(who["app_metadata"], json!({ "provider": "email", "providers": ["email"] }));
        assert!(who["user_metadata"]["business"].is_string() && who["last_sign_in_at"].is_string(), "{who}");
        assert_eq!(who["identities"][0]["identity_data"]["email"], email);
        assert!(!session.to_string().contains("$2a$"), "no hash leaves the database");
        let token = text(&session["access_token"]);
        assert_eq!(&user(token).await.1["id"], id);
        let header = jsonwebtoken::decode_header(token).unwrap();
        assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
        assert!(header.kid.is_some());
    }
}

#[tokio::test]
async fn what_is_not_the_users_password_is_refused_in_supabases_words() {
    let invalid = error(400, "invalid_credentials", "Invalid login credentials");
    let email = SEEDED_EMAILS[0];
    for (email, password) in [
        (email, "Sample-Password"),
        (email, ""),
        (email, "sample-password\0"),
        (email, "' or true --"),
        ("nobody@example.com", SEEDED_PASSWORD),
        ("%", SEEDED_PASSWORD),
    ] {
        assert_eq!(sign_in(email, password).await, invalid, "{email} {password:?}");
    }
    let missing = error(400, "validation_failed", "missing email or phone");
    let post = |path: &str| request(shared(), Method::POST, path);
    assert_eq!(answer(post("token?grant_type=password").json(&json!({ "password": "x" }))).await, missing);
    let (status, body) = answer(post("token?grant_type=password").body("{")).await;
    assert_eq!((status, &body["error_code"]), (StatusCode::BAD_REQUEST, &json!("bad_json")));
    for grant in ["", "?grant_type=magic"] {
        let (status, body) = answer(post(&format!("token{grant}")).json(&json!({}))).await;
        assert_eq!((status, &body["msg"]), (StatusCode::BAD_REQUEST, &json!("unsupported_grant_type")));
    }
    let (status, _) = answer(request(shared(), Method::GET, "token?grant_type=password")).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer(post("magiclink").json(&json!({}))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn clients_that_name_the_newer_api_get_its_errors() {
    let body = json!({ "email": SEEDED_EMAILS[0], "password": "wrong" });
    let newer = request(shared(), Method::POST, "token?grant_type=password").json(&body);
    let response = newer.header("X-Supabase-Api-Version", "2024-01-01").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers()["x-sb-error-code"], "invalid_credentials");
    assert_eq!(response.headers()["x-supabase-api-version"], "2024-01-01");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body, json!({ "code": "invalid_credentials", "message": "Invalid login credentials" }));
}

#[tokio::test]
async fn users_who_may_not_sign_in_are_told_why() {
    let session = somebody("banned").await;
    let client = superuser(shared()).await;
    let set = async |change: &str| {
        let statement = format!("update auth.users set {change} where email = 'banned@example.com'");
        client.batch_execute(&statement).await.unwrap();
    };
    set("banned_until = now() + interval '1 day'").await;
    let banned = error(400, "user_banned", "User is banned");
    assert_eq!(sign_in("banned@example.com", "a password").await, banned);
    assert_eq!(renew(&session["refresh_token"]).await, banned);
    set("banned_until = null, email_confirmed_at = null").await;
    let unconfirmed = error(400, "email_not_confirmed", "Email not confirmed");
    assert_eq!(sign_in("banned@example.com", "a password").await, unconfirmed);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_theft_ends_the_session() {
    let first = somebody("renews").await;
    let (status, second) = renew(&first["refresh_token"]).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["user"]["id"], first["user"]["id"]);
    // Two tabs renew at the same moment: both get the same next one.
    let (status, again) = renew(&first["refresh_token"]).await;
    assert_eq!((status, &again["refresh_token"]), (StatusCode::OK, &second["refresh_token"]));
    // Much later it can only be somebody else's copy.
    let user_id = text(&first["user"]["id"]).to_owned();
    let later = "update auth.refresh_tokens set updated_at = now() - interval '1 hour' where revoked and user_id = $1";
    assert_eq!(superuser(shared()).await.execute(later, &[&user_id]).await.unwrap(), 1);
    let used = error(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
    assert_eq!(renew(&first["refresh_token"]).await, used);
    let unknown = error(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
    for token in [&second["refresh_token"], &json!("x"), &json!(""), &Value::Null] {
        assert_eq!(renew(token).await, unknown, "{token}");
    }
    assert_eq!(user(text(&second["access_token"])).await.1["error_code"], "session_not_found");
}

#[tokio::test]
async fn signing_out_ends_the_sessions_asked_for() {
    let sessions = [somebody("leaves").await, sign_in("leaves@example.com", "a password").await.1];
    let [here, there] = sessions.each_ref().map(|session| text(&session["access_token"]));
    let logout = async |scope: &str, token: &str| {
        answer(request(shared(), Method::POST, &format!("logout{scope}")).bearer_auth(token)).await.0
    };
    let state = async || [user(here).await.0, user(there).await.0].map(|status| status == StatusCode::OK);
    assert_eq!(state().await, [true, true]);
    assert_eq!(logout("?scope=elsewhere", here).await, StatusCode::BAD_REQUEST);
    assert_eq!(logout("?scope=local", here).await, StatusCode::NO_CONTENT);
    assert_eq!(state().await, [false, true]);
    let third = sign_in("leaves@example.com", "a password").await.1;
    assert_eq!(logout("?scope=others", text(&third["access_token"])).await, StatusCode::NO_CONTENT);
    assert_eq!(state().await, [false, false]);
    assert_eq!(user(text(&third["access_token"])).await.0, StatusCode::OK);
    assert_eq!(logout("", text(&third["access_token"])).await, StatusCode::NO_CONTENT);
    assert_eq!(user(text(&third["access_token"])).await.1["error_code"], "session_not_found");
}

#[tokio::test]
async fn who_a_token_is_of_is_told_to_its_bearer_alone() {
    let env = shared();
    let missing = error(401, "no_authorization", "This endpoint requires a valid Bearer token");
    assert_eq!(answer(request(env, Method::GET, "user")).await, missing);
    assert_eq!(answer(request(env, Method::GET, "user").bearer_auth(&env.publishable_key)).await, missing);
    for forged in ["a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let (status, body) = user(forged).await;
        assert_eq!((status, &body["error_code"]), (StatusCode::FORBIDDEN, &json!("bad_jwt")));
    }
    // Tokens made for development belong to no session.
    let id = FIRST_SEEDED_USER.parse().unwrap();
    let (issuer, hour) = (auth::issuer(&env.supabase_url), std::time::Duration::from_secs(3600));
    for made in
        [dev_token::mint(&env.jwt_secret, &issuer, id, hour), dev_token::mint_with(&env.signing_key, &issuer, id, hour)]
    {
        assert_eq!(user(made.unwrap().expose_secret()).await.1["email"], SEEDED_EMAILS[0]);
    }
    let nobody = token(env, &uuid::Uuid::new_v4().to_string());
    assert_eq!(user(&nobody).await.1["error_code"], "user_not_found");
}

#[tokio::test]
async fn the_public_key_is_there_without_a_key_and_nothing_else_is() {
    let env = shared();
    let url = format!("{}/auth/v1/.well-known/jwks.json", env.supabase_url);
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "public, max-age=600");
    let text = response.text().await.unwrap();
    let keys: Value = serde_json::from_str(&text).unwrap();
    let key = &keys["keys"][0];
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    assert_eq!((&key["use"], &key["key_ops"]), (&json!("sig"), &json!(["verify"])));
    assert!(key["kid"].is_string() && key.get("d").is_none(), "{key}");

    for (method, path) in [(Method::POST, "token?grant_type=password"), (Method::GET, "user"), (Method::POST, "logout")]
    {
        let url = format!("{}/auth/v1/{path}", env.supabase_url);
        let client = reqwest::Client::new();
        let bare = || client.request(method.clone(), &url).json(&json!({}));
        let wrong = bare().header("apikey", "sb_publishable_wrong");
        for request in [bare(), wrong] {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

#[tokio::test]
async fn rows_are_read_with_tokens_of_both_kinds_and_with_no_forged_one() {
    let env = shared();
    let read = async |token: &str| {
        let url = format!("{}/rest/v1/contacts?select=user_id", env.supabase_url);
        let request = reqwest::Client::new().get(url).header("apikey", &env.publishable_key);
        answer(request.header("Accept-Profile", "api").bearer_auth(token)).await
    };
    let shared_secret = SigningKey::from_secret(&env.jwt_secret);
    for token in [token(env, FIRST_SEEDED_USER), token_by(&shared_secret, env, FIRST_SEEDED_USER)] {
        let (status, rows) = read(&token).await;
        assert_eq!(status, StatusCode::OK, "{rows}");
        assert_eq!(rows[0]["user_id"], FIRST_SEEDED_USER);
    }
    let public = env.signing_key.public().unwrap();
    let public = serde_json::to_string(&public).unwrap();
    for secret in [public.as_str(), "another-secret-that-is-32-bytes-long-too"] {
        let forged = token_by(&SigningKey::from_secret(&secret.into()), env, FIRST_SEEDED_USER);
        assert_eq!(read(&forged).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_browser_of_any_origin_may_ask_with_the_headers_it_needs() {
    let env = shared();
    let asked = "apikey,authorization,content-profile,content-type,prefer,x-client-info,x-supabase-api-version";
    for path in ["auth/v1/token?grant_type=password", "auth/v1/user", "rest/v1/contacts"] {
        let preflight = reqwest::Client::new()
            .request(Method::OPTIONS, format!("{}/{path}", env.supabase_url))
            .header("Origin", "http://localhost:5173")
            .header("Access-Control-Request-Method", "PATCH")
            .header("Access-Control-Request-Headers", asked);
        let response = preflight.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-allow-headers"], asked);
        assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
    }
    let wrong = reqwest::Client::new().get(format!("{}/rest/v1/contacts", env.supabase_url)).send().await.unwrap();
    assert_eq!(wrong.headers()["access-control-allow-origin"], "*", "refusals are readable, too");
}

#[tokio::test]
async fn users_and_their_sessions_are_out_of_reach_of_rest_and_of_users() {
    let env = shared();
    for (path, profile) in [("users", "auth"), ("sessions", "auth"), ("refresh_tokens", "auth"), ("users", "api")] {
        let url = format!("{}/rest/v1/{path}", env.supabase_url);
        let request = reqwest::Client::new().get(url).header("apikey", &env.publishable_key);
        let (status, _) =
            answer(request.header("Accept-Profile", profile).bearer_auth(token(env, FIRST_SEEDED_USER))).await;
        assert!(status.is_client_error(), "{profile}.{path}: {status}");
    }
    let reachable = "select count(*) from information_schema.table_privileges
                     where table_schema = 'auth' and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')";
    let rows: i64 = superuser(env).await.query_one(reachable, &[]).await.unwrap().get(0);
    assert_eq!(rows, 0);
}
