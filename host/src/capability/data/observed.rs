//! A request to the data service as those see it who run the host: a span with its table and verb, how long it took, and
//! whether the service answers at all. No value, no row and no user is in any of it.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use metrics::{SharedString, histogram};
use opentelemetry::KeyValue;

use super::{Aggregate, DataError, DataStore, Delete, Identifier, Insert, Page, Row, Select, Update, UserToken};
use crate::telemetry::metrics::{DATA_REQUEST_DURATION, dependency};
use crate::telemetry::traces::{Span, SpanKind};

/// A store whose requests are seen.
pub struct Observed(Arc<dyn DataStore>);

impl Observed {
    /// Around `store`.
    pub fn new(store: Arc<dyn DataStore>) -> Self {
        Self(store)
    }
}

#[async_trait]
impl DataStore for Observed {
    async fn select(&self, user: &UserToken, query: &Select) -> Result<Page, DataError> {
        observe("select", &query.table, self.0.select(user, query)).await
    }

    async fn insert(&self, user: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError> {
        observe("insert", &insertion.table, self.0.insert(user, insertion)).await
    }

    async fn update(&self, user: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError> {
        observe("update", &modification.table, self.0.update(user, modification)).await
    }

    async fn delete(&self, user: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError> {
        observe("delete", &deletion.table, self.0.delete(user, deletion)).await
    }

    async fn aggregate(&self, user: &UserToken, aggregation: &Aggregate) -> Result<Vec<Row>, DataError> {
        observe("aggregate", &aggregation.table, self.0.aggregate(user, aggregation)).await
    }

    async fn ready(&self) -> Result<(), DataError> {
        let ready = self.0.ready().await;
        dependency("supabase", ready.is_ok());
        ready
    }
}

async fn observe<T>(
    verb: &'static str,
    table: &Identifier,
    request: impl Future<Output = Result<T, DataError>>,
) -> Result<T, DataError> {
    let span = Span::start(SpanKind::Client, || {
        let attributes = [
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.operation.name", verb),
            KeyValue::new("db.collection.name", table.as_str().to_owned()),
        ];
        (format!("{verb} {table}"), attributes)
    });
    let began = Instant::now();
    let result = span.run(request).await;
    let outcome = match &result {
        Ok(_) => "ok",
        Err(error) => kind(error),
    };
    let labels = [
        ("table", SharedString::from(table.as_str().to_owned())),
        ("verb", SharedString::const_str(verb)),
        ("outcome", SharedString::const_str(outcome)),
    ];
    histogram!(DATA_REQUEST_DURATION, &labels).record(began.elapsed());
    match &result {
        Ok(_) => dependency("supabase", true),
        Err(error) => {
            span.fail(kind(error));
            match error {
                DataError::Unavailable(_) => dependency("supabase", false),
                DataError::NotFound | DataError::Conflict(_) | DataError::Denied(_) | DataError::Unauthorized(_) => {
                    dependency("supabase", true)
                }
                // Some of these are found before anything is sent.
                DataError::Invalid { .. } | DataError::LimitExceeded(_) | DataError::Other(_) => {}
            }
        }
    }
    result
}

/// `error.type`. The text of an error may quote what was sent.
fn kind(error: &DataError) -> &'static str {
    match error {
        DataError::Denied(_) => "denied",
        DataError::NotFound => "not_found",
        DataError::Invalid { .. } => "invalid",
        DataError::Conflict(_) => "conflict",
        DataError::LimitExceeded(_) => "limit_exceeded",
        DataError::Unauthorized(_) => "unauthorized",
        DataError::Unavailable(_) => "unavailable",
        DataError::Other(_) => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::tests::counted;

    type Answer = fn() -> Result<Vec<Row>, DataError>;

    /// Answers everything with the same.
    struct Always(Answer);

    #[async_trait]
    impl DataStore for Always {
        async fn select(&self, _: &UserToken, _: &Select) -> Result<Page, DataError> {
            (self.0)().map(|rows| Page { rows, total: None })
        }

        async fn insert(&self, _: &UserToken, _: &Insert) -> Result<Vec<Row>, DataError> {
            (self.0)()
        }

        async fn update(&self, _: &UserToken, _: &Update) -> Result<Vec<Row>, DataError> {
            (self.0)()
        }

        async fn delete(&self, _: &UserToken, _: &Delete) -> Result<Vec<Row>, DataError> {
            (self.0)()
        }

        async fn aggregate(&self, _: &UserToken, _: &Aggregate) -> Result<Vec<Row>, DataError> {
            (self.0)()
        }

        async fn ready(&self) -> Result<(), DataError> {
            (self.0)().map(drop)
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn removed(answer: Answer) -> String {
        let store = Observed::new(Arc::new(Always(answer)));
        let table = Identifier::new("invoices").unwrap();
        let deletion = Delete { table, conditions: Vec::new(), max_affected: 1, returning: Vec::new() };
        counted(|| {
            let user = UserToken::new(secrecy::SecretString::default());
            let _ = block_on(store.delete(&user, &deletion));
        })
    }

    #[test]
    fn a_request_is_measured_by_table_verb_and_outcome_and_tells_whether_the_service_answers() {
        let cases: [(Answer, &str, Option<u8>); 4] = [
            (|| Ok(Vec::new()), "ok", Some(1)),
            (|| Err(DataError::NotFound), "not_found", Some(1)),
            (|| Err(DataError::Unavailable("no connection".into())), "unavailable", Some(0)),
            (|| Err(DataError::LimitExceeded("not sent".into())), "limit_exceeded", None),
        ];
        for (answer, outcome, up) in cases {
            let text = removed(answer);
            let count = format!(
                "canvalo_data_request_duration_seconds_count{{table=\"invoices\",verb=\"delete\",outcome=\"{outcome}\"}} 1"
            );
            assert!(text.contains(&count), "{text}");
            match up {
                Some(up) => {
                    assert!(text.contains(&format!("canvalo_dependency_up{{dependency=\"supabase\"}} {up}")), "{text}")
                }
                None => assert!(!text.contains("canvalo_dependency_up"), "{text}"),
            }
        }
    }

    #[test]
    fn a_health_check_tells_it_too() {
        let ready = |answer: Answer| {
            let store = Observed::new(Arc::new(Always(answer)));
            counted(|| drop(block_on(store.ready())))
        };
        assert!(ready(|| Ok(Vec::new())).contains("canvalo_dependency_up{dependency=\"supabase\"} 1"));
        assert!(ready(|| Err(DataError::NotFound)).contains("canvalo_dependency_up{dependency=\"supabase\"} 0"));
    }
}
