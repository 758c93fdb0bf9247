//! Users, their sessions, and the refresh tokens of those, in the tables that Supabase Auth keeps them in.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::{Client, NoTls, Row};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::dev::home::random_secret;

/// Seconds for which a refresh token that was used may be used again: two tabs of a browser renew at the same moment.
/// Supabase's default.
const REUSE_S: f64 = 10.0;

/// A user as clients see it. Absent members are left out, as Supabase does.
const USER: &str = "jsonb_strip_nulls(jsonb_build_object(
    'id', u.id, 'aud', u.aud, 'role', u.role, 'email', u.email, 'phone', coalesce(u.phone, ''),
    'email_confirmed_at', u.email_confirmed_at, 'phone_confirmed_at', u.phone_confirmed_at, 'confirmed_at', u.confirmed_at,
    'last_sign_in_at', u.last_sign_in_at, 'created_at', u.created_at, 'updated_at', u.updated_at,
    'is_anonymous', u.is_anonymous
  )) || jsonb_build_object(
    'app_metadata', coalesce(u.raw_app_meta_data, '{}'), 'user_metadata', coalesce(u.raw_user_meta_data, '{}'),
    'identities', coalesce((
      select jsonb_agg(jsonb_build_object(
        'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
        'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
        'updated_at', i.updated_at, 'email', i.email) order by i.created_at)
      from auth.identities as i where i.user_id = u.id), '[]'))";

/// Connects for each request: there are few, and hashing a password takes longer.
pub(in crate::dev) struct Accounts {
    config: tokio_postgres::Config,
}

/// A user with a session of their own.
pub(super) struct SignedIn {
    /// As clients see them.
    pub(super) user: Value,
    pub(super) session: Session,
    pub(super) refresh_token: String,
}

pub(super) struct Session {
    pub(super) id: Uuid,
    /// When the user gave the password, in seconds since 1970.
    pub(super) since: i64,
}

/// What comes of a refresh token.
pub(super) enum Renewed {
    Yes(SignedIn),
    Unknown,
    /// Used before: its session is over, as somebody may have stolen it.
    Used,
}

impl Accounts {
    /// Connects as `supabase_auth_admin`, later.
    pub(in crate::dev) fn new(database_port: u16, password: &str) -> Self {
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(database_port)
            .user("supabase_auth_admin")
            .password(password)
            .dbname("postgres")
            .application_name("canvalo dev")
            .options("-c TimeZone=UTC")
            .connect_timeout(Duration::from_secs(5));
        Self { config }
    }

    async fn connect(&self) -> Result<Client, Refusal> {
        let (client, connection) = self.config.connect(NoTls).await?;
        // Ends with the client.
        tokio::spawn(connection);
        Ok(client)
    }

    /// A new session for who has this address and this password.
    pub(super) async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, Refusal> {
        // PostgreSQL's texts have no NUL.
        if email.contains('\0') || password.contains('\0') {
            return Err(Refusal::invalid_credentials());
        }
        let mut client = self.connect().await?;
        let transaction = client.transaction().await?;
        let found = transaction
            .query_opt(
                "select u.id::text, u.email_confirmed_at is not null, coalesce(u.banned_until > now(), false)
                 from auth.users as u
                 where lower(u.email) = lower($1) and u.aud = 'authenticated' and u.deleted_at is null
                   and not u.is_sso_user and u.encrypted_password <> ''
                   and u.encrypted_password = extensions.crypt($2, u.encrypted_password)",
                &[&email, &password],
            )
            .await?;
        let Some(found) = found else { return Err(Refusal::invalid_credentials()) };
        let (user, is_confirmed, is_banned): (String, bool, bool) = (found.get(0), found.get(1), found.get(2));
        if is_banned {
            return Err(Refusal::banned());
        }
        if !is_confirmed {
            return Err(Refusal::email_not_confirmed());
        }
        transaction
            .execute(
                "update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1::text::uuid",
                &[&user],
            )
            .await?;
        let (session, token) = (Uuid::new_v4(), new_token()?);
        let id = session.to_string();
        transaction
            .execute("insert into auth.sessions values ($1::text::uuid, $2::text::uuid, now(), now())", &[&id, &user])
            .await?;
        transaction.execute(INSERT_TOKEN, &[&token, &user, &None::<String>, &id]).await?;
        let signed_in = signed_in(&transaction.query_one(&by_session(), &[&id]).await?, token)?;
        transaction.commit().await?;
        Ok(signed_in)
    }

    /// The session of a refresh token, with the next one.
    pub(super) async fn renew(&self, token: &str) -> Result<Renewed, Refusal> {
        if token.is_empty() || token.contains('\0') {
            return Ok(Renewed::Unknown);
        }
        let mut client = self.connect().await?;
        let transaction = client.transaction().await?;
        // The session's row is what two renewals at the same moment wait for.
        let found = transaction
            .query_opt(
                "select s.id::text, t.user_id from auth.refresh_tokens as t join auth.sessions as s on s.id = t.session_id
                 where t.token = $1 for update of s",
                &[&token],
            )
            .await?;
        let Some(found) = found else { return Ok(Renewed::Unknown) };
        let (session, user): (String, String) = (found.get(0), found.get(1));
        let state = transaction
            .query_one(
                "select revoked, updated_at > now() - make_interval(secs => $2) from auth.refresh_tokens where token = $1",
                &[&token, &REUSE_S],
            )
            .await?;
        let (is_used, is_recent): (bool, bool) = (state.get(0), state.get(1));
        let next = if !is_used {
            let next = new_token()?;
            transaction
                .execute(
                    "update auth.refresh_tokens set revoked = true, updated_at = now() where token = $1",
                    &[&token],
                )
                .await?;
            transaction.execute(INSERT_TOKEN, &[&next, &user, &Some(token), &session]).await?;
            transaction
                .execute("update auth.sessions set updated_at = now() where id = $1::text::uuid", &[&session])
                .await?;
            Some(next)
        } else {
            let current = "select token from auth.refresh_tokens where session_id = $1::text::uuid and not revoked
                           order by id desc limit 1";
            let current = transaction.query_opt(current, &[&session]).await?;
            current.filter(|_| is_recent).map(|row| row.get(0))
        };
        let Some(next) = next else {
            transaction.execute("delete from auth.sessions where id = $1::text::uuid", &[&session]).await?;
            transaction.commit().await?;
            return Ok(Renewed::Used);
        };
        let row = transaction.query_one(&by_session(), &[&session]).await?;
        if row.get::<_, bool>(3) {
            return Err(Refusal::banned());
        }
        let signed_in = signed_in(&row, next)?;
        transaction.commit().await?;
        Ok(Renewed::Yes(signed_in))
    }

    /// The user as clients see them. A session that has ended is none, and the nil UUID stands for a token without one.
    pub(super) async fn user(&self, user: Uuid, session: Uuid) -> Result<Value, Refusal> {
        let client = self.connect().await?;
        let (user, session) = (user.to_string(), session.to_string());
        let row = client
            .query_opt(
                &format!(
                    "select ({USER})::text, $2 = '00000000-0000-0000-0000-000000000000' or exists (
                       select from auth.sessions as s where s.id = $2::text::uuid and s.user_id = u.id)
                     from auth.users as u where u.id = $1::text::uuid and u.deleted_at is null"
                ),
                &[&user, &session],
            )
            .await?;
        let row = row.ok_or_else(Refusal::user_not_found)?;
        match row.get(1) {
            true => json(&row),
            false => Err(Refusal::session_not_found()),
        }
    }

    /// Ends the sessions of a user for which this holds, told whether it is the one named.
    pub(super) async fn end_sessions(
        &self,
        user: Uuid,
        ends: impl Fn(bool) -> bool,
        named: Uuid,
    ) -> Result<(), Refusal> {
        let client = self.connect().await?;
        let statement = "delete from auth.sessions where user_id = $1::text::uuid
                         and case when id = $2::text::uuid then $3::boolean else $4::boolean end";
        client.execute(statement, &[&user.to_string(), &named.to_string(), &ends(true), &ends(false)]).await?;
        Ok(())
    }
}

const INSERT_TOKEN: &str =
    "insert into auth.refresh_tokens (token, user_id, revoked, created_at, updated_at, parent, session_id)
     values ($1, $2, false, now(), now(), $3, $4::text::uuid)";

/// A session and its user, whether they are banned at last.
fn by_session() -> String {
    format!(
        "select ({USER})::text, s.id::text, extract(epoch from s.created_at)::int8,
           coalesce(u.banned_until > now(), false)
         from auth.sessions as s join auth.users as u on u.id = s.user_id where s.id = $1::text::uuid"
    )
}

fn signed_in(row: &Row, refresh_token: String) -> Result<SignedIn, Refusal> {
    let id = Uuid::try_parse(row.get(1)).map_err(|error| Refusal::internal(&error))?;
    Ok(SignedIn { user: json(row)?, session: Session { id, since: row.get(2) }, refresh_token })
}

fn json(row: &Row) -> Result<Value, Refusal> {
    serde_json::from_str(row.get(0)).map_err(|error| Refusal::internal(&error))
}

fn new_token() -> Result<String, Refusal> {
    random_secret().map_err(|error| Refusal::internal(&error))
}
