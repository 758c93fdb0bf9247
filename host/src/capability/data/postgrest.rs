//! PostgREST, as Supabase runs it: `<SUPABASE_URL>/rest/v1/<table>`.
//!
//! - `query`: conditions as PostgREST writes them.
//! - `aggregate`: figures, through a function of the schema.
//! - `answer`: rows and totals, read within bounds.
//! - `error`: failures, without the rows that PostgreSQL tells in them.
//!
//! The host owns every header. A request acts as its user: the token goes into `Authorization` of that request alone,
//! and the client keeps nothing of it.

mod aggregate;
mod answer;
mod error;
mod query;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use async_trait::async_trait;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use bytes::Bytes;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::{Aggregate, DataError, DataStore, Delete, Identifier, Insert, Page, Row, Select, Update, UserToken};
use answer::{Answer, ReadError};

/// The most rows of one read: where PostgREST's `db-max-rows` cuts an answer without saying so, in Supabase's default.
pub const MAX_ROWS: u32 = 1000;

/// The function that computes figures.
const AGGREGATE: &str = "rpc/aggregate";

/// The schema that Supabase's projects of this product expose.
const SCHEMA: HeaderValue = HeaderValue::from_static("api");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longer than Supabase's own statement timeout of 8 s, so that the database is the one to give up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const READY_TIMEOUT: Duration = Duration::from_secs(3);
/// The shortest pause before the second attempt of a read; up to twice as long.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// A client of PostgREST. Cheap to share, and made once: it holds the connections.
pub struct PostgRest {
    client: reqwest::Client,
    /// `<SUPABASE_URL>/rest/v1`
    root: String,
    /// The publishable key, which says which project is asked and gives no rights.
    key: HeaderValue,
    timeout: Duration,
}

impl std::fmt::Debug for PostgRest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgRest").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address can't be used.
    #[error("the address of the data service is not an http or https URL")]
    Url,
    /// The key can't be sent.
    #[error("the publishable key holds characters that no header can carry")]
    Key,
    /// The HTTP client could not start.
    #[error("the HTTP client could not start: are the certificates of the system (ca-certificates) installed?")]
    Client(#[from] reqwest::Error),
}

impl PostgRest {
    /// A client of the project at `supabase_url` (no trailing slash needed) with its publishable key.
    pub fn new(supabase_url: &str, publishable_key: &SecretString) -> Result<Self, SetupError> {
        let root = format!("{}/rest/v1", supabase_url.trim_end_matches('/'));
        let url = Url::parse(&root).map_err(|_| SetupError::Url)?;
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true);
        match url.scheme() {
            "https" => {}
            // Without TLS the system's certificates need not be read, nor be there.
            "http" => builder = builder.tls_certs_only([]),
            _ => return Err(SetupError::Url),
        }
        let mut key = HeaderValue::from_str(publishable_key.expose_secret()).map_err(|_| SetupError::Key)?;
        key.set_sensitive(true);
        Ok(Self { client: builder.build()?, root, key, timeout: REQUEST_TIMEOUT })
    }

    async fn send(&self, user: &UserToken, request: Request<'_>) -> Result<Answer, DataError> {
        let mut attempt = self.attempt(user, &request).await;
        let transient = match &attempt {
            Ok(answer) => matches!(
                answer.status,
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
            ),
            Err(failure) => failure.transient(),
        };
        if request.repeatable && transient {
            tokio::time::sleep(RETRY_PAUSE + jitter(RETRY_PAUSE)).await;
            attempt = self.attempt(user, &request).await;
        }
        let answer = attempt.map_err(|failure| failure.into_error(&request))?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        // A page past the last row.
        if request.method == Method::GET && answer.status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Ok(Answer { body: Bytes::from_static(b"[]"), ..answer });
        }
        Err(error::from_answer(answer.status, &answer.body, request.resource))
    }

    async fn attempt(&self, user: &UserToken, request: &Request<'_>) -> Result<Answer, Failure> {
        let mut url = Url::parse(&format!("{}/{}", self.root, request.resource)).map_err(|_| Failure::Unsendable)?;
        url.set_query(request.query.as_deref());
        let mut token = HeaderValue::try_from(format!("Bearer {}", user.secret().expose_secret()))
            .map_err(|_| Failure::Unsendable)?;
        token.set_sensitive(true);
        let profile = if request.method == Method::GET { "accept-profile" } else { "content-profile" };
        let mut builder = self
            .client
            .request(request.method.clone(), url)
            .timeout(self.timeout)
            .header("apikey", self.key.clone())
            .header(AUTHORIZATION, token)
            .header(ACCEPT, "application/json")
            .header(profile, SCHEMA);
        if let Some(prefer) = &request.prefer {
            builder = builder.header("prefer", prefer);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = builder.send().await.map_err(Failure::Transport)?;
        Answer::read(response).await.map_err(|error| match error {
            ReadError::TooLarge => Failure::TooLarge,
            ReadError::Broken(error) => Failure::Transport(error),
        })
    }
}

#[async_trait]
impl DataStore for PostgRest {
    async fn select(&self, user: &UserToken, query: &Select) -> Result<Page, DataError> {
        if !(1..=MAX_ROWS).contains(&query.limit) {
            return Err(DataError::LimitExceeded(format!("a read takes a limit from 1 to {MAX_ROWS} rows")));
        }
        let request = Request {
            query: Some(query::select(query)?),
            prefer: query.count.then(|| "count=exact".to_owned()),
            repeatable: true,
            ..Request::new(Method::GET, query.table.as_str())
        };
        let answer = self.send(user, request).await?;
        Ok(Page { rows: answer.rows()?, total: answer.total.filter(|_| query.count) })
    }

    async fn insert(&self, user: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError> {
        if insertion.rows.is_empty() {
            return Err(query::invalid(None, "there is no row to add"));
        }
        // `columns` makes PostgREST drop everything else in a row. A column that no row sets is not listed, as the
        // database's own permissions may not cover it.
        let columns: Vec<_> = insertion
            .columns
            .iter()
            .filter(|column| insertion.rows.iter().any(|row| row.contains_key(column.as_str())))
            .collect();
        if columns.is_empty() {
            return Err(query::invalid(None, "a new row needs at least one value"));
        }
        let request = Request {
            query: Some(query::insert(&columns, &insertion.returning)?),
            // Rows of one request may set different columns: the ones left out take their default, not null.
            prefer: Some("handling=strict, missing=default, return=representation".to_owned()),
            body: Some(json(&stripped(&insertion.rows, &columns))?),
            ..Request::new(Method::POST, insertion.table.as_str())
        };
        self.send(user, request).await?.rows()
    }

    async fn update(&self, user: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError> {
        if modification.changes.is_empty() {
            return Err(query::invalid(None, "there is no value to change"));
        }
        let request = Request {
            query: Some(query::update(modification)?),
            prefer: Some(bounded(modification.max_affected)?),
            body: Some(json::<Map<String, Value>>(&modification.changes)?),
            ..Request::new(Method::PATCH, modification.table.as_str())
        };
        affected(self.send(user, request).await?.rows()?)
    }

    async fn delete(&self, user: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError> {
        let request = Request {
            query: Some(query::delete(deletion)?),
            prefer: Some(bounded(deletion.max_affected)?),
            ..Request::new(Method::DELETE, deletion.table.as_str())
        };
        affected(self.send(user, request).await?.rows()?)
    }

    async fn aggregate(&self, user: &UserToken, aggregation: &Aggregate) -> Result<Vec<Row>, DataError> {
        if !(1..=MAX_ROWS).contains(&aggregation.limit) {
            return Err(DataError::LimitExceeded(format!("a computation takes a limit from 1 to {MAX_ROWS} groups")));
        }
        let request = Request {
            body: Some(json(&aggregate::body(aggregation)?)?),
            repeatable: true,
            ..Request::new(Method::POST, AGGREGATE)
        };
        self.send(user, request).await?.rows()
    }

    async fn ready(&self) -> Result<(), DataError> {
        let answer = self
            .client
            .head(format!("{}/", self.root))
            .timeout(READY_TIMEOUT)
            .header("apikey", self.key.clone())
            .send()
            .await
            .map_err(|error| DataError::Unavailable(transport(&error)))?;
        match answer.status() {
            status if status.is_server_error() => {
                Err(DataError::Unavailable(format!("it answered {}", status.as_u16())))
            }
            _ => Ok(()),
        }
    }
}

struct Request<'a> {
    method: Method,
    /// The table, or `rpc/…`.
    resource: &'a str,
    query: Option<String>,
    prefer: Option<String>,
    body: Option<Bytes>,
    /// Whether it changes nothing and may be sent twice.
    repeatable: bool,
}

impl<'a> Request<'a> {
    fn new(method: Method, resource: &'a str) -> Self {
        Self { method, resource, query: None, prefer: None, body: None, repeatable: false }
    }
}

/// Why there is no answer. Nothing of the request is in its texts.
enum Failure {
    Unsendable,
    TooLarge,
    Transport(reqwest::Error),
}

impl Failure {
    /// Whether a second attempt may do better.
    fn transient(&self) -> bool {
        matches!(self, Self::Transport(error) if !error.is_timeout() && (error.is_connect() || error.is_request()))
    }

    fn into_error(self, request: &Request<'_>) -> DataError {
        let writing = !request.repeatable;
        match self {
            Self::Unsendable => DataError::Other("the request can't be put into HTTP".to_owned()),
            Self::TooLarge if writing => {
                DataError::Other("the change was made, but its answer is too large to read".to_owned())
            }
            Self::TooLarge => DataError::LimitExceeded(format!(
                "the answer is larger than {} MiB: ask for fewer rows or columns",
                answer::MAX_BYTES / 1024 / 1024
            )),
            Self::Transport(error) if writing && !error.is_connect() => {
                DataError::Unavailable(format!("{}; whether the change was made is unknown", transport(&error)))
            }
            Self::Transport(error) => DataError::Unavailable(transport(&error)),
        }
    }
}

/// What broke, without the URL, which holds what the user looks for.
fn transport(error: &reqwest::Error) -> String {
    let what = match error {
        _ if error.is_connect() => "no connection",
        _ if error.is_timeout() => return "it did not answer in time".to_owned(),
        _ => "the connection broke",
    };
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    match source.downcast_ref::<std::io::Error>() {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    }
}

/// A random part of `most`, so that callers that failed together don't come back together.
fn jitter(most: Duration) -> Duration {
    most.mul_f64((RandomState::new().hash_one(0_u8) % 1000) as f64 / 1000.0)
}

/// `max-affected` counts for nothing unless the handling is strict.
fn bounded(max_affected: u32) -> Result<String, DataError> {
    match max_affected {
        0 => Err(query::invalid(None, "a change or removal must allow at least one row")),
        most => Ok(format!("handling=strict, max-affected={most}, return=representation")),
    }
}

/// Row-level security hides rows instead of refusing them: a write that met none is a miss.
fn affected(rows: Vec<Row>) -> Result<Vec<Row>, DataError> {
    if rows.is_empty() { Err(DataError::NotFound) } else { Ok(rows) }
}

/// The rows with these columns only: what PostgREST would drop is not even sent.
fn stripped<'a>(rows: &'a [Map<String, Value>], columns: &[&Identifier]) -> Vec<BTreeMap<&'a str, &'a Value>> {
    let listed = |name: &str| columns.iter().any(|column| column.as_str() == name);
    let row = |row: &'a Map<String, Value>| {
        row.iter().filter(|(name, _)| listed(name)).map(|(name, value)| (name.as_str(), value)).collect()
    };
    rows.iter().map(row).collect()
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<Bytes, DataError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|_| DataError::Other("the request can't be written as JSON".to_owned()))
}

#[cfg(test)]
mod tests;
