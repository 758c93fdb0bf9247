//! The parts of JSON Schema that tools use, as `schemars` and people write them.

use serde_json::Value;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Integer,
    Number,
    Text,
    Array,
    Object,
    Unknown,
}

/// The properties of an object in the order of the schema.
pub(in super::super) fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The names of the properties that an object must have.
pub(super) fn required(schema: &Value) -> Vec<&str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Follows a reference within the schema, and sees through "this or null".
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    /// A schema that refers to itself ends somewhere.
    const DEPTH: usize = 8;
    let mut current = schema;
    for _ in 0..DEPTH {
        let target = match current.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)),
            None => alternatives(current).and_then(|mut branches| match (branches.next(), branches.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            }),
        };
        match target {
            Some(target) => current = target,
            None => break,
        }
    }
    current
}

/// The branches of a choice that are not null.
fn alternatives(schema: &Value) -> Option<impl Iterator<Item = &Value>> {
    let branches = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(key)?.as_array())?;
    Some(branches.iter().filter(|branch| branch.get("type").and_then(Value::as_str) != Some("null")))
}

/// What a property holds; a list of types counts as its first that is not null.
pub(super) fn kind(root: &Value, schema: &Value) -> Kind {
    let schema = resolve(root, schema);
    let named = match schema.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    match named {
        Some("boolean") => Kind::Boolean,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("string") => Kind::Text,
        Some("array") => Kind::Array,
        Some("object") => Kind::Object,
        _ if !options(root, schema).is_empty() => Kind::Text,
        // Decimals are offered as "a string or a number".
        _ => alternatives(schema)
            .and_then(|mut branches| branches.next())
            .map_or(Kind::Unknown, |branch| kind(root, branch)),
    }
}

/// The texts that a property, or a member of a list, may be.
pub(in super::super) fn options(root: &Value, schema: &Value) -> Vec<String> {
    let schema = resolve(root, schema);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(listed) = schema.get("enum").and_then(Value::as_array) {
        return listed.iter().filter_map(text).collect();
    }
    let constants: Vec<String> = alternatives(schema)
        .into_iter()
        .flatten()
        .flat_map(|branch| match branch.get("const") {
            Some(constant) => text(constant).into_iter().collect(),
            None if branch.get("enum").is_some() => options(root, branch),
            None => Vec::new(),
        })
        .collect();
    match schema.get("items").filter(|_| constants.is_empty()) {
        Some(items) => options(root, items),
        None => constants,
    }
}

/// Whether a number is within the bounds of a schema.
pub(super) fn in_bounds(schema: &Value, number: f64) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    bound("minimum").is_none_or(|least| number >= least)
        && bound("exclusiveMinimum").is_none_or(|least| number > least)
        && bound("maximum").is_none_or(|most| number <= most)
        && bound("exclusiveMaximum").is_none_or(|most| number < most)
}
