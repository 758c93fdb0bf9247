//! What a tool works with.

use chrono::{DateTime, FixedOffset, NaiveDate};
use chrono_tz::Tz;

use crate::data::{Aggregation, DataError, Deletion, Insertion, MAX_BATCH, Modification, Query};
use crate::events::{EventsError, Level};
use crate::{AgentError, Host, Page, Row, Turn};

/// The turn a tool runs in, and the way to the user's data.
pub struct Context<'a> {
    pub(crate) host: &'a mut dyn Host,
    turn: &'a Turn,
    now: DateTime<FixedOffset>,
    zone: Tz,
    writes: u32,
}

impl<'a> Context<'a> {
    /// Starts a turn. Fails when its time or its time zone can't be read.
    pub fn new(host: &'a mut dyn Host, turn: &'a Turn) -> Result<Self, AgentError> {
        let now = DateTime::parse_from_rfc3339(&turn.now)
            .map_err(|error| AgentError::Invalid(format!("`now` is not an RFC 3339 time: {error}")))?;
        let zone = turn.time_zone.parse();
        let zone = zone.map_err(|error| AgentError::Invalid(format!("`time-zone` is not an IANA name: {error}")))?;
        Ok(Self { host, turn, now, zone, writes: 0 })
    }

    /// The user's message, word for word.
    pub fn message(&self) -> &str {
        &self.turn.message
    }

    /// The time of the question, with the user's UTC offset.
    pub fn now(&self) -> DateTime<FixedOffset> {
        self.now
    }

    /// The date of the question where the user is.
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }

    /// The user's time zone. What its offset is depends on the day.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// How many writes succeeded, or may have.
    pub(crate) fn writes(&self) -> u32 {
        self.writes
    }

    /// Reads rows.
    pub fn select(&mut self, query: &Query) -> Result<Page, DataError> {
        Page::parse(&self.host.select(query)?)
    }

    /// Several reads at the same time, however many; the results are in their order.
    pub fn select_many(&mut self, queries: &[Query]) -> Vec<Result<Page, DataError>> {
        let pages = queries.chunks(MAX_BATCH).flat_map(|batch| self.host.select_many(batch));
        pages.map(|page| Page::parse(&page?)).collect()
    }

    /// Adds rows, all or none, and returns them as written.
    pub fn insert(&mut self, insertion: &Insertion) -> Result<Vec<Row>, DataError> {
        let result = self.host.insert(insertion);
        self.written(result)
    }

    /// Several additions, each on its own, however many.
    pub fn insert_many(&mut self, insertions: &[Insertion]) -> Vec<Result<Vec<Row>, DataError>> {
        let mut results = Vec::with_capacity(insertions.len());
        for batch in insertions.chunks(MAX_BATCH) {
            for result in self.host.insert_many(batch) {
                results.push(self.written(result));
            }
        }
        results
    }

    /// Changes rows, all or none, and returns them as they are then.
    pub fn update(&mut self, modification: &Modification) -> Result<Vec<Row>, DataError> {
        let result = self.host.update(modification);
        self.written(result)
    }

    /// Several changes at the same time, each on its own, however many.
    pub fn update_many(&mut self, modifications: &[Modification]) -> Vec<Result<Vec<Row>, DataError>> {
        let mut results = Vec::with_capacity(modifications.len());
        for batch in modifications.chunks(MAX_BATCH) {
            for result in self.host.update_many(batch) {
                results.push(self.written(result));
            }
        }
        results
    }

    /// Removes rows, all or none. Needs the user's approval, which ends the turn; pass the error on with `?`.
    pub fn delete(&mut self, deletion: &Deletion) -> Result<Vec<Row>, DataError> {
        let result = self.host.delete(deletion);
        self.written(result)
    }

    /// Figures that the database computes.
    pub fn aggregate(&mut self, aggregation: &Aggregation) -> Result<Vec<Row>, DataError> {
        Row::parse_all(&self.host.aggregate(aggregation)?)
    }

    /// Several computations at the same time, however many; the results are in their order.
    pub fn aggregate_many(&mut self, aggregations: &[Aggregation]) -> Vec<Result<Vec<Row>, DataError>> {
        let groups = aggregations.chunks(MAX_BATCH).flat_map(|batch| self.host.aggregate_many(batch));
        groups.map(|rows| Row::parse_all(&rows?)).collect()
    }

    /// Tells the user what is being done, in a few plain words. Not part of the answer.
    pub fn progress(&mut self, message: &str) -> Result<(), EventsError> {
        self.host.progress(message)
    }

    /// Writes a line for the operator. No personal data.
    pub fn log(&mut self, level: Level, message: &str) {
        self.host.log(level, message);
    }

    fn written(&mut self, result: Result<Vec<String>, DataError>) -> Result<Vec<Row>, DataError> {
        // Whether a write happened isn't known after these two.
        if matches!(result, Ok(_) | Err(DataError::Unavailable(_) | DataError::Other(_))) {
            self.writes += 1;
        }
        Row::parse_all(&result?)
    }
}
