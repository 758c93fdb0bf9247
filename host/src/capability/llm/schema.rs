//! A tool's JSON Schema for models and servers that know little of JSON Schema.

use serde_json::{Map, Value, json};

/// Values that a schema may grow to while its references are replaced. A schema comes from a plugin, and a few references
/// that double each other would fill the memory.
const MOST_VALUES: usize = 10_000;

/// The schema with every reference replaced by what it points to, and of the top level only what all of them take there.
pub(super) fn plain(schema: &Value) -> Result<Value, String> {
    let mut plain = json!({ "type": "object", "properties": {} });
    let resolved = Resolver { root: schema, values: 0, open: Vec::new() }.resolve(schema)?;
    for name in ["properties", "required"] {
        if let Some(member) = resolved.get(name) {
            plain[name] = member.clone();
        }
    }
    Ok(plain)
}

struct Resolver<'a> {
    root: &'a Value,
    values: usize,
    /// The references that are being replaced, from the outermost on.
    open: Vec<&'a str>,
}

impl<'a> Resolver<'a> {
    fn resolve(&mut self, value: &'a Value) -> Result<Value, String> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err("it is too large".into());
        }
        match value {
            Value::Array(members) => members.iter().map(|member| self.resolve(member)).collect(),
            Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.replace(reference, members),
                None => self.members(members).map(Value::Object),
            },
            scalar => Ok(scalar.clone()),
        }
    }

    fn members(&mut self, members: &'a Map<String, Value>) -> Result<Map<String, Value>, String> {
        let kept = members.iter().filter(|(name, _)| !matches!(name.as_str(), "$defs" | "definitions" | "$ref"));
        kept.map(|(name, member)| Ok((name.clone(), self.resolve(member)?))).collect()
    }

    /// What a reference points to, with what stands beside the reference put over it.
    fn replace(&mut self, reference: &'a str, beside: &'a Map<String, Value>) -> Result<Value, String> {
        // A type that holds itself: below the first one anything goes.
        if self.open.contains(&reference) {
            return Ok(json!({}));
        }
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let target = target.ok_or_else(|| format!("it refers to {reference:?}, which isn't in it"))?;
        self.open.push(reference);
        let mut resolved = self.resolve(target)?;
        self.open.pop();
        if let Value::Object(resolved) = &mut resolved {
            resolved.extend(self.members(beside)?);
        }
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_and_definitions_are_gone() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Arguments",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "status": { "$ref": "#/$defs/Status", "description": "Which ones." },
                "lines": { "type": "array", "items": { "$ref": "#/definitions/Line" } },
            },
            "required": ["status"],
            "$defs": { "Status": { "type": "string", "enum": ["paid", "sent"], "description": "A status." } },
            "definitions": { "Line": { "type": "object", "properties": { "status": { "$ref": "#/$defs/Status" } } } },
        });
        let status =
            |description: &str| json!({ "type": "string", "enum": ["paid", "sent"], "description": description });
        let line = json!({ "type": "object", "properties": { "status": status("A status.") } });
        assert_eq!(
            plain(&schema),
            Ok(json!({
                "type": "object",
                "properties": { "status": status("Which ones."), "lines": { "type": "array", "items": line } },
                "required": ["status"],
            }))
        );
    }

    #[test]
    fn an_empty_schema_becomes_that_of_an_empty_object() {
        assert_eq!(plain(&json!({})), Ok(json!({ "type": "object", "properties": {} })));
    }

    #[test]
    fn a_type_that_holds_itself_ends() {
        let tree = json!({ "type": "object", "properties": { "child": { "$ref": "#/$defs/Tree" } } });
        let schema = json!({ "properties": { "tree": { "$ref": "#/$defs/Tree" } }, "$defs": { "Tree": tree } });
        let expected = json!({ "type": "object", "properties": { "child": {} } });
        assert_eq!(plain(&schema).unwrap()["properties"]["tree"], expected);
    }

    #[test]
    fn references_that_double_each_other_or_lead_nowhere_are_refused() {
        let mut definitions = json!({ "d0": { "type": "string" } });
        for level in 1..40 {
            let below = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
            definitions[format!("d{level}")] = json!({ "anyOf": [below, below] });
        }
        let schema = json!({ "properties": { "all": { "$ref": "#/$defs/d39" } }, "$defs": definitions });
        assert!(plain(&schema).unwrap_err().contains("too large"));
        let nowhere = json!({ "properties": { "x": { "$ref": "https://example.com/schema" } } });
        assert!(plain(&nowhere).unwrap_err().contains("example.com"));
    }
}
