//! `delete_…`: one row or several, all or none, and never without the user's approval.

use serde_json::{Map, Value};

use super::{Table, display, get, schema};
use crate::data::Deletion;
use crate::tool::arguments;
use crate::{Answer, Context, Tool, ToolError};

pub(super) fn tool(table: &'static Table) -> Tool {
    let rows = schema::list(schema::reference(table), &format!("The {} to delete.", table.name));
    let parameters = schema::object(Map::from_iter([(table.name.to_owned(), rows)]), &[table.name]);
    let description = format!(
        "Deletes one {} or several for good, all of them or none. The user is asked to approve it first.",
        table.singular
    );
    Tool::untyped(format!("delete_{}", table.name), description, parameters, move |context, parameters, given| {
        arguments::check_names(parameters, &given)?;
        delete(table, context, given.get(table.name))
    })
}

fn delete(table: &'static Table, context: &mut Context<'_>, given: Option<&Value>) -> Result<Answer, ToolError> {
    let given = match given {
        Some(Value::Array(names)) => names.as_slice(),
        Some(name) => std::slice::from_ref(name),
        None => &[],
    };
    if given.is_empty() || given.len() > super::MAX_ROWS_WRITTEN {
        let (name, max) = (table.name, super::MAX_ROWS_WRITTEN);
        return Err(ToolError::Arguments(format!("`{name}`: from 1 to {max} at a time, got {}.", given.len())));
    }
    let names = given.iter().map(|name| get::text(table, Some(name))).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // One name that is not understood stops them all: what goes is gone.
    let mut rows = table.find(context, &names)?.into_iter().collect::<Result<Vec<_>, _>>()?;
    rows.sort_by(|a, b| a.text("id").cmp(b.text("id")));
    rows.dedup_by(|a, b| a.text("id") == b.text("id"));
    let ids: Vec<&str> = rows.iter().map(|row| row.text("id")).collect();

    let removed = context.delete(&Deletion::by_ids(table.name, &ids, &table.columns_to_show()))?;
    let zone = context.zone();
    let shown = removed.iter().map(|row| display::columns(table, row, table.shown, zone)).collect();
    Ok(Answer::new().title(format!("Deleted {}", table.counted(removed.len()))).rows(shown))
}
