//! From a guest's request to one that may leave: names and values parsed, every column checked against the grant,
//! limits lowered to what the grant allows.

use serde_json::{Map, Value};

use crate::capability::data::{self, Identifier};
use crate::plugin::bindings::canvalo::agent::data as guest;
use crate::plugin::bindings::canvalo::agent::data::{DataError, InvalidRequest};
use crate::plugin::grants::{Denial, Verb};
use crate::plugin::host::parse_json;
use crate::plugin::state::State;

/// Conditions in a request, members of an `any` or of a `one-of`, sort keys, groups and measures.
const MAX_CONDITIONS: usize = 32;
const MAX_ANY: usize = 16;
const MAX_ONE_OF: usize = 200;
const MAX_ORDER: usize = 8;
const MAX_GROUP_KEYS: usize = 4;
const MAX_MEASURES: usize = 16;

/// Longest pattern or text to compare with, in bytes.
const MAX_VALUE_BYTES: usize = 16 * 1024;

type Checked<T> = Result<T, DataError>;

impl State {
    pub(super) fn check_select(&self, query: guest::Query) -> Checked<data::Select> {
        let table = name(query.table)?;
        let columns = self.readable(&table, query.columns, "columns")?;
        let conditions = self.conditions(&table, query.conditions)?;
        let order = self.order(&table, query.order)?;
        let limit = at_least_one(query.limit, "limit")?.min(self.capabilities.max_rows(&table));
        Ok(data::Select { table, columns, conditions, order, limit, offset: query.offset, count: query.count })
    }

    pub(super) fn check_insert(&self, insertion: guest::Insertion) -> Checked<data::Insert> {
        let table = name(insertion.table)?;
        let returning = self.readable(&table, insertion.returning, "returning")?;
        if insertion.rows.is_empty() {
            return Err(invalid(None, "rows: at least one"));
        }
        let max = self.capabilities.max_affected(&table);
        if insertion.rows.len() > max as usize {
            return Err(DataError::LimitExceeded(format!(
                "{} rows in one insert, at most {max} for this plugin",
                insertion.rows.len()
            )));
        }
        let mut rows = Vec::with_capacity(insertion.rows.len());
        for text in insertion.rows {
            let row = object("rows", &text)?;
            self.writable(&table, Verb::Insert, &row)?;
            rows.push(row);
        }
        let columns = self.capabilities.insertable(&table);
        if columns.is_empty() {
            // Rows without a column ask for nothing that could have been denied above.
            self.allow(self.capabilities.columns(&table, Verb::Insert, [&name("id".into())?]))?;
        }
        Ok(data::Insert { table, columns, rows, returning })
    }

    pub(super) fn check_update(&self, modification: guest::Modification) -> Checked<data::Update> {
        let table = name(modification.table)?;
        let returning = self.readable(&table, modification.returning, "returning")?;
        let conditions = self.bounded(&table, modification.conditions)?;
        let changes = object("changes", &modification.changes)?;
        if changes.is_empty() {
            return Err(invalid(None, "changes: at least one column"));
        }
        self.writable(&table, Verb::Update, &changes)?;
        let max_affected = self.max_affected(&table, modification.max_affected)?;
        Ok(data::Update { table, conditions, changes, max_affected, returning })
    }

    pub(super) fn check_delete(&self, deletion: guest::Deletion) -> Checked<data::Delete> {
        let table = name(deletion.table)?;
        self.allow(self.capabilities.delete(&table))?;
        let returning = self.readable(&table, deletion.returning, "returning")?;
        let conditions = self.bounded(&table, deletion.conditions)?;
        let max_affected = self.max_affected(&table, deletion.max_affected)?;
        Ok(data::Delete { table, conditions, max_affected, returning })
    }

    pub(super) fn check_aggregate(&self, aggregation: guest::Aggregation) -> Checked<data::Aggregate> {
        let table = name(aggregation.table)?;
        let conditions = self.conditions(&table, aggregation.conditions)?;
        at_most(aggregation.group_by.len(), MAX_GROUP_KEYS, "group-by")?;
        at_most(aggregation.measures.len(), MAX_MEASURES, "measures")?;
        if aggregation.measures.is_empty() {
            return Err(invalid(None, "measures: at least one"));
        }
        let mut group_by = Vec::with_capacity(aggregation.group_by.len());
        for key in aggregation.group_by {
            let column = name(key.column)?;
            self.allow(self.capabilities.columns(&table, Verb::Select, [&column]))?;
            group_by.push(data::GroupKey { column, unit: key.unit.map(data::CalendarUnit::from) });
        }
        let mut measures = Vec::with_capacity(aggregation.measures.len());
        for measure in aggregation.measures {
            let column = measure.column.map(name).transpose()?;
            // Counting rows reads the table as much as any column does.
            let read = match &column {
                Some(column) => column.clone(),
                None if measure.function == guest::AggregateFunction::Count => name("id".into())?,
                None => return Err(invalid(None, "measures: only count may leave out the column")),
            };
            self.allow(self.capabilities.columns(&table, Verb::Select, [&read]))?;
            measures.push(data::Measure { function: measure.function.into(), column, name: name(measure.name)? });
        }
        let limit = at_least_one(aggregation.limit, "limit")?.min(self.capabilities.max_rows(&table));
        Ok(data::Aggregate { table, conditions, group_by, measures, limit })
    }

    /// Turns a decision into the guest's error, and a denial into an audit event.
    fn allow(&self, decision: Result<(), Denial>) -> Checked<()> {
        decision.map_err(|denial| {
            self.audit(&denial);
            DataError::Denied(denial.to_string())
        })
    }

    fn readable(&self, table: &Identifier, columns: Vec<String>, what: &str) -> Checked<Vec<Identifier>> {
        if columns.is_empty() {
            return Err(invalid(None, &format!("{what}: at least one column")));
        }
        let columns: Vec<Identifier> = columns.into_iter().map(name).collect::<Result<_, _>>()?;
        self.allow(self.capabilities.columns(table, Verb::Select, &columns))?;
        Ok(columns)
    }

    fn writable(&self, table: &Identifier, verb: Verb, row: &Map<String, Value>) -> Checked<()> {
        let columns: Vec<Identifier> = row.keys().map(|key| name(key.clone())).collect::<Result<_, _>>()?;
        self.allow(self.capabilities.columns(table, verb, &columns))
    }

    fn order(&self, table: &Identifier, order: Vec<guest::Order>) -> Checked<Vec<data::Order>> {
        at_most(order.len(), MAX_ORDER, "order")?;
        order
            .into_iter()
            .map(|order| {
                let column = name(order.column)?;
                self.allow(self.capabilities.columns(table, Verb::Select, [&column]))?;
                Ok(data::Order { column, descending: order.descending })
            })
            .collect()
    }

    /// The conditions of a write, which must not be empty.
    fn bounded(&self, table: &Identifier, conditions: Vec<guest::Condition>) -> Checked<Vec<data::Condition>> {
        if conditions.is_empty() {
            return Err(invalid(None, "conditions: at least one, a write to every row is never allowed"));
        }
        self.conditions(table, conditions)
    }

    fn conditions(&self, table: &Identifier, conditions: Vec<guest::Condition>) -> Checked<Vec<data::Condition>> {
        at_most(conditions.len(), MAX_CONDITIONS, "conditions")?;
        conditions
            .into_iter()
            .map(|condition| {
                Ok(match condition {
                    guest::Condition::All(filter) => data::Condition::All(self.filter(table, filter)?),
                    guest::Condition::Any(filters) => {
                        at_most(filters.len(), MAX_ANY, "any")?;
                        if filters.is_empty() {
                            return Err(invalid(None, "any: at least one comparison"));
                        }
                        let filters = filters.into_iter().map(|filter| self.filter(table, filter));
                        data::Condition::Any(filters.collect::<Result<_, _>>()?)
                    }
                })
            })
            .collect()
    }

    fn filter(&self, table: &Identifier, filter: guest::Filter) -> Checked<data::Filter> {
        let column = name(filter.column)?;
        // Filtering by a column tells what is in it.
        self.allow(self.capabilities.columns(table, Verb::Select, [&column]))?;
        if filter.value.len() > MAX_VALUE_BYTES {
            return Err(invalid(Some(&column), &format!("value: at most {MAX_VALUE_BYTES} bytes")));
        }
        let value = parse_json("value", &filter.value).map_err(|message| invalid(Some(&column), &message))?;
        let operator = data::Operator::from(filter.operator);
        check_value(operator, &value).map_err(|message| invalid(Some(&column), message))?;
        Ok(data::Filter { column, operator, value, negate: filter.negate })
    }

    fn max_affected(&self, table: &Identifier, wanted: u32) -> Checked<u32> {
        Ok(at_least_one(wanted, "max-affected")?.min(self.capabilities.max_affected(table)))
    }
}

fn check_value(operator: data::Operator, value: &Value) -> Result<(), &'static str> {
    use data::Operator::{Contains, Eq, Gt, Gte, Ilike, IsNull, Like, Lt, Lte, Neq, OneOf};
    let scalar = |value: &Value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    match operator {
        Eq | Neq | Lt | Lte | Gt | Gte if !scalar(value) => {
            Err("value: a JSON string, number or boolean; for null use is-null")
        }
        Like | Ilike if !value.is_string() => Err("value: a JSON string"),
        OneOf => match value.as_array() {
            Some(members) if (1..=MAX_ONE_OF).contains(&members.len()) && members.iter().all(scalar) => Ok(()),
            _ => Err("value: a JSON array of 1 to 200 strings, numbers or booleans"),
        },
        IsNull if !value.is_null() => Err("value: null"),
        Contains if !(value.is_array() || value.is_object()) => Err("value: a JSON array or object"),
        _ => Ok(()),
    }
}

fn name(name: String) -> Checked<Identifier> {
    Identifier::new(name).map_err(DataError::from)
}

fn object(what: &str, text: &str) -> Checked<Map<String, Value>> {
    match parse_json(what, text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(invalid(None, &format!("{what}: a JSON object"))),
        Err(message) => Err(invalid(None, &message)),
    }
}

fn at_least_one(number: u32, what: &str) -> Checked<u32> {
    if number == 0 { Err(invalid(None, &format!("{what}: from 1"))) } else { Ok(number) }
}

fn at_most(number: usize, most: usize, what: &str) -> Checked<()> {
    if number > most { Err(invalid(None, &format!("{what}: at most {most}"))) } else { Ok(()) }
}

fn invalid(column: Option<&Identifier>, message: &str) -> DataError {
    DataError::Invalid(InvalidRequest {
        column: column.map(|column| column.as_str().to_owned()),
        message: message.to_owned(),
    })
}

impl From<guest::Operator> for data::Operator {
    fn from(operator: guest::Operator) -> Self {
        match operator {
            guest::Operator::Eq => Self::Eq,
            guest::Operator::Neq => Self::Neq,
            guest::Operator::Lt => Self::Lt,
            guest::Operator::Lte => Self::Lte,
            guest::Operator::Gt => Self::Gt,
            guest::Operator::Gte => Self::Gte,
            guest::Operator::Like => Self::Like,
            guest::Operator::Ilike => Self::Ilike,
            guest::Operator::OneOf => Self::OneOf,
            guest::Operator::IsNull => Self::IsNull,
            guest::Operator::Contains => Self::Contains,
        }
    }
}

impl From<guest::AggregateFunction> for data::AggregateFunction {
    fn from(function: guest::AggregateFunction) -> Self {
        match function {
            guest::AggregateFunction::Count => Self::Count,
            guest::AggregateFunction::Sum => Self::Sum,
            guest::AggregateFunction::Avg => Self::Avg,
            guest::AggregateFunction::Min => Self::Min,
            guest::AggregateFunction::Max => Self::Max,
        }
    }
}

impl From<guest::CalendarUnit> for data::CalendarUnit {
    fn from(unit: guest::CalendarUnit) -> Self {
        match unit {
            guest::CalendarUnit::Day => Self::Day,
            guest::CalendarUnit::Week => Self::Week,
            guest::CalendarUnit::Month => Self::Month,
            guest::CalendarUnit::Quarter => Self::Quarter,
            guest::CalendarUnit::Year => Self::Year,
        }
    }
}
