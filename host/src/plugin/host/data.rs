//! `canvalo:agent/data`: rows, as the user, inside the grant. A request is checked whole (`request`) before any of it
//! leaves; writes finish even when the turn is cancelled while they are under way.

mod approval;
mod request;

use std::future::Future;

use futures::future::join_all;
use serde_json::value::RawValue;
use tracing::Instrument;

use crate::audit;
use crate::capability::data::{self, DataError as Failure};
use crate::plugin::bindings::canvalo::agent::data::{
    Aggregation, DataError, Deletion, Host, Insertion, InvalidRequest, Modification, Page, Query,
};
use crate::plugin::grants::Verb;
use crate::plugin::limits;
use crate::plugin::state::{Spent, State};
use crate::telemetry::metrics::limit_hit;
use crate::telemetry::traces::carried;

type Rows = Result<Vec<String>, DataError>;

impl Host for State {
    async fn select(&mut self, query: Query) -> wasmtime::Result<Result<Page, DataError>> {
        self.budget.host_call()?;
        let query = self.admit(query, Self::check_select);
        Ok(self.run_select(query).await)
    }

    async fn select_many(&mut self, queries: Vec<Query>) -> wasmtime::Result<Vec<Result<Page, DataError>>> {
        let queries = self.admit_many(queries, Self::check_select)?;
        Ok(join_all(queries.into_iter().map(|query| self.run_select(query))).await)
    }

    async fn insert(&mut self, insertion: Insertion) -> wasmtime::Result<Rows> {
        self.budget.host_call()?;
        let insertion = self.admit(insertion, Self::check_insert);
        Ok(self.run_insert(insertion).await)
    }

    async fn insert_many(&mut self, insertions: Vec<Insertion>) -> wasmtime::Result<Vec<Rows>> {
        let insertions = self.admit_many(insertions, Self::check_insert)?;
        Ok(join_all(insertions.into_iter().map(|insertion| self.run_insert(insertion))).await)
    }

    async fn update(&mut self, modification: Modification) -> wasmtime::Result<Rows> {
        self.budget.host_call()?;
        let modification = self.admit(modification, Self::check_update);
        Ok(self.run_update(modification).await)
    }

    async fn update_many(&mut self, modifications: Vec<Modification>) -> wasmtime::Result<Vec<Rows>> {
        let modifications = self.admit_many(modifications, Self::check_update)?;
        Ok(join_all(modifications.into_iter().map(|modification| self.run_update(modification))).await)
    }

    async fn delete(&mut self, deletion: Deletion) -> wasmtime::Result<Rows> {
        self.budget.host_call()?;
        let deletion = self.admit(deletion, Self::check_delete);
        Ok(self.run_delete(deletion).await)
    }

    async fn delete_many(&mut self, deletions: Vec<Deletion>) -> wasmtime::Result<Vec<Rows>> {
        let deletions = self.admit_many(deletions, Self::check_delete)?;
        Ok(join_all(deletions.into_iter().map(|deletion| self.run_delete(deletion))).await)
    }

    async fn aggregate(&mut self, aggregation: Aggregation) -> wasmtime::Result<Rows> {
        self.budget.host_call()?;
        let aggregation = self.admit(aggregation, Self::check_aggregate);
        Ok(self.run_aggregate(aggregation).await)
    }

    async fn aggregate_many(&mut self, aggregations: Vec<Aggregation>) -> wasmtime::Result<Vec<Rows>> {
        let aggregations = self.admit_many(aggregations, Self::check_aggregate)?;
        Ok(join_all(aggregations.into_iter().map(|aggregation| self.run_aggregate(aggregation))).await)
    }
}

impl State {
    /// Counts and checks one request.
    fn admit<G, R>(&mut self, request: G, check: impl Fn(&Self, G) -> Result<R, DataError>) -> Result<R, DataError> {
        self.budget.data_call()?;
        check(self, request)
    }

    /// Counts and checks a batch, each request on its own.
    fn admit_many<G, R>(
        &mut self,
        requests: Vec<G>,
        check: impl Fn(&Self, G) -> Result<R, DataError> + Copy,
    ) -> wasmtime::Result<Vec<Result<R, DataError>>> {
        let fits = requests.len() <= limits::BATCH;
        let mut admitted = Vec::with_capacity(requests.len());
        for request in requests {
            self.budget.host_call()?;
            admitted.push(if fits {
                self.admit(request, check)
            } else {
                limit_hit("batch");
                Err(DataError::LimitExceeded(format!("a batch has at most {} requests", limits::BATCH)))
            });
        }
        Ok(admitted)
    }

    async fn run_select(&self, query: Result<data::Select, DataError>) -> Result<Page, DataError> {
        let page = self.tools.run(self.services.data.select(&self.user, &query?)).await?;
        Ok(Page { rows: texts(page.rows), total: page.total })
    }

    async fn run_insert(&self, insertion: Result<data::Insert, DataError>) -> Rows {
        let insertion = insertion?;
        let (data, user) = (self.services.data.clone(), self.user.clone());
        let table = insertion.table.clone();
        self.write(&table, Verb::Insert, async move { data.insert(&user, &insertion).await }).await
    }

    async fn run_update(&self, update: Result<data::Update, DataError>) -> Rows {
        let update = update?;
        if approval::is_bulk(&update.conditions) {
            self.may_write(&update.table, Verb::Update)?;
            return Err(self.ask_for_update(&update).await);
        }
        let (data, user) = (self.services.data.clone(), self.user.clone());
        let table = update.table.clone();
        self.write(&table, Verb::Update, async move { data.update(&user, &update).await }).await
    }

    async fn run_delete(&self, deletion: Result<data::Delete, DataError>) -> Rows {
        let deletion = deletion?;
        self.may_write(&deletion.table, Verb::Delete)?;
        Err(self.ask_for_delete(&deletion).await)
    }

    async fn run_aggregate(&self, aggregation: Result<data::Aggregate, DataError>) -> Rows {
        Ok(texts(self.tools.run(self.services.data.aggregate(&self.user, &aggregation?)).await?))
    }

    /// Whether an operator lets plugins write. What is refused is `denied` and not `unavailable`, after which an agent
    /// would have to say that it doesn't know what became of the change.
    fn may_write(&self, table: &data::Identifier, verb: Verb) -> Result<(), DataError> {
        if !self.services.write_switch.is_stopped() {
            return Ok(());
        }
        let message = "An operator has stopped all changes for now; nothing was changed.";
        self.services.audit.record(audit::Event::Denial(audit::Denial {
            event: "writes.stopped",
            plugin: self.agent.clone(),
            user: self.user_tag.clone(),
            table: Some(table.to_string()),
            verb: Some(verb.as_str()),
            column: None,
            message: message.to_owned(),
        }));
        Err(DataError::Denied(message.to_owned()))
    }

    /// Runs a write in a task of its own: once it is under way it finishes and is recorded, whatever becomes of the turn.
    async fn write(
        &self,
        table: &data::Identifier,
        verb: Verb,
        write: impl Future<Output = Result<Vec<data::Row>, Failure>> + Send + 'static,
    ) -> Rows {
        self.may_write(table, verb)?;
        let (plugin, user, table) = (self.agent.clone(), self.user_tag.clone(), table.to_string());
        let audit = self.services.audit.clone();
        let recorded = async move {
            let result = write.await;
            let (rows, outcome) = match &result {
                Ok(rows) => (rows.len(), "written"),
                Err(Failure::Unavailable(_) | Failure::Other(_)) => (0, "unknown"),
                Err(_) => (0, "refused"),
            };
            let verb = verb.as_str();
            audit.record(audit::Event::Write(audit::Write { plugin, user, table, verb, rows, outcome }));
            result
        };
        let writing = async { self.services.writes.spawn(carried(recorded.in_current_span())).await };
        match self.tools.run(writing).await {
            Ok(result) => Ok(texts(result?)),
            Err(_) => Err(DataError::Other("the write failed inside the host".into())),
        }
    }
}

fn texts(rows: Vec<data::Row>) -> Vec<String> {
    rows.into_iter().map(|row: Box<RawValue>| String::from(Box::<str>::from(row))).collect()
}

impl From<Failure> for DataError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Denied(message) => Self::Denied(message),
            Failure::NotFound => Self::NotFound,
            Failure::Invalid { column, message } => Self::Invalid(InvalidRequest { column, message }),
            Failure::Conflict(message) => Self::Conflict(message),
            Failure::LimitExceeded(message) => Self::LimitExceeded(message),
            // An agent can't renew a token, and need not know that there is one.
            Failure::Unauthorized(_) => Self::Unavailable("the user's session is no longer accepted".into()),
            Failure::Unavailable(message) => Self::Unavailable(message),
            Failure::Other(message) => Self::Other(message),
        }
    }
}

impl From<Spent> for DataError {
    fn from(Spent(what): Spent) -> Self {
        Self::LimitExceeded(what.into())
    }
}
