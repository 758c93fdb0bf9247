//! The invoices agent compiled natively: the same agent, tool loop and data client, with no sandbox around it.
//!
//! Both sides ask the same scripted model and read through the same `PostgRest` client from the same server. What the host
//! does for a sandboxed turn besides is the tax, so nothing of it is done here: the grant of every column, budgets, a
//! fresh instance, copying in and out, and sending events.

use std::sync::{Arc, OnceLock};

use canvalo::capability::data::{self, DataStore, Identifier, Select, UserToken};
use canvalo::capability::llm::{self, CompletionEvent, LanguageModel};
use canvalo_sdk::bindings::canvalo::agent::data as guest;
use canvalo_sdk::bindings::canvalo::agent::data::Page;
use canvalo_sdk::data::{Aggregation, DataError, Deletion, Insertion, Modification, Query};
use canvalo_sdk::events::{EventsError, Level, ToolStatus};
use canvalo_sdk::llm::{Completion, CompletionRequest, LlmError, StopReason, TokenUsage};
use canvalo_sdk::types::{Content, ToolUse};
use canvalo_sdk::{Agent, Host, Turn};
use futures::StreamExt;
use serde_json::{Value, json};

/// The invoices that are looked up.
pub(crate) const INVOICES: [&str; 3] = [
    "7b0fd2d4-3e0f-4f4e-9a53-1d2a8f5f3c11",
    "7b0fd2d4-3e0f-4f4e-9a53-1d2a8f5f3c12",
    "7b0fd2d4-3e0f-4f4e-9a53-1d2a8f5f3c13",
];

/// What the model says in the end.
pub(crate) const ANSWER: &str = "Here they are.";

/// An invoice as the data service has it.
pub(crate) fn row(id: &str) -> Value {
    json!({
        "id": id, "invoice_number": "INV-1042", "client_name": "Sarah Chen", "project_name": "Kitchen",
        "issue_date": "2026-01-05", "due_date": "2026-02-04", "subtotal": 4000.00, "tax_rate": 8.25, "tax_amount": 330.00,
        "discount_amount": 0.00, "total_amount": 4330.00, "amount_paid": 330.00, "balance_due": 4000.00,
        "line_items": [{ "description": "Walls", "quantity": 2, "unit_price": 2000.00, "total": 4000.00 }],
        "status": "partial", "payment_method": "check", "payment_date": "2026-01-20", "notes": null, "terms": "Net 30",
    })
}

/// One turn of the agent, which is made before, as it is in a component.
pub(crate) fn turn(agent: &Agent, tokio: &tokio::runtime::Runtime, data: &dyn DataStore, model: &dyn LanguageModel) {
    let mut host = Native { tokio, data, user: UserToken::new("a.b.c".to_owned().into()), model };
    let turn = Turn {
        message: "Show me these".into(),
        history: Vec::new(),
        task: None,
        now: "2026-03-09T16:20:00-05:00".into(),
        time_zone: "America/Chicago".into(),
        extra: String::new(),
    };
    canvalo_sdk::run(agent, &mut host, &turn).expect("a turn that ends well");
}

struct Native<'a> {
    tokio: &'a tokio::runtime::Runtime,
    data: &'a dyn DataStore,
    user: UserToken,
    model: &'a dyn LanguageModel,
}

fn identifiers(names: &[String]) -> Vec<Identifier> {
    names.iter().map(|name| Identifier::new(name.as_str()).expect("a column")).collect()
}

fn condition(condition: &guest::Condition) -> data::Condition {
    match condition {
        guest::Condition::All(comparison) => data::Condition::All(filter(comparison)),
        guest::Condition::Any(comparisons) => data::Condition::Any(comparisons.iter().map(filter).collect()),
    }
}

fn filter(filter: &guest::Filter) -> data::Filter {
    let operator = match filter.operator {
        guest::Operator::Eq => data::Operator::Eq,
        guest::Operator::OneOf => data::Operator::OneOf,
        guest::Operator::Ilike => data::Operator::Ilike,
        other => panic!("the turn that is compared uses no {other:?}"),
    };
    data::Filter {
        column: Identifier::new(filter.column.as_str()).expect("a column"),
        operator,
        value: serde_json::from_str(&filter.value).expect("JSON"),
        negate: filter.negate,
    }
}

static TOOLS: OnceLock<Arc<[llm::Tool]>> = OnceLock::new();

fn tool(tool: &canvalo_sdk::llm::Tool) -> llm::Tool {
    llm::Tool {
        name: tool.name.clone(),
        description: tool.description.clone(),
        parameters: serde_json::from_str(&tool.parameters).expect("a schema"),
    }
}

fn message(message: &canvalo_sdk::types::Message) -> llm::Message {
    let content = message.content.iter().map(|block| match block {
        Content::Text(text) => llm::Content::Text(text.clone()),
        Content::ToolUse(tool) => llm::Content::ToolUse(llm::ToolUse {
            id: tool.id.clone(),
            name: tool.name.clone(),
            input: serde_json::from_str(&tool.input).expect("JSON"),
        }),
        Content::ToolResult(result) => llm::Content::ToolResult(llm::ToolResult {
            tool_use_id: result.tool_use_id.clone(),
            content: serde_json::from_str(&result.content).expect("JSON"),
            is_error: result.is_error,
        }),
        Content::Other(_) => panic!("the agent sends no other block"),
    });
    let role = match message.role {
        canvalo_sdk::types::Role::User => llm::Role::User,
        canvalo_sdk::types::Role::Assistant => llm::Role::Assistant,
    };
    llm::Message { role, content: content.collect() }
}

impl Host for Native<'_> {
    fn complete(&mut self, request: &CompletionRequest) -> Result<Completion, LlmError> {
        let request = llm::CompletionRequest {
            system: request.system.clone(),
            messages: request.messages.iter().map(message).collect(),
            // The host reads them once, too.
            tools: TOOLS.get_or_init(|| request.tools.iter().map(tool).collect()).clone(),
            max_output_tokens: request.max_output_tokens,
            temperature: request.temperature,
        };
        let finished = self.tokio.block_on(async {
            let mut stream = self.model.stream(request).await.expect("a stream");
            while let Some(event) = stream.next().await {
                if let CompletionEvent::Finished(completion) = event.expect("an event") {
                    return completion;
                }
            }
            panic!("the stream has an end")
        });
        let content = finished.content.into_iter().map(|block| match block {
            llm::Content::Text(text) => Content::Text(text),
            llm::Content::ToolUse(tool) => {
                Content::ToolUse(ToolUse { id: tool.id, name: tool.name, input: tool.input.to_string() })
            }
            llm::Content::ToolResult(_) => panic!("never in an answer"),
        });
        let usage = TokenUsage { input_tokens: 1, output_tokens: 1, cached_input_tokens: 0 };
        let stop_reason = match finished.stop_reason {
            llm::StopReason::ToolUse => StopReason::ToolUse,
            _ => StopReason::EndTurn,
        };
        Ok(Completion { content: content.collect(), stop_reason, usage, extra: String::new() })
    }

    fn select(&mut self, query: &Query) -> Result<Page, DataError> {
        let select = Select {
            table: Identifier::new(query.table.as_str()).expect("a table"),
            columns: identifiers(&query.columns),
            conditions: query.conditions.iter().map(condition).collect(),
            order: Vec::new(),
            limit: query.limit,
            offset: query.offset,
            count: query.count,
        };
        let page = self.tokio.block_on(self.data.select(&self.user, &select)).expect("a page");
        Ok(Page { rows: page.rows.iter().map(|row| row.get().to_owned()).collect(), total: page.total })
    }

    fn select_many(&mut self, queries: &[Query]) -> Vec<Result<Page, DataError>> {
        queries.iter().map(|query| self.select(query)).collect()
    }

    fn insert(&mut self, _: &Insertion) -> Result<Vec<String>, DataError> {
        Err(DataError::NotFound)
    }

    fn insert_many(&mut self, _: &[Insertion]) -> Vec<Result<Vec<String>, DataError>> {
        Vec::new()
    }

    fn update(&mut self, _: &Modification) -> Result<Vec<String>, DataError> {
        Err(DataError::NotFound)
    }

    fn update_many(&mut self, _: &[Modification]) -> Vec<Result<Vec<String>, DataError>> {
        Vec::new()
    }

    fn delete(&mut self, _: &Deletion) -> Result<Vec<String>, DataError> {
        Err(DataError::NotFound)
    }

    fn delete_many(&mut self, _: &[Deletion]) -> Vec<Result<Vec<String>, DataError>> {
        Vec::new()
    }

    fn aggregate(&mut self, _: &Aggregation) -> Result<Vec<String>, DataError> {
        Err(DataError::NotFound)
    }

    fn aggregate_many(&mut self, _: &[Aggregation]) -> Vec<Result<Vec<String>, DataError>> {
        Vec::new()
    }

    fn text(&mut self, _: &str) -> Result<(), EventsError> {
        Ok(())
    }

    fn progress(&mut self, _: &str) -> Result<(), EventsError> {
        Ok(())
    }

    fn tool_started(&mut self, _: &str, _: &str) -> Result<(), EventsError> {
        Ok(())
    }

    fn tool_finished(&mut self, _: &str, _: &str, _: ToolStatus) -> Result<(), EventsError> {
        Ok(())
    }

    fn log(&mut self, _: Level, _: &str) {}

    fn unix_time_ms(&mut self) -> u64 {
        0
    }

    fn monotonic_ns(&mut self) -> u64 {
        0
    }
}
