//! JSON Schemas of a table's tools, from its declaration.

use serde_json::{Map, Value, json};

use super::column::MAX_TEXT;
use super::{Column, Kind, MAX_ROWS_WRITTEN, Table};

/// The words for naming a row.
pub(super) fn reference(table: &Table) -> Value {
    let (singular, label) = (table.singular, table.label.replace('_', " "));
    let description = match table.naming().count() {
        1 => format!("The {singular}: its {label}, or its id."),
        _ => format!("The {singular}: its number, what it is called, or its id."),
    };
    json!({ "type": "string", "description": description })
}

/// An object with these properties and nothing else.
//
// Parts are moved into the whole: `json!` would copy them by serialising, level by level, before every turn.
pub(super) fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.into()
}

/// A list of 1 to 16 items.
pub(super) fn list(items: Value, description: &str) -> Value {
    let mut schema = json!({ "type": "array", "minItems": 1, "maxItems": MAX_ROWS_WRITTEN });
    schema["items"] = items;
    schema["description"] = description.into();
    schema
}

/// A new row, or the changes of one.
pub(super) fn row(table: &Table, with_required: bool) -> Value {
    let writable = || table.columns.iter().filter(|column| column.is_writable());
    let properties = writable().map(|column| (column.name.to_owned(), value(column))).collect();
    let required: Vec<&str> = writable().filter(|column| column.required).map(|column| column.name).collect();
    object(properties, if with_required { &required } else { &[] })
}

/// A column's value.
pub(super) fn value(column: &Column) -> Value {
    let mut schema = match column.kind {
        Kind::Text => json!({ "type": "string", "maxLength": MAX_TEXT }),
        Kind::Money | Kind::Decimal => json!({ "type": "number" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Time => json!({ "type": "string", "format": "time" }),
        Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::OneOf(words) => json!({ "type": "string", "enum": words }),
        Kind::Tags => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Json(schema) => serde_json::from_str(schema).unwrap_or_else(|_| json!({})),
    };
    if let Some(min) = column.min {
        schema["minimum"] = min.into();
    }
    if let Some(max) = column.max {
        schema["maximum"] = max.into();
    }
    if !column.description.is_empty() {
        schema["description"] = column.description.into();
    }
    schema
}
