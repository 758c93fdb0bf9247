//! Supabase Auth, as far as it takes to sign in with a password, to stay signed in and to sign out, with the answers that
//! Supabase's own clients expect. Passwords are hashed and compared in the database.
//!
//! - `accounts`: users, sessions and refresh tokens.
//! - `refusal`: the error body, in the two forms that Supabase has.

mod accounts;
mod refusal;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) use self::accounts::Accounts;
use self::accounts::{Renewed, Session, SignedIn};
use self::refusal::{Refusal, in_the_form_asked_for};
use crate::auth::jwks::Jwks;
use crate::auth::keys::KeySet;
use crate::auth::signing::SigningKey;
use crate::auth::{TokenKeys, TokenVerifier, issuer};

/// The one path that needs no key, as the gateway sees it.
pub(super) const KEYS_PATH: &str = "/auth/v1/.well-known/jwks.json";

/// How long an access token is valid: Supabase's default.
const LIFETIME_S: u64 = 3600;

struct Auth {
    accounts: Accounts,
    issuer: String,
    key: SigningKey,
    /// The public half, as JSON.
    published: String,
    verifier: TokenVerifier,
}

/// The routes, with paths from `/auth/v1` on.
pub(super) fn router(
    accounts: Accounts,
    supabase_url: &str,
    key: &SigningKey,
    jwt_secret: &SecretString,
) -> Result<Router> {
    let published = json!({ "keys": [key.public()?] }).to_string();
    let keys = KeySet::from_json(published.as_bytes()).context("the signing key is none")?;
    let issuer = issuer(supabase_url);
    let keys = TokenKeys { published: Some(Jwks::new(Arc::new(keys))), shared_secret: Some(jwt_secret.clone()) };
    let verifier = TokenVerifier::new(issuer.clone(), keys);
    let auth = Arc::new(Auth { accounts, issuer, key: key.clone(), published, verifier });
    Ok(Router::new()
        .route("/token", post(token))
        .route("/user", get(user))
        .route("/logout", post(logout))
        .route("/.well-known/jwks.json", get(keys_document))
        .fallback(|| async { Refusal::not_found() })
        .method_not_allowed_fallback(|| async { Refusal::method_not_allowed() })
        .layer(middleware::from_fn(in_the_form_asked_for))
        .with_state(auth))
}

async fn keys_document(State(auth): State<Arc<Auth>>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=600")];
    (headers, auth.published.clone())
}

#[derive(Deserialize)]
struct Grant {
    grant_type: Option<String>,
}

/// `POST /token?grant_type=…`: a session for a password, or another one for a refresh token.
async fn token(
    State(auth): State<Arc<Auth>>,
    Query(grant): Query<Grant>,
    Body(body): Body,
) -> Result<Json<Value>, Refusal> {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let signed_in = match grant.grant_type.as_deref() {
        Some("password") => {
            if text("email").is_empty() {
                return Err(Refusal::invalid("missing email or phone"));
            }
            auth.accounts.sign_in(text("email"), text("password")).await?
        }
        Some("refresh_token") => match auth.accounts.renew(text("refresh_token")).await? {
            Renewed::Yes(signed_in) => signed_in,
            Renewed::Unknown => return Err(Refusal::refresh_token_not_found()),
            Renewed::Used => return Err(Refusal::refresh_token_already_used()),
        },
        _ => return Err(Refusal::unsupported_grant()),
    };
    Ok(Json(auth.session(signed_in)?))
}

/// `GET /user`: who a token is of, as the database knows them now.
async fn user(State(auth): State<Arc<Auth>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let (user, session) = auth.bearer(&headers).await?;
    auth.accounts.user(user, session).await.map(Json)
}

#[derive(Deserialize)]
struct Scope {
    scope: Option<String>,
}

/// `POST /logout?scope=…`: ends this session, the user's others, or all of them (the default).
async fn logout(
    State(auth): State<Arc<Auth>>,
    Query(scope): Query<Scope>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let (user, session) = auth.bearer(&headers).await?;
    match scope.scope.as_deref() {
        None | Some("global") => auth.accounts.end_sessions(user, |_| true, session).await?,
        Some("local") => auth.accounts.end_sessions(user, |is_this| is_this, session).await?,
        Some("others") => auth.accounts.end_sessions(user, |is_this| !is_this, session).await?,
        Some(_) => return Err(Refusal::invalid("Unsupported logout scope")),
    }
    Ok(StatusCode::NO_CONTENT)
}

impl Auth {
    /// What a client gets that has signed in.
    fn session(&self, SignedIn { user, session, refresh_token }: SignedIn) -> Result<Value, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let Session { id, since } = session;
        let claims = json!({
            "iss": self.issuer,
            "sub": user["id"],
            "aud": user["aud"],
            "role": user["role"],
            "iat": now,
            "exp": now + LIFETIME_S,
            "email": user["email"],
            "phone": user["phone"],
            "app_metadata": user["app_metadata"],
            "user_metadata": user["user_metadata"],
            "aal": "aal1",
            "amr": [{ "method": "password", "timestamp": since }],
            "session_id": id,
            "is_anonymous": user["is_anonymous"],
        });
        let token = self.key.sign(&claims).map_err(|error| Refusal::internal(&error))?;
        Ok(json!({
            "access_token": token.expose_secret(),
            "token_type": "bearer",
            "expires_in": LIFETIME_S,
            "expires_at": now + LIFETIME_S,
            "refresh_token": refresh_token,
            "user": user,
        }))
    }

    /// The user and the session of the token sent. A token that the host made itself is of no session: the nil UUID.
    async fn bearer(&self, headers: &HeaderMap) -> Result<(Uuid, Uuid), Refusal> {
        #[derive(Deserialize)]
        struct Claims {
            #[serde(default)]
            session_id: Uuid,
        }
        let header = headers.get(header::AUTHORIZATION).and_then(|header| header.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer ")).ok_or_else(Refusal::no_token)?;
        let user = self.verifier.verify(token).await.map_err(|error| Refusal::bad_token(&error))?;
        let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims = claims.and_then(|claims| serde_json::from_slice::<Claims>(&claims).ok());
        Ok((user.id, claims.map_or(Uuid::nil(), |claims| claims.session_id)))
    }
}

/// A JSON body, whatever its `Content-Type` says.
struct Body(Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Refusal> {
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        match Json::<Value>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::BytesRejection(_)) => Err(Refusal::bad_json("it is too large or was cut off")),
            Err(_) => Err(Refusal::bad_json("it is not JSON")),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.response()
    }
}
