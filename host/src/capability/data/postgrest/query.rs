//! Typed queries as PostgREST's query strings.
//!
//! Two notations exist for a comparison. As a parameter of its own, `column=eq.V`, V is literal to the end and never
//! quoted. In a list, `or=(column.eq."V")` or `column=in.("V")`, a value stands between double quotes, with `\` before
//! `\` and `"`. Everything is percent-encoded on top of that.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::super::{Condition, DataError, Delete, Filter, Identifier, Operator, Order, Select, Update};

/// What stands in a parameter as it is: RFC 3986's unreserved characters, and delimiters that end nothing in a query.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',').remove(b'(').remove(b')');

/// The most values of [`Operator::OneOf`].
const MAX_MEMBERS: usize = 200;

/// Gateways in front of PostgREST cut request lines between 16 and 64 KiB.
const MAX_QUERY_BYTES: usize = 32 * 1024;

/// Parameters that PostgREST reads as something else than a filter on a column of that name.
const RESERVED: [&str; 9] = ["select", "order", "limit", "offset", "columns", "on_conflict", "and", "or", "not"];

/// The parameters of a read. The limit is always there, once and valid: PostgREST takes a bad one for no limit.
pub(super) fn select(query: &Select) -> Result<String, DataError> {
    let mut parameters = Parameters::default();
    parameters.push("select", &names(&query.columns, "columns to read")?);
    parameters.conditions(&query.conditions)?;
    parameters.push("order", &order(&query.order));
    parameters.push("limit", &query.limit.to_string());
    if query.offset > 0 {
        parameters.push("offset", &query.offset.to_string());
    }
    parameters.finish()
}

/// The parameters of an insert of these columns.
pub(super) fn insert(columns: &[&Identifier], returning: &[Identifier]) -> Result<String, DataError> {
    let mut parameters = Parameters::default();
    let columns: Vec<_> = columns.iter().map(|column| column.as_str()).collect();
    parameters.push("columns", &columns.join(","));
    parameters.push("select", &names(returning, "columns to return")?);
    parameters.finish()
}

/// The parameters of an update.
pub(super) fn update(modification: &Update) -> Result<String, DataError> {
    bounded(&modification.conditions, &modification.returning)
}

/// The parameters of a delete.
pub(super) fn delete(deletion: &Delete) -> Result<String, DataError> {
    bounded(&deletion.conditions, &deletion.returning)
}

/// A write names its rows: without a condition it would be the whole table.
fn bounded(conditions: &[Condition], returning: &[Identifier]) -> Result<String, DataError> {
    if conditions.is_empty() {
        return Err(invalid(None, "a change or removal needs at least one condition"));
    }
    let mut parameters = Parameters::default();
    parameters.conditions(conditions)?;
    parameters.push("select", &names(returning, "columns to return")?);
    parameters.finish()
}

/// Whether the conditions can be sent at all, for a request that carries them as JSON.
pub(super) fn check(conditions: &[Condition]) -> Result<(), DataError> {
    Parameters::default().conditions(conditions)
}

fn names(columns: &[Identifier], what: &str) -> Result<String, DataError> {
    if columns.is_empty() {
        return Err(invalid(None, format!("no {what} are named")));
    }
    let columns: Vec<_> = columns.iter().map(Identifier::as_str).collect();
    Ok(columns.join(","))
}

/// Rows without a value come last either way: PostgreSQL would put them first when the largest comes first.
fn order(keys: &[Order]) -> String {
    if keys.is_empty() {
        return "id.asc".to_owned();
    }
    let keys: Vec<_> = keys
        .iter()
        .map(|key| format!("{}.{}", key.column, if key.descending { "desc.nullslast" } else { "asc.nullslast" }))
        .collect();
    keys.join(",")
}

#[derive(Default)]
struct Parameters(String);

impl Parameters {
    fn push(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ENCODED));
    }

    fn conditions(&mut self, conditions: &[Condition]) -> Result<(), DataError> {
        for condition in conditions {
            match condition {
                Condition::All(filter) => {
                    let name = filter.column.as_str();
                    // A leading underscore is an ordinary name to PostgREST, but not to every server that speaks it.
                    if RESERVED.contains(&name) || name.starts_with('_') {
                        self.push("and", &format!("({})", member(filter)?));
                    } else {
                        self.push(name, &comparison(filter, Notation::Literal)?);
                    }
                }
                Condition::Any(filters) if filters.is_empty() => {
                    return Err(invalid(None, "a choice of comparisons is empty"));
                }
                Condition::Any(filters) => {
                    let members = filters.iter().map(member).collect::<Result<Vec<_>, _>>()?;
                    self.push("or", &format!("({})", members.join(",")));
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<String, DataError> {
        if self.0.len() > MAX_QUERY_BYTES {
            return Err(DataError::LimitExceeded(format!(
                "the conditions are too long: at most {MAX_QUERY_BYTES} bytes once encoded; split the request"
            )));
        }
        Ok(self.0)
    }
}

fn member(filter: &Filter) -> Result<String, DataError> {
    Ok(format!("{}.{}", filter.column, comparison(filter, Notation::Quoted)?))
}

#[derive(Clone, Copy)]
enum Notation {
    Literal,
    Quoted,
}

fn comparison(filter: &Filter, notation: Notation) -> Result<String, DataError> {
    let not = if filter.negate { "not." } else { "" };
    let (name, operand) = operand(filter)?;
    Ok(match (operand, notation) {
        (Operand::Null, _) => format!("{not}{name}.null"),
        (Operand::List(members), _) => {
            let members: Vec<_> = members.iter().map(|member| quoted(member)).collect();
            format!("{not}{name}.({})", members.join(","))
        }
        (Operand::Text(text), Notation::Literal) => format!("{not}{name}.{text}"),
        (Operand::Text(text), Notation::Quoted) => format!("{not}{name}.{}", quoted(&text)),
    })
}

enum Operand {
    Null,
    Text(String),
    List(Vec<String>),
}

/// PostgREST's name of the operator, and what it compares with.
fn operand(filter: &Filter) -> Result<(&'static str, Operand), DataError> {
    let name = match filter.operator {
        Operator::Eq => "eq",
        Operator::Neq => "neq",
        Operator::Lt => "lt",
        Operator::Lte => "lte",
        Operator::Gt => "gt",
        Operator::Gte => "gte",
        Operator::Like => "like",
        Operator::Ilike => "ilike",
        Operator::OneOf => "in",
        Operator::IsNull => "is",
        Operator::Contains => "cs",
    };
    let operand = match (filter.operator, &filter.value) {
        (Operator::IsNull, Value::Null) => Operand::Null,
        (Operator::IsNull, _) => return Err(wrong(filter, "is-null compares with nothing but null")),
        (_, Value::Null) => return Err(wrong(filter, "null compares with nothing: use is-null")),
        (Operator::OneOf, Value::Array(members)) if (1..=MAX_MEMBERS).contains(&members.len()) => {
            Operand::List(members.iter().map(|member| scalar(filter, member)).collect::<Result<_, _>>()?)
        }
        (Operator::OneOf, _) => {
            return Err(wrong(filter, format!("one-of takes an array of 1 to {MAX_MEMBERS} values")));
        }
        (Operator::Like | Operator::Ilike, Value::String(pattern)) => {
            Operand::Text(like(&without_nul(filter, pattern)?))
        }
        (Operator::Like | Operator::Ilike, _) => return Err(wrong(filter, "a pattern is a text")),
        (Operator::Contains, Value::Array(members)) if !members.iter().any(|m| m.is_array() || m.is_object()) => {
            Operand::Text(array_literal(filter, members)?)
        }
        (Operator::Contains, value) => Operand::Text(value.to_string()),
        (_, value) => Operand::Text(scalar(filter, value)?),
    };
    Ok((name, operand))
}

fn scalar(filter: &Filter, value: &Value) -> Result<String, DataError> {
    match value {
        Value::String(text) => without_nul(filter, text),
        // The number as it was written: nothing goes through a binary float.
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(wrong(filter, "the comparison takes a text, a number or a boolean"))
        }
    }
}

/// PostgreSQL has no text with a zero character in it, so nothing can match one.
fn without_nul(filter: &Filter, text: &str) -> Result<String, DataError> {
    if text.contains('\0') { Err(wrong(filter, "a text can't hold a zero character")) } else { Ok(text.to_owned()) }
}

/// Everything but `*` is literal; PostgREST makes `%` of `*`.
fn like(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len() + 8);
    for character in pattern.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// `{"a","b"}`, PostgreSQL's notation of an array. A `jsonb` column takes objects, or arrays with objects in them.
fn array_literal(filter: &Filter, members: &[Value]) -> Result<String, DataError> {
    let members = members
        .iter()
        .map(|member| match member {
            Value::String(text) => Ok(quoted(&without_nul(filter, text)?)),
            other => scalar(filter, other),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{{{}}}", members.join(",")))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

fn wrong(filter: &Filter, message: impl Into<String>) -> DataError {
    invalid(Some(filter.column.as_str()), message)
}

pub(super) fn invalid(column: Option<&str>, message: impl Into<String>) -> DataError {
    DataError::Invalid { column: column.map(str::to_owned), message: message.into() }
}

#[cfg(test)]
mod tests;
