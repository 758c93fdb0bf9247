use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

/// What the pages load, which is no part of the API.
const FILES: &[&str] = &["GET /docs/{file}", "GET /redoc/{file}"];

fn document() -> Value {
    serde_json::from_slice(&json()).unwrap()
}

/// The routes of the document: `GET /health`.
fn documented() -> BTreeSet<String> {
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

/// The routes of the router, which shows them to debuggers alone.
fn routed() -> BTreeSet<String> {
    let shown = format!("{:?}", crate::http::routes().merge(crate::http::operator_routes()));
    let (shown, _) = shown.split_once("fallback_router:").expect("the end of the routes");
    let (endpoints, paths) = shown.split_once("Node { paths:").expect("the paths after the endpoints");
    let by_id = |text: &str| -> BTreeMap<String, String> {
        let entries = text.split("RouteId(").skip(1).filter_map(|entry| entry.split_once("): "));
        entries.map(|(id, entry)| (id.to_owned(), entry.to_owned())).collect()
    };
    let endpoints = by_id(endpoints);
    let routes = by_id(paths).into_iter().flat_map(|(id, path)| {
        let path = path.split('"').nth(1).expect("a path").to_owned();
        let (_, methods) = endpoints[&id].split_once("allow_header: Bytes(b\"").expect("its methods");
        let methods = methods.split('"').next().unwrap_or_default().split(',').filter(|&method| method != "HEAD");
        methods.map(|method| format!("{method} {path}")).collect::<Vec<_>>()
    });
    routes.collect()
}

#[test]
fn every_route_is_in_the_document_and_every_operation_of_the_document_is_a_route() {
    let files: BTreeSet<String> = FILES.iter().map(|&file| file.to_owned()).collect();
    let routed = routed();
    assert!(files.is_subset(&routed), "{routed:?}");
    let routed: BTreeSet<String> = routed.difference(&files).cloned().collect();
    let documented = documented();
    let missing: Vec<_> = routed.difference(&documented).collect();
    let extra: Vec<_> = documented.difference(&routed).collect();
    assert!(missing.is_empty(), "routes that the document lacks; add their handlers to its `paths`: {missing:?}");
    assert!(extra.is_empty(), "operations that are no route: {extra:?}");
}

/// Every `$ref` in it.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 5, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a place in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn each_kind_of_chunk_has_a_schema_that_its_type_leads_to() {
    let document = document();
    let chunk = &document["components"]["schemas"]["Chunk"];
    assert_eq!(chunk["discriminator"]["propertyName"], "type");
    let mapping = chunk["discriminator"]["mapping"].as_object().unwrap();
    let kinds: Vec<&str> = mapping.keys().map(String::as_str).collect();
    assert_eq!(kinds, ["complete", "error", "token", "tool_call"]);
    assert_eq!(mapping["tool_call"], "#/components/schemas/ToolCallChunk");
    assert_eq!(chunk["oneOf"].as_array().unwrap().len(), kinds.len());
    let token = &document["components"]["schemas"]["TokenChunk"];
    assert_eq!(token["required"], serde_json::json!(["content", "agent_type", "type"]));
}

#[test]
fn every_operation_says_how_it_is_refused_with_the_code_and_an_example() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{method} {path}");
            assert_eq!(responses.contains_key("401"), operation.get("security").is_some(), "{method} {path}");
            for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with('2')) {
                let examples = response["content"]["application/json"]["examples"].as_object().unwrap();
                for (code, example) in examples {
                    assert_eq!(&example["value"]["error"]["code"], code, "{status} of {method} {path}");
                }
            }
        }
    }
}

#[test]
fn every_answer_of_every_operation_has_an_example() {
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
                for (kind, content) in response["content"].as_object().into_iter().flatten() {
                    let is_page = kind == "text/html" || path == "/openapi.json";
                    let reference = content["schema"]["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
                    let schema = reference.and_then(|place| document.pointer(place));
                    let has_example = [Some(content), schema].iter().flatten().any(|of| !of["example"].is_null());
                    assert!(is_page || has_example, "{status} of {method} {path}");
                }
            }
        }
    }
}
