//! `list_…`: rows by column, date range, text, with their number and sums unless they are too many.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::{Column, Kind, Order, Table, display, schema, values};
use crate::data::{Aggregation, Condition, Filter, Query};
use crate::tool::arguments;
use crate::{Answer, Context, Page, Tool, ToolError};

/// Rows shown when the question doesn't say how many: a screenful.
const DEFAULT_LIMIT: u32 = 20;

/// Most rows of one call: what a model can still read.
const MAX_LIMIT: u32 = 100;

pub(super) fn tool(table: &'static Table) -> Tool {
    let parameters = parameters(table);
    let mut description = format!(
        "Lists {}, all of them or those that match, with their number{}. Leave out what the question doesn't ask for.",
        table.name,
        if table.totals.is_empty() { "" } else { " and sums" }
    );
    if !table.examples.is_empty() {
        description.push('\n');
        description.push_str(table.examples);
    }
    Tool::untyped(format!("list_{}", table.name), description, parameters, move |context, parameters, mut given| {
        arguments::check_names(parameters, &given)?;
        arguments::drop_blanks(parameters, &mut given);
        list(table, context, &given)
    })
}

/// How a column can be filtered.
enum Filtering {
    /// Any of some values, or exactly one.
    Equal,
    /// From and to.
    Range(&'static str, &'static str),
    /// Holds all of some words.
    Tags,
}

fn filtering(table: &Table, column: &Column) -> Option<Filtering> {
    let shown = table.shown.contains(&column.name);
    match column.kind {
        Kind::OneOf(_) | Kind::Uuid | Kind::Boolean => Some(Filtering::Equal),
        Kind::Date | Kind::Timestamp if shown => Some(Filtering::Range("_from", "_to")),
        Kind::Money | Kind::Decimal | Kind::Integer if shown => Some(Filtering::Range("_min", "_max")),
        Kind::Tags => Some(Filtering::Tags),
        _ => None,
    }
}

fn parameters(table: &Table) -> Value {
    let mut properties = Map::new();
    if !table.search.is_empty() {
        let searched = table.search.join(", ").replace('_', " ");
        let description = format!("Text to look for in {searched}: a name or part of one.");
        properties.insert("search".to_owned(), json!({ "type": "string", "description": description }));
    }
    for column in table.columns {
        let words = column.name.replace('_', " ");
        match filtering(table, column) {
            Some(Filtering::Equal) => {
                let mut schema = schema::value(column);
                if matches!(column.kind, Kind::OneOf(_)) {
                    let description = format!("Only with one of these {words} values.");
                    let items = std::mem::replace(&mut schema, json!({ "type": "array" }));
                    schema["items"] = items;
                    schema["description"] = description.into();
                }
                properties.insert(column.name.to_owned(), schema);
            }
            Some(Filtering::Range(low, high)) => {
                for (end, meaning) in [(low, "or more"), (high, "or less")] {
                    let meaning = match (low, end) {
                        ("_from", "_from") => "on or after this",
                        ("_from", _) => "on or before this",
                        _ => meaning,
                    };
                    let kind = match column.kind {
                        Kind::Date | Kind::Timestamp => json!({ "type": "string", "format": "date" }),
                        Kind::Integer => json!({ "type": "integer" }),
                        _ => json!({ "type": "number" }),
                    };
                    let mut schema = kind;
                    schema["description"] = format!("Only {words} {meaning}.").into();
                    properties.insert(format!("{}{end}", column.name), schema);
                }
            }
            Some(Filtering::Tags) => {
                let description = format!("Only with all of these {words}.");
                let schema = json!({ "type": "array", "items": { "type": "string" }, "description": description });
                properties.insert(column.name.to_owned(), schema);
            }
            None => {}
        }
    }
    let order = json!({ "type": "string", "enum": sortable(table), "description": "The column to sort by." });
    properties.insert("order_by".to_owned(), order);
    let descending = json!({ "type": "boolean", "description": "Largest or latest first. Only with order_by." });
    properties.insert("descending".to_owned(), descending);
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
    properties.insert("limit".to_owned(), limit);
    properties.insert("offset".to_owned(), json!({ "type": "integer", "minimum": 0, "description": "Rows to skip." }));
    schema::object(properties, &[])
}

fn sortable(table: &Table) -> Vec<&'static str> {
    let plain = |column: &&&str| !table.column(column).is_some_and(|c| matches!(c.kind, Kind::Json(_) | Kind::Tags));
    table.shown.iter().filter(plain).copied().collect()
}

fn list(table: &'static Table, context: &mut Context<'_>, given: &Map<String, Value>) -> Result<Answer, ToolError> {
    let zone = context.zone();
    let conditions = conditions(table, given, zone)?;
    let limit = number(given, "limit", 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let offset = number(given, "offset", 0, 1_000_000)?.unwrap_or(0);

    let mut query = Query::new(table.name, &table.columns_to_show()).limit(limit).offset(offset);
    query.conditions.clone_from(&conditions);
    let (order, descending) = order(table, given)?;
    query = if descending { query.descending(order) } else { query.ascending(order) };
    if order != "id" {
        // Rows that are equal otherwise could change places between pages.
        query = query.ascending("id");
    }
    let beyond = query.beyond_counted();
    let mut pages = context.select_many(&[query, beyond]).into_iter();
    let mut next = || pages.next().unwrap_or_else(|| Ok(Page::default()));
    let (page, beyond) = (next()?, next()?);

    let rows: Vec<_> = page.rows.iter().map(|row| display::columns(table, row, table.shown, zone)).collect();
    let shown = rows.len() as u64;
    let (first, last) = (u64::from(offset) + 1, u64::from(offset) + shown);
    let answer = Answer::new().title(table.heading()).rows(rows);
    if !beyond.rows.is_empty() {
        let many = "more than 1,000, too many to count and add up";
        return Ok(match shown {
            0 => answer,
            _ => answer
                .note(format!("These are {first} to {last} of {many}. Narrow it down, or go on with offset {last}.")),
        });
    }
    let ended = shown < u64::from(limit) && (shown > 0 || offset == 0);
    let (total, answer) = figures(table, context, conditions, ended.then_some(last), answer);
    Ok(match total {
        Some(total) if shown > 0 && last < total => {
            answer.note(format!("These are {first} to {last} of {total}; more with offset {last}."))
        }
        None => answer.note(format!("These are {first} to {last}; more with offset {last}.")),
        Some(_) => answer,
    })
}

/// Adds how many rows match, unless that is `known`, and their sums. An answer without them is still one.
fn figures(
    table: &Table,
    context: &mut Context<'_>,
    conditions: Vec<Condition>,
    known: Option<u64>,
    answer: Answer,
) -> (Option<u64>, Answer) {
    const ROWS: &str = "matching_rows";
    let with = |total: Option<u64>, answer: Answer| match total {
        Some(total) => (Some(total), answer.total_rows(total)),
        None => (None, answer),
    };
    if known.is_some_and(|total| total <= 1 || table.totals.is_empty()) {
        return with(known, answer);
    }
    let mut aggregation = Aggregation::new(table.name).count(ROWS);
    aggregation.conditions = conditions;
    for column in table.totals {
        aggregation = aggregation.sum(column, column);
    }
    let groups = match context.aggregate(&aggregation) {
        Ok(groups) => groups,
        Err(error) => {
            context.log(crate::events::Level::Warn, &format!("no figures for {}: {error}", table.name));
            return with(known, answer);
        }
    };
    let counted = groups.first().and_then(|group| u64::try_from(group.integer(ROWS)).ok());
    let total = known.or(counted).unwrap_or_default();
    let (total, mut answer) = with(Some(total), answer);
    for column in table.totals.iter().filter(|_| total > Some(1)) {
        let sum = groups.first().map(|group| group.money(column)).unwrap_or_default();
        answer = answer.fact(format!("Sum of {}", column.replace('_', " ")), sum);
    }
    (total, answer)
}

fn order(table: &Table, given: &Map<String, Value>) -> Result<(&'static str, bool), ToolError> {
    let descending = match given.get("descending") {
        None => None,
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text == "true" || text == "false" => Some(text == "true"),
        Some(_) => return Err(ToolError::arguments("`descending`: expected true or false.")),
    };
    let Some(wanted) = given.get("order_by") else {
        return Ok(match table.order {
            Order::Ascending(column) => (column, false),
            Order::Descending(column) => (column, true),
        });
    };
    let columns = sortable(table);
    let column = columns.iter().find(|column| wanted == **column).ok_or_else(|| {
        ToolError::Arguments(format!("`order_by`: expected one of {}, got {wanted}.", columns.join(", ")))
    })?;
    Ok((column, descending.unwrap_or(false)))
}

fn conditions(table: &'static Table, given: &Map<String, Value>, zone: Tz) -> Result<Vec<Condition>, ToolError> {
    let mut conditions = Vec::new();
    if let Some(search) = given.get("search") {
        let text = search.as_str().ok_or_else(|| ToolError::arguments("`search`: expected text."))?.trim();
        let columns = table.search.iter().map(|column| Filter::holds_text(column, text));
        conditions.push(Condition::Any(columns.collect()));
    }
    for column in table.columns {
        match filtering(table, column) {
            Some(Filtering::Equal) => {
                if let Some(value) = given.get(column.name) {
                    conditions.push(equal(column, value, zone)?.into());
                }
            }
            Some(Filtering::Range(low, high)) => {
                if let Some(value) = given.get(&format!("{}{low}", column.name)) {
                    conditions.push(Filter::gte(column.name, bound(column, value, low, zone)?).into());
                }
                if let Some(value) = given.get(&format!("{}{high}", column.name)) {
                    let bound = bound(column, value, high, zone)?;
                    // The last day of a range of instants counts until it ends.
                    let until = matches!(column.kind, Kind::Timestamp);
                    let filter = if until { Filter::lt(column.name, bound) } else { Filter::lte(column.name, bound) };
                    conditions.push(filter.into());
                }
            }
            Some(Filtering::Tags) => {
                if let Some(value) = given.get(column.name) {
                    let tags = values::check(column, value.clone(), zone).map_err(ToolError::Arguments)?;
                    conditions.push(Filter::contains(column.name, tags).into());
                }
            }
            None => {}
        }
    }
    Ok(conditions)
}

fn equal(column: &Column, value: &Value, zone: Tz) -> Result<Filter, ToolError> {
    let values = match value {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    let checked = values.iter().map(|value| values::check(column, value.clone(), zone));
    let checked = checked.collect::<Result<Vec<_>, _>>().map_err(ToolError::Arguments)?;
    match checked.as_slice() {
        [] => Err(ToolError::Arguments(format!("`{}`: name at least one value or leave it out.", column.name))),
        [only] => Ok(Filter::eq(column.name, only)),
        several => Ok(Filter::one_of(column.name, several)),
    }
}

fn bound(column: &Column, value: &Value, end: &str, zone: Tz) -> Result<Value, ToolError> {
    let wrong = |what: &str| ToolError::Arguments(format!("`{}{end}`: expected {what}, got {value}.", column.name));
    match column.kind {
        Kind::Date | Kind::Timestamp => {
            let mut date = values::date(value).ok_or_else(|| wrong("a date such as 2026-03-09"))?;
            if column.kind == Kind::Date {
                return Ok(date.to_string().into());
            }
            if end == "_to" {
                date = date.succ_opt().unwrap_or(date);
            }
            values::check(column, date.to_string().into(), zone).map_err(ToolError::Arguments)
        }
        _ => crate::Money::from_json(value).map(Value::from).ok_or_else(|| wrong("a number")),
    }
}

fn number(given: &Map<String, Value>, name: &str, min: u32, max: u32) -> Result<Option<u32>, ToolError> {
    let Some(value) = given.get(name) else { return Ok(None) };
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| (min..=max).contains(number));
    number.map(Some).ok_or_else(|| ToolError::Arguments(format!("`{name}`: must be from {min} to {max}, got {value}.")))
}
