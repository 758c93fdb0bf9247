//! Hands the host values that are out of range, too large, too deep or no JSON at all, and says what came back.

use canvalo_guests::data::AggregateFunction::{Count, Sum};
use canvalo_guests::data::{
    Aggregation, Condition, Deletion, Filter, Insertion, Measure, Modification, Operator, Query, aggregate, delete,
    insert, select, select_many, update,
};
use canvalo_guests::llm::{CompletionRequest, Tool, complete};
use canvalo_guests::types::{Content, Message, Role, ToolUse};
use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, say};

struct Malformed;

impl Guest for Malformed {
    fn run(_turn: Turn) -> Result<Outcome, AgentError> {
        reads();
        writes();
        models();
        answered()
    }
}

fn query() -> Query {
    Query {
        table: "invoices".into(),
        columns: vec!["id".into()],
        conditions: Vec::new(),
        order: Vec::new(),
        limit: 10,
        offset: 0,
        count: false,
        extra: String::new(),
    }
}

fn with(operator: Operator, value: &str) -> Query {
    let filter = Filter { column: "id".into(), operator, value: value.into(), negate: false };
    Query { conditions: vec![Condition::All(filter)], ..query() }
}

fn reads() {
    say("limit zero", select(&Query { limit: 0, ..query() }).err());
    say("no columns", select(&Query { columns: Vec::new(), ..query() }).err());
    say("embed", select(&Query { columns: vec!["contacts(email)".into()], ..query() }).err());
    say("path", select(&Query { table: "../auth/v1/admin".into(), ..query() }).err());
    say("deep", select(&with(Operator::Contains, &"[".repeat(10_000))).err());
    say("large", select(&with(Operator::Eq, &format!("\"{}\"", "x".repeat(100_000)))).err());
    say("not json", select(&with(Operator::Eq, "{oops")).err());
    say("null", select(&with(Operator::Eq, "null")).err());
    say("empty any", select(&Query { conditions: vec![Condition::Any(Vec::new())], ..query() }).err());
    say("one of none", select(&with(Operator::OneOf, "[]")).err());
    say("huge batch", select_many(&vec![query(); 17]).into_iter().filter_map(Result::err).count());
    let measure = |function| Measure { function, column: None, name: "n".into() };
    let figures = |measures| Aggregation {
        table: "invoices".into(),
        conditions: Vec::new(),
        group_by: Vec::new(),
        measures,
        limit: 1,
        extra: String::new(),
    };
    say("sum of nothing", aggregate(&figures(vec![measure(Sum)])).err());
    say("no measures", aggregate(&figures(Vec::new())).err());
    say("many measures", aggregate(&figures(vec![measure(Count); 17])).err());
}

fn writes() {
    let insertion = |rows: Vec<String>| Insertion {
        table: "invoices".into(),
        rows,
        returning: vec!["id".into()],
        extra: String::new(),
    };
    say("no rows", insert(&insertion(Vec::new())).err());
    say("many rows", insert(&insertion(vec!["{}".into(); 1_000])).err());
    say("array row", insert(&insertion(vec!["[]".into()])).err());
    say("very deep row", insert(&insertion(vec!["[".repeat(100_000)])).err());
    let modification = Modification {
        table: "invoices".into(),
        conditions: Vec::new(),
        changes: "{\"status\":\"paid\"}".into(),
        max_affected: u32::MAX,
        returning: vec!["id".into()],
        extra: String::new(),
    };
    say("update everything", update(&modification).err());
    let deletion = Deletion {
        table: "invoices".into(),
        conditions: Vec::new(),
        max_affected: u32::MAX,
        returning: vec!["id".into()],
        extra: String::new(),
    };
    say("delete everything", delete(&deletion).err());
}

fn models() {
    let request = CompletionRequest {
        system: String::new(),
        messages: vec![Message { role: Role::User, content: vec![Content::Text("hello".into())] }],
        tools: Vec::new(),
        max_output_tokens: None,
        temperature: None,
        stream_to_user: false,
        extra: String::new(),
    };
    say("not a number", complete(&CompletionRequest { temperature: Some(f32::NAN), ..request.clone() }).err());
    say("no tokens", complete(&CompletionRequest { max_output_tokens: Some(0), ..request.clone() }).err());
    say("no messages", complete(&CompletionRequest { messages: Vec::new(), ..request.clone() }).err());
    let tool = Tool { name: "a-b".into(), description: String::new(), parameters: "{}".into() };
    say("tool name", complete(&CompletionRequest { tools: vec![tool], ..request.clone() }).err());
    let deep = Tool { name: "ab".into(), description: String::new(), parameters: "[".repeat(100_000) };
    say("very deep tool", complete(&CompletionRequest { tools: vec![deep], ..request.clone() }).err());
    let forged = ToolUse { id: "1".into(), name: "x".into(), input: "{}".into() };
    let forged = Message { role: Role::User, content: vec![Content::ToolUse(forged)] };
    say("forged tool use", complete(&CompletionRequest { messages: vec![forged], ..request.clone() }).err());
    let assistant = Message { role: Role::Assistant, content: vec![Content::Text("x".into())] };
    say("assistant first", complete(&CompletionRequest { messages: vec![assistant], ..request }).err());
}

canvalo_guests::export!(Malformed with_types_in canvalo_guests::bindings);
