//! A tool's arguments, filled from what a message mentions and what the JSON Schema asks for.

mod schema;
mod value;

use serde_json::{Map, Value};

use super::mentions::Mentions;
use super::{humanise, is_id};
use schema::{Kind, required};
pub(super) use schema::{options, properties};
use value::Filler;

/// A property that a tool needs and the message doesn't give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Its name in the schema.
    pub(super) name: String,
    /// What it is, from the schema.
    pub(super) description: String,
    /// The values it may have, if they are listed.
    pub(super) options: Vec<String>,
}

/// What could be filled.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Filled {
    /// The arguments.
    pub(super) input: Map<String, Value>,
    /// What is still needed.
    pub(super) missing: Vec<Missing>,
    /// How many arguments come from the message.
    pub(super) named: usize,
    /// How many of them are required.
    pub(super) needed: usize,
    /// How many of them are names, codes, quotes or listed options.
    pub(super) texts: usize,
    /// Whether an argument had to be wrapped into a list of objects, as batch tools want it.
    pub(super) nested: bool,
    /// What objects within the arguments still need.
    lacking: Vec<Missing>,
}

/// Fills the arguments of a tool with this schema.
pub(super) fn fill(schema: &Value, mentions: &Mentions) -> Filled {
    fill_object(schema, schema, &mut Filler::new(mentions))
}

fn fill_object(root: &Value, object: &Value, filler: &mut Filler<'_>) -> Filled {
    let mut filled = Filled::default();
    let required = required(object);
    let listed: Vec<(&str, &Value)> = properties(object).map(|(name, s)| (name, schema::resolve(root, s))).collect();
    filler.dates_of(&listed, &required);
    // A mention is used once, so what is required chooses first, and what is closest in meaning before the rest.
    let mut order: Vec<usize> = (0..listed.len()).collect();
    order.sort_by_key(|&at| {
        let (name, schema) = listed[at];
        (!required.contains(&name), filler.rank(name, schema::kind(root, schema)))
    });
    let mut values: Vec<Option<Value>> = vec![None; listed.len()];
    for at in order {
        let (name, schema) = listed[at];
        let needed = required.contains(&name);
        values[at] = filler.value(root, name, schema, needed);
        filled.named += usize::from(values[at].is_some());
        filled.needed += usize::from(values[at].is_some() && needed);
        filled.texts += usize::from(values[at].is_some() && filler.is_text(root, name, schema));
        if values[at].is_none() && needed {
            values[at] = schema.get("default").filter(|default| !default.is_null()).cloned();
        }
        if values[at].is_none() && needed {
            values[at] = within(root, schema, filler, &mut filled);
        }
    }
    for ((name, schema), value) in listed.iter().zip(values) {
        match value {
            Some(value) => _ = filled.input.insert((*name).to_owned(), value),
            None if required.contains(name) && filled.lacking.is_empty() => {
                filled.missing.push(missing(root, name, schema))
            }
            None => {}
        }
    }
    filled.missing.append(&mut filled.lacking);
    filled
}

/// A required object, or list of objects, is filled with what the message says of one.
fn within(root: &Value, schema: &Value, filler: &mut Filler<'_>, outer: &mut Filled) -> Option<Value> {
    let list = schema::kind(root, schema) == Kind::Array;
    let object = if list { schema::resolve(root, schema.get("items")?) } else { schema };
    if schema::kind(root, object) != Kind::Object {
        return None;
    }
    outer.nested |= list;
    let inner = fill_object(root, object, filler);
    outer.named += inner.named;
    outer.needed += inner.needed;
    if !inner.missing.is_empty() {
        // What one of the list lacks is what the user has to say.
        outer.lacking.extend(inner.missing);
        return None;
    }
    let value = (inner.named > 0).then_some(Value::Object(inner.input))?;
    Some(if list { Value::Array(vec![value]) } else { value })
}

fn missing(root: &Value, name: &str, schema: &Value) -> Missing {
    let items = schema.get("items").map(|items| schema::resolve(root, items));
    let described = |schema: &Value| schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let description = items.and_then(described).or_else(|| described(schema)).unwrap_or_default();
    let description = description.replace(", or its id", "").replace(" or its id", "");
    // People don't know ids: they say which row they mean.
    let (name, description) = match name.strip_suffix("_ids").or_else(|| name.strip_suffix("_id")) {
        Some(thing) => (thing.to_owned(), format!("which {} you mean", humanise(thing).to_lowercase())),
        None if is_id(name) => ("which one".to_owned(), "a name or number that I can find it by".to_owned()),
        None => (name.to_owned(), description),
    };
    Missing { name, description, options: options(root, schema) }
}
