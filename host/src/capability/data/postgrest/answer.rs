//! What PostgREST sent back, read within bounds.

use axum::http::StatusCode;
use axum::http::header::CONTENT_RANGE;
use bytes::{Bytes, BytesMut};

use super::super::{DataError, Row};

/// The most bytes of an answer. A thousand rows of this schema are about 1 MiB.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;

pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// How many rows match in all, if they were counted.
    pub(super) total: Option<u64>,
    pub(super) body: Bytes,
}

/// Why an answer could not be read.
pub(super) enum ReadError {
    TooLarge,
    Broken(reqwest::Error),
}

impl Answer {
    pub(super) async fn read(mut response: reqwest::Response) -> Result<Self, ReadError> {
        let status = response.status();
        let total = response.headers().get(CONTENT_RANGE).and_then(|range| total(range.to_str().ok()?));
        if response.content_length().is_some_and(|length| length > MAX_BYTES as u64) {
            return Err(ReadError::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(ReadError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, total, body: body.freeze() })
    }

    /// The rows, as the text they came in.
    pub(super) fn rows(&self) -> Result<Vec<Row>, DataError> {
        let rows: Vec<Row> = serde_json::from_slice(&self.body)
            .map_err(|_| DataError::Other("its answer is not a list of rows".to_owned()))?;
        match rows.iter().all(|row| row.get().starts_with('{')) {
            true => Ok(rows),
            false => Err(DataError::Other("a row of its answer is not an object".to_owned())),
        }
    }
}

/// The total of `0-24/573` or `*/0`; `*` when it was not counted.
fn total(content_range: &str) -> Option<u64> {
    content_range.split_once('/')?.1.parse().ok()
}
