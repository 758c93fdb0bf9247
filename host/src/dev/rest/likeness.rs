//! Where the embedded server's answers differ from PostgREST's in a way that a client can see, they are made alike:
//!
//! - `numeric(14, 2)` columns are written with two decimals; the embedded server writes as many as PostgreSQL happens to
//!   pack together (`99.9000`, `100`).
//! - What a signed-in user may not do is 403; the embedded server says 401 to everybody.
//! - A change or removal may say by an array or a time which rows it means; the embedded server casts to the type's name in
//!   the standard there, which is no name of a type.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use postrust_core::SchemaCache;
use serde_json::{Number, Value};
use tokio_postgres::Client;

/// Far more than 1000 rows of this schema.
const LARGEST_BODY: usize = 64 << 20;

/// The decimals of each table's `numeric` columns.
#[derive(Clone, Default)]
pub(super) struct Scales(Arc<HashMap<String, HashMap<String, usize>>>);

impl Scales {
    /// Asks the catalog.
    pub(super) async fn load(client: &Client) -> Result<Self> {
        let rows = client
            .query(
                "select table_name::text, column_name::text, numeric_scale::int4 from information_schema.columns
                 where table_schema = 'api' and data_type = 'numeric' and numeric_scale is not null",
                &[],
            )
            .await
            .context("can't read the catalog")?;
        let mut tables: HashMap<String, HashMap<String, usize>> = HashMap::new();
        for row in &rows {
            let scale = usize::try_from(row.get::<_, i32>(2)).unwrap_or_default();
            tables.entry(row.get(0)).or_default().insert(row.get(1), scale);
        }
        Ok(Self(Arc::new(tables)))
    }
}

/// Gives types that a cast knows by another name that name.
pub(super) fn name_types(cache: &mut SchemaCache) {
    for column in cache.tables.values_mut().flat_map(|table| table.columns.values_mut()) {
        if matches!(column.data_type.as_str(), "ARRAY" | "timestamp with time zone" | "time without time zone") {
            column.data_type.clone_from(&column.nominal_type);
        }
    }
}

/// The middleware. Paths are below `/rest/v1`.
pub(super) async fn answer_like_postgrest(State(scales): State<Scales>, mut request: Request, next: Next) -> Response {
    let scales = scales.0.get(request.uri().path().trim_matches('/')).cloned().unwrap_or_default();
    let signed_in = request.headers().contains_key(header::AUTHORIZATION);
    let has_body = request.method() != Method::HEAD;
    request.headers_mut().remove(header::ACCEPT_ENCODING);

    let response = next.run(request).await;
    let maybe_denied = response.status() == StatusCode::UNAUTHORIZED && signed_in;
    let has_rows = response.status().is_success() && !scales.is_empty();
    let json = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/"));
    if !has_body || !json || !(maybe_denied || has_rows) {
        return response;
    }

    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    if maybe_denied {
        if value["code"] == "42501" {
            parts.status = StatusCode::FORBIDDEN;
        }
        return Response::from_parts(parts, Body::from(bytes));
    }
    match &mut value {
        Value::Array(rows) => rows.iter_mut().for_each(|row| rescale_row(row, &scales)),
        row => rescale_row(row, &scales),
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

fn rescale_row(row: &mut Value, scales: &HashMap<String, usize>) {
    for (column, value) in row.as_object_mut().into_iter().flatten() {
        if let (Some(&scale), Value::Number(number)) = (scales.get(column), &*value)
            && let Ok(rescaled) = rescale(&number.to_string(), scale).parse::<Number>()
        {
            *value = Value::Number(rescaled);
        }
    }
}

/// The same number with `scale` decimals, or with more if it has them.
fn rescale(number: &str, scale: usize) -> String {
    if number.contains(['e', 'E']) {
        return number.to_owned();
    }
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = format!("{:0<scale$}", decimals.trim_end_matches('0'));
    if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_gets_its_decimals_and_keeps_its_value() {
        for (number, scale, expected) in [
            ("99.9000", 2, "99.90"),
            ("100", 2, "100.00"),
            ("0", 4, "0.0000"),
            ("-0.5000", 2, "-0.50"),
            ("1.2345", 2, "1.2345"),
            ("7.0000", 0, "7"),
            ("120", 0, "120"),
            ("1E+30", 2, "1E+30"),
        ] {
            assert_eq!(rescale(number, scale), expected, "{number}");
        }
    }
}
