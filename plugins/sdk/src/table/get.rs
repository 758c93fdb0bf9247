//! `get_…`: one row with everything in it.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::{Found, Table, display, lookup, schema};
use crate::tool::arguments;
use crate::{Answer, Context, Row, Tool, ToolError};

pub(super) fn tool(table: &'static Table) -> Tool {
    let properties = Map::from_iter([(table.singular.to_owned(), schema::reference(table))]);
    let parameters = schema::object(properties, &[table.singular]);
    let description = format!("Gets one {} with all its details.", table.singular);
    Tool::untyped(format!("get_{}", table.singular), description, parameters, move |context, parameters, given| {
        arguments::check_names(parameters, &given)?;
        let name = text(table, given.get(table.singular))?;
        get(table, context, &name)
    })
}

fn get(table: &'static Table, context: &mut Context<'_>, name: &str) -> Result<Answer, ToolError> {
    let zone = context.zone();
    match lookup::find(table, context, &[name])?.pop() {
        Some(Found::Exact(row)) => Ok(one(table, row, zone)),
        // Reading a row that is merely like the name does no harm.
        Some(Found::Candidates(mut rows)) if rows.len() == 1 => Ok(one(table, rows.remove(0), zone)),
        Some(Found::Candidates(rows)) if rows.len() > 1 => {
            let shown = rows.iter().map(|row| display::columns(table, row, table.shown, zone)).collect();
            Ok(Answer::new()
                .title(format!("Several {} match {name:?}", table.name))
                .rows(shown)
                .note("Which one is meant?"))
        }
        _ => Err(ToolError::Arguments(format!("There is no {} {name:?}.", table.singular))),
    }
}

fn one(table: &Table, row: Row, zone: Tz) -> Answer {
    let title = format!("{} {}", super::capitalised(table.singular), table.name_of(&row));
    Answer::new().title(title).rows(vec![display::whole(table, row, zone)])
}

/// A name or id as a model gives it.
pub(super) fn text(table: &Table, value: Option<&Value>) -> Result<String, ToolError> {
    let text = match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        // The number of an invoice is a number to a model.
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if text.is_empty() || text.chars().count() > 200 {
        let (singular, label) = (table.singular, table.label.replace('_', " "));
        return Err(ToolError::Arguments(format!("`{singular}`: expected the {label} or id of one {singular}.")));
    }
    Ok(text)
}
