//! JSON Schemas that every model follows: no references, no unions with null, no formats only Rust knows.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The schema of a tool's arguments.
pub(crate) fn of<A: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<A>().to_value();
    if let Value::Object(object) = &mut schema {
        object.remove("description");
        // A type without fields is an object without properties.
        object.insert("type".to_owned(), "object".into());
        object.entry("properties").or_insert_with(|| Value::Object(Default::default()));
    }
    simplify(&mut schema);
    schema
}

fn simplify(schema: &mut Value) {
    match schema {
        Value::Array(members) => members.iter_mut().for_each(simplify),
        Value::Object(_) => {
            without_null(schema);
            if let Value::Object(object) = schema {
                // A property may be called `title` or `default` too; its value is then an object.
                object.retain(|keyword, value| match keyword.as_str() {
                    "title" => !value.is_string(),
                    "default" => !value.is_null(),
                    "format" => {
                        value.as_str().is_none_or(|format| matches!(format, "date" | "date-time" | "time" | "uuid"))
                    }
                    _ => true,
                });
                object.values_mut().for_each(simplify);
            }
        }
        _ => {}
    }
}

/// Optional arguments are left out, so null need not be allowed.
fn without_null(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(options)) = object.get_mut("anyOf") else {
        return;
    };
    options.retain(|option| option["type"] != "null");
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (keyword, value) in only {
            object.entry(keyword).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::Money;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Arguments {
        /// Which ones.
        lines: Vec<Line>,
        /// Since when.
        since: Option<NaiveDate>,
        /// How often.
        unit: Option<Unit>,
        title: Option<String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Line {
        /// In dollars.
        amount: Money,
        count: Option<u32>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Unit {
        Month,
        Year,
    }

    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}

    #[test]
    fn a_schema_has_no_reference_no_null_and_no_foreign_format() {
        let expected = json!({
            "type": "object",
            "properties": {
                "lines": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "amount": { "type": "number", "description": "In dollars." },
                            "count": { "type": "integer", "minimum": 0 }
                        },
                        "required": ["amount"]
                    },
                    "description": "Which ones."
                },
                "since": { "type": "string", "format": "date", "description": "Since when." },
                "unit": { "type": "string", "enum": ["month", "year"], "description": "How often." },
                "title": { "type": "string" }
            },
            "required": ["lines"]
        });
        assert_eq!(of::<Arguments>(), expected);
        assert_eq!(of::<Nothing>(), json!({ "type": "object", "properties": {} }));
    }
}
