//! The body of a call of the database's `aggregate` function.
//!
//! PostgREST's own aggregates are off in Supabase, so a function of the schema computes the figures. It takes the
//! request as JSON, checks every name against the catalogue, and escapes patterns itself.

use serde_json::{Value, json};

use super::super::{Aggregate, AggregateFunction, CalendarUnit, Condition, DataError, Filter, Operator};
use super::query;

/// `{"query": {…}}`, or why the request can't be sent.
pub(super) fn body(aggregation: &Aggregate) -> Result<Value, DataError> {
    query::check(&aggregation.conditions)?;
    if aggregation.measures.is_empty() {
        return Err(query::invalid(None, "no figures are asked for"));
    }
    let conditions: Vec<_> = aggregation
        .conditions
        .iter()
        .map(|condition| match condition {
            Condition::All(filter) => json!({"all": comparison(filter)}),
            Condition::Any(filters) => json!({"any": filters.iter().map(comparison).collect::<Vec<_>>()}),
        })
        .collect();
    let group_by: Vec<_> = aggregation
        .group_by
        .iter()
        .map(|key| json!({"column": key.column.as_str(), "unit": key.unit.map(unit)}))
        .collect();
    let mut measures = Vec::with_capacity(aggregation.measures.len());
    for measure in &aggregation.measures {
        if measure.column.is_none() && measure.function != AggregateFunction::Count {
            return Err(query::invalid(None, format!("the figure {} needs a column", measure.name)));
        }
        measures.push(json!({
            "function": function(measure.function),
            "column": measure.column.as_ref().map(|column| column.as_str()),
            "name": measure.name.as_str(),
        }));
    }
    Ok(json!({"query": {
        "table": aggregation.table.as_str(),
        "conditions": conditions,
        "group_by": group_by,
        "measures": measures,
        "limit": aggregation.limit,
    }}))
}

fn comparison(filter: &Filter) -> Value {
    json!({
        "column": filter.column.as_str(),
        "operator": operator(filter.operator),
        "value": filter.value,
        "negate": filter.negate,
    })
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Eq => "eq",
        Operator::Neq => "neq",
        Operator::Lt => "lt",
        Operator::Lte => "lte",
        Operator::Gt => "gt",
        Operator::Gte => "gte",
        Operator::Like => "like",
        Operator::Ilike => "ilike",
        Operator::OneOf => "one_of",
        Operator::IsNull => "is_null",
        Operator::Contains => "contains",
    }
}

fn function(function: AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Count => "count",
        AggregateFunction::Sum => "sum",
        AggregateFunction::Avg => "avg",
        AggregateFunction::Min => "min",
        AggregateFunction::Max => "max",
    }
}

fn unit(unit: CalendarUnit) -> &'static str {
    match unit {
        CalendarUnit::Day => "day",
        CalendarUnit::Week => "week",
        CalendarUnit::Month => "month",
        CalendarUnit::Quarter => "quarter",
        CalendarUnit::Year => "year",
    }
}
