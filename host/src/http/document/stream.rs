//! The stream of a turn as a schema.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{Discriminator, Object, ObjectBuilder, OneOf, Ref, Schema, Type};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa::{Modify, PartialSchema, ToSchema};

/// One event of a stream, as clients of Server-Sent Events hand it over. Its `data` is a chunk in JSON.
pub(in crate::http) enum StreamEvent {}

impl PartialSchema for StreamEvent {
    fn schema() -> RefOr<Schema> {
        let data = ObjectBuilder::new()
            .schema_type(Type::String)
            .content_media_type("application/json")
            .content_schema(Some(Ref::from_schema_name("Chunk")))
            .description(Some("A chunk in JSON, on one line."));
        let event = ObjectBuilder::new()
            .description(Some("An event of the stream, as clients of Server-Sent Events hand it over."))
            .property("data", data)
            .required("data");
        event.into()
    }
}

impl ToSchema for StreamEvent {}

/// Gives each kind of chunk a schema of its own, so that `type` can tell which one it is.
pub(super) struct NamedChunks;

impl Modify for NamedChunks {
    fn modify(&self, document: &mut OpenApi) {
        let Some(components) = &mut document.components else { return };
        let Some(RefOr::T(Schema::OneOf(chunk))) = components.schemas.get_mut("Chunk") else { return };
        let named = name_kinds(chunk);
        components.schemas.extend(named);
    }
}

fn name_kinds(chunk: &mut OneOf) -> BTreeMap<String, RefOr<Schema>> {
    let mut named = BTreeMap::new();
    let mut discriminator = Discriminator::new("type");
    for kind in &mut chunk.items {
        let RefOr::T(Schema::Object(object)) = kind else { continue };
        let Some(value) = kind_of(object) else { continue };
        let name = schema_name(&value);
        let reference = Ref::from_schema_name(&name);
        discriminator.mapping.insert(value, reference.ref_location.clone());
        named.insert(name, std::mem::replace(kind, reference.into()));
    }
    chunk.discriminator = Some(discriminator);
    named
}

/// The one value that `type` has in it.
fn kind_of(object: &Object) -> Option<String> {
    let RefOr::T(Schema::Object(kind)) = object.properties.get("type")? else { return None };
    Some(kind.enum_values.as_ref()?.first()?.as_str()?.to_owned())
}

/// `tool_call` is a `ToolCallChunk`.
fn schema_name(kind: &str) -> String {
    let words = kind.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.chain(["Chunk".to_owned()]).collect()
}
