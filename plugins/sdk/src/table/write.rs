//! `create_…` and `update_…`: one row or several.

use chrono_tz::Tz;
use serde_json::{Map, Value, json};

use super::{MAX_ROWS_WRITTEN, Table, display, get, link, number, schema, values};
use crate::data::{Insertion, Modification};
use crate::tool::arguments;
use crate::{Answer, Context, Row, Tool, ToolError};

pub(super) fn create_tool(table: &'static Table) -> Tool {
    let rows = schema::list(schema::row(table, true), &format!("The new {}.", table.name));
    let parameters = schema::object(Map::from_iter([(table.name.to_owned(), rows)]), &[table.name]);
    let description = format!(
        "Creates one {} or several, all of them or none. Give only what the user said; never make up values.",
        table.singular
    );
    Tool::untyped(format!("create_{}", table.name), description, parameters, move |context, parameters, mut given| {
        arguments::check_names(parameters, &given)?;
        let rows = objects(given.remove(table.name), table.name)?;
        create(table, context, rows)
    })
}

pub(super) fn update_tool(table: &'static Table) -> Tool {
    let mut changes = schema::row(table, false);
    changes["description"] = "Only the columns to change, with their new values.".into();
    let properties =
        [(table.singular.to_owned(), schema::reference(table)), ("changes".to_owned(), changes)].into_iter().collect();
    let updates = schema::list(schema::object(properties, &[table.singular, "changes"]), "One entry for each row.");
    let parameters = schema::object(Map::from_iter([("updates".to_owned(), updates)]), &["updates"]);
    let description = format!("Changes one {} or several and says for each what happened.", table.singular);
    Tool::untyped(format!("update_{}", table.name), description, parameters, move |context, parameters, mut given| {
        arguments::check_names(parameters, &given)?;
        let updates = objects(given.remove("updates"), "updates")?;
        update(table, context, updates)
    })
}

/// A list of 1 to 16 objects; a single object stands for a list of one.
fn objects(value: Option<Value>, name: &str) -> Result<Vec<Map<String, Value>>, ToolError> {
    let values = match value {
        Some(Value::Array(values)) => values,
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err(ToolError::Arguments(format!("`{name}`: expected a list of objects."))),
    };
    if values.is_empty() || values.len() > MAX_ROWS_WRITTEN {
        let count = values.len();
        return Err(ToolError::Arguments(format!("`{name}`: from 1 to {MAX_ROWS_WRITTEN} at a time, got {count}.")));
    }
    let objects = values.into_iter().map(|value| match value {
        Value::Object(object) => Ok(object),
        other => Err(ToolError::Arguments(format!("`{name}`: expected objects, got {other}."))),
    });
    objects.collect()
}

/// Where in a list something is wrong; nothing in a list of one.
fn position(index: usize, count: usize) -> String {
    if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) }
}

fn placed(error: ToolError, at: &str) -> ToolError {
    match error {
        ToolError::Arguments(message) => ToolError::Arguments(format!("{at}{message}")),
        ToolError::Refused(message) => ToolError::Refused(format!("{at}{message}")),
        other => other,
    }
}

fn create(
    table: &'static Table,
    context: &mut Context<'_>,
    given: Vec<Map<String, Value>>,
) -> Result<Answer, ToolError> {
    let zone = context.zone();
    let count = given.len();
    let mut rows = Vec::with_capacity(count);
    let mut problems = Vec::new();
    for (index, row) in given.into_iter().enumerate() {
        match values::new_row(table, row, &position(index, count), zone) {
            Ok(mut row) => {
                row.retain(|_, value| !value.is_null());
                rows.push(row);
            }
            Err(error) => problems.push(error),
        }
    }
    refuse(problems, count)?;
    link::complete(table.links, context, &mut rows)?;
    if let Some(complete) = table.before_create {
        complete(context, &mut rows)?;
    }
    number::fill(table, context, &mut rows)?;
    let created = context.insert(&Insertion::new(table.name, &rows, &table.all_columns()))?;
    let count = created.len();
    let shown = created.into_iter().map(|row| match count {
        1 => display::whole(table, row, zone),
        _ => display::columns(table, &row, table.shown, zone),
    });
    Ok(Answer::new().title(format!("Created {}", table.counted(count))).rows(shown.collect()))
}

/// All that is wrong with the entries of a call, so that one correction is enough.
fn refuse(mut problems: Vec<ToolError>, entries: usize) -> Result<(), ToolError> {
    match problems.len() {
        0 => Ok(()),
        _ if entries == 1 => Err(problems.swap_remove(0)),
        _ => {
            let messages: Vec<String> = problems.iter().map(ToolError::message).collect();
            Err(ToolError::Arguments(format!("{} Nothing was created.", messages.join(" "))))
        }
    }
}

fn update(
    table: &'static Table,
    context: &mut Context<'_>,
    given: Vec<Map<String, Value>>,
) -> Result<Answer, ToolError> {
    let zone = context.zone();
    let count = given.len();
    let mut names = Vec::with_capacity(count);
    let mut all_changes = Vec::with_capacity(count);
    for (index, mut entry) in given.into_iter().enumerate() {
        let at = position(index, count);
        names.push(get::text(table, entry.get(table.singular)).map_err(|error| placed(error, &at))?);
        let Some(Value::Object(changes)) = entry.remove("changes") else {
            return Err(ToolError::Arguments(format!("{at}`changes`: expected an object of columns and new values.")));
        };
        all_changes.push(values::changes(table, changes, &at, zone)?);
    }
    link::complete(table.links, context, &mut all_changes)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = table.find(context, &names)?;
    refuse_twice(table, &rows)?;

    // What is wrong with one row doesn't keep the others from being changed.
    let mut results: Vec<Result<Row, ToolError>> = Vec::with_capacity(count);
    let mut modifications = Vec::with_capacity(count);
    let columns = table.all_columns();
    for (row, changes) in rows.into_iter().zip(&mut all_changes) {
        let checked = row.and_then(|row| {
            if let Some(complete) = table.before_update {
                complete(context, &row, changes)?;
            }
            Ok(row)
        });
        if let Ok(row) = &checked {
            modifications.push(Modification::by_id(table.name, row.text("id"), &*changes, &columns));
        }
        results.push(checked);
    }
    let mut updated = context.update_many(&modifications).into_iter();
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = match updated.next() {
            Some(Ok(mut rows)) => rows.pop().ok_or(ToolError::Data(crate::data::DataError::NotFound)),
            Some(Err(error)) => Err(error.into()),
            None => Err(ToolError::refused("The host gave no answer to this change.")),
        };
    }
    report(table, &names, results, &all_changes, zone)
}

/// Two changes of one row at the same time would race.
pub(super) fn refuse_twice(table: &Table, rows: &[Result<Row, ToolError>]) -> Result<(), ToolError> {
    let ids: Vec<&str> = rows.iter().flatten().map(|row| row.text("id")).collect();
    let twice = rows.iter().flatten().find(|row| ids.iter().filter(|id| **id == row.text("id")).count() > 1);
    match twice {
        Some(row) => Err(ToolError::Arguments(format!(
            "{} is named more than once: put its changes into one entry. Nothing was changed.",
            table.name_of(row)
        ))),
        None => Ok(()),
    }
}

fn report(
    table: &Table,
    names: &[&str],
    results: Vec<Result<Row, ToolError>>,
    changes: &[Map<String, Value>],
    zone: Tz,
) -> Result<Answer, ToolError> {
    let changed = results.iter().filter(|result| result.is_ok()).count();
    if changed == 0 {
        // One reason is enough when there is nothing but failures; the first is what the model should correct.
        return Err(results
            .into_iter()
            .find_map(Result::err)
            .unwrap_or_else(|| ToolError::refused("Nothing was changed.")));
    }
    let failed = results.len() - changed;
    let rows = results.iter().zip(names).zip(changes).map(|((result, name), changes)| match result {
        Ok(row) => {
            let columns: Vec<&str> = std::iter::once(table.label)
                .chain(changes.keys().map(String::as_str).filter(|column| *column != table.label))
                .collect();
            let mut shown = display::columns(table, row, &columns, zone);
            shown.insert("result".to_owned(), "updated".into());
            shown
        }
        Err(error) => {
            let result = format!("not changed: {}", error.message());
            [(table.label.to_owned(), json!(name)), ("result".to_owned(), result.into())].into_iter().collect()
        }
    });
    let answer = Answer::new().title(format!("Updated {}", table.counted(changed))).rows(rows.collect());
    Ok(if failed == 0 { answer } else { answer.note(format!("{} not changed.", table.counted(failed))) })
}
