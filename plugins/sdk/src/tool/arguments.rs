//! From the JSON a model gave to a tool's typed arguments, with errors that say which argument and what was expected.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::ToolError;

/// Reads arguments against their schema.
pub(super) fn parse<A: DeserializeOwned>(schema: &Value, mut given: Map<String, Value>) -> Result<A, ToolError> {
    check_names(schema, &given)?;
    drop_blanks(schema, &mut given);
    let arguments = Value::Object(given);
    serde_path_to_error::deserialize(&arguments).map_err(|error| {
        let path = error.path().to_string();
        if path == "." {
            // A missing argument: the message names it, and its path is that of the object around it.
            return ToolError::Arguments(plain(&error.inner().to_string()));
        }
        let message = match expectation(schema, &arguments, error.path()) {
            Some(expected) => expected,
            None => plain(&error.inner().to_string()),
        };
        ToolError::Arguments(format!("`{path}`: {message}"))
    })
}

/// What the schema expects at a path, for the types whose own errors say too little.
fn expectation(schema: &Value, arguments: &Value, path: &Path) -> Option<String> {
    let (mut schema, mut given) = (schema, arguments);
    for segment in path {
        (schema, given) = match segment {
            Segment::Map { key } => (&schema["properties"][key], given.get(key)?),
            Segment::Seq { index } => (&schema["items"], given.get(*index)?),
            _ => return None,
        };
    }
    let expected = match (schema["type"].as_str()?, schema["format"].as_str()) {
        ("integer", _) if schema["minimum"] == 0 => "a whole number, zero or more".to_owned(),
        ("integer", _) if schema["minimum"].is_number() => format!("a whole number, {} or more", schema["minimum"]),
        ("integer", _) => "a whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("string", Some("date")) => "a date such as 2026-03-09".to_owned(),
        ("string", None) if schema.get("enum").is_none() => "text".to_owned(),
        _ => return None,
    };
    Some(format!("expected {expected}, got {given}"))
}

/// Refuses arguments the tool doesn't have: ignoring one would answer another question.
pub(crate) fn check_names(schema: &Value, given: &Map<String, Value>) -> Result<(), ToolError> {
    let known = schema["properties"].as_object();
    let is_known = |name: &String| known.is_some_and(|known| known.contains_key(name));
    let Some(unknown) = given.keys().find(|name| !is_known(name)) else {
        return Ok(());
    };
    let names: Vec<String> = known.into_iter().flat_map(Map::keys).map(|name| format!("`{name}`")).collect();
    Err(ToolError::Arguments(if names.is_empty() {
        format!("There is no argument `{unknown}`: this tool takes none.")
    } else {
        format!("There is no argument `{unknown}`. The arguments are {}.", names.join(", "))
    }))
}

/// Drops optional arguments that are null or empty text: models fill in what they have nothing for.
pub(crate) fn drop_blanks(schema: &Value, given: &mut Map<String, Value>) {
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|known| known == name));
    given.retain(|name, value| {
        let blank = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
        !blank || is_required(name)
    });
}

/// Serde's words for types, in those of JSON Schema.
fn plain(message: &str) -> String {
    message
        .replace("invalid type: ", "wrong type: got ")
        .replace("invalid value: ", "wrong value: got ")
        .replace("missing field", "missing argument")
        .replace("unknown variant", "not allowed:")
        .replace("expected a sequence", "expected a list")
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::Money;
    use crate::tool::schema;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "some fields are there to be refused")]
    struct Payment {
        invoice: String,
        amount: Money,
        on: Option<NaiveDate>,
        days: Option<u32>,
        #[schemars(range(min = 1))]
        copies: Option<u32>,
        tags: Option<Vec<String>>,
        method: Option<Method>,
    }

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Method {
        Cash,
        BankTransfer,
    }

    fn payment(given: Value) -> Result<Payment, String> {
        let Value::Object(given) = given else { unreachable!() };
        parse(&schema::of::<Payment>(), given).map_err(|error| error.message())
    }

    #[test]
    fn arguments_are_read() {
        let given = json!({ "invoice": "INV-1", "amount": "12.50", "on": "2026-03-09", "method": "bank-transfer" });
        let payment = payment(given).unwrap();
        assert_eq!((payment.amount, payment.days), (Money::from_cents(1250), None));
        assert_eq!((payment.invoice.as_str(), payment.method), ("INV-1", Some(Method::BankTransfer)));
        assert_eq!(payment.on, NaiveDate::from_ymd_opt(2026, 3, 9));
    }

    #[test]
    fn optional_arguments_may_be_null_or_blank() {
        let given = json!({ "invoice": "INV-1", "amount": 1, "on": "", "days": null, "method": " " });
        assert!(payment(given).unwrap().on.is_none());
    }

    #[test]
    fn a_wrong_argument_is_named_with_what_was_expected() {
        for (changed, value, expected) in [
            ("days", json!("soon"), r#"`days`: expected a whole number, zero or more, got "soon""#),
            ("days", json!(-1), "`days`: expected a whole number, zero or more, got -1"),
            ("tags", json!("new"), r#"`tags`: wrong type: got string "new", expected a list"#),
            ("copies", json!(-1), "`copies`: expected a whole number, 1 or more, got -1"),
            ("amount", json!("lots"), r#"`amount`: expected an amount such as 1234.50, got "lots""#),
            ("method", json!("gold"), "`method`: not allowed: `gold`, expected `cash` or `bank-transfer`"),
            ("on", json!("9 March"), r#"`on`: expected a date such as 2026-03-09, got "9 March""#),
            (
                "when",
                json!(1),
                "There is no argument `when`. The arguments are `invoice`, `amount`, `on`, `days`, `copies`, `tags`, `method`.",
            ),
        ] {
            let mut given = json!({ "invoice": "INV-1", "amount": 1 });
            given[changed] = value;
            assert_eq!(payment(given).unwrap_err(), expected);
        }
        assert_eq!(payment(json!({ "amount": 1 })).unwrap_err(), "missing argument `invoice`");
    }
}
