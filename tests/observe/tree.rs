//! The spans of a trace as text: a line per span, under its parent, with what the test asks for.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::receiver::attribute;

/// Names, kinds and parents, and of the attributes those that are named.
pub(crate) fn tree(spans: &[Span], attributes: &[&str]) -> String {
    let is_root = |span: &&Span| !spans.iter().any(|other| other.span_id == span.parent_span_id);
    let mut text = String::new();
    for root in spans.iter().filter(is_root) {
        line(root, spans, attributes, 0, &mut text);
    }
    text
}

fn line(span: &Span, spans: &[Span], attributes: &[&str], depth: usize, text: &mut String) {
    let kind = match span.kind() {
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Internal => "internal",
        other => panic!("no span of the host's is {other:?}"),
    };
    let shown = attributes.iter().filter_map(|key| Some(format!(" {key}={}", attribute(&span.attributes, key)?)));
    let failed = if span.status.as_ref().is_some_and(|status| status.code == 2) { " FAILED" } else { "" };
    text.push_str(&format!("{}{} ({kind}){}{failed}\n", "  ".repeat(depth), span.name, shown.collect::<String>()));
    for child in spans.iter().filter(|child| child.parent_span_id == span.span_id) {
        assert!(child.start_time_unix_nano >= span.start_time_unix_nano, "{} begins before {}", child.name, span.name);
        line(child, spans, attributes, depth + 1, text);
    }
}
