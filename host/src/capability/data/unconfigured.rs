//! No data service: what stands in where none is configured, so that the server starts and says so.

use async_trait::async_trait;

use super::{Aggregate, DataError, DataStore, Delete, Insert, Page, Row, Select, Update, UserToken};

/// Answers every call with what is missing.
pub struct Unconfigured;

fn missing<T>() -> Result<T, DataError> {
    Err(DataError::Unavailable("SUPABASE_URL is not set".to_owned()))
}

#[async_trait]
impl DataStore for Unconfigured {
    async fn select(&self, _: &UserToken, _: &Select) -> Result<Page, DataError> {
        missing()
    }

    async fn insert(&self, _: &UserToken, _: &Insert) -> Result<Vec<Row>, DataError> {
        missing()
    }

    async fn update(&self, _: &UserToken, _: &Update) -> Result<Vec<Row>, DataError> {
        missing()
    }

    async fn delete(&self, _: &UserToken, _: &Delete) -> Result<Vec<Row>, DataError> {
        missing()
    }

    async fn aggregate(&self, _: &UserToken, _: &Aggregate) -> Result<Vec<Row>, DataError> {
        missing()
    }

    async fn ready(&self) -> Result<(), DataError> {
        missing()
    }
}
