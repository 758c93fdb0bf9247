//! The invoices agent compiled natively: the same agent, tool loop and data client, with no sandbox around it.
//!
//! Both sides read through the same `PostgRest` client from the same server. What the host does for a sandboxed turn
//! besides is the tax, so nothing of it is done here: the grant of every column, budgets, a fresh instance, copying in and
//! out, sending events, and handing the request to the model, which is why the scripted model is a plain function here.

use canvalo::capability::data::{self, DataStore, Identifier, Select, UserToken};
use canvalo_sdk::bindings::canvalo::agent::data as guest;
use canvalo_sdk::bindings::canvalo::agent::data::Page;
use canvalo_sdk::data::{Aggregation, DataError, Deletion, Insertion, Modification, Query};
use canvalo_sdk::events::{EventsError, Level, ToolStatus};
use canvalo_sdk::llm::{Completion, CompletionRequest, LlmError, StopReason, TokenUsage};
use canvalo_sdk::types::{Content, ToolUse};
use canvalo_sdk::{Host, Turn};
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

/// One turn.
pub(crate) fn turn(tokio: &tokio::runtime::Runtime, data: &dyn DataStore) {
    let mut host = Native { tokio, data, user: UserToken::new("a.b.c".to_owned().into()), calls: 0 };
    let turn = Turn {
        message: "Show me these".into(),
        history: Vec::new(),
        task: None,
        now: "2026-03-09T16:20:00-05:00".into(),
        time_zone: "America/Chicago".into(),
        extra: String::new(),
    };
    canvalo_sdk::run(&canvalo_invoices::agent(), &mut host, &turn).expect("a turn that ends well");
}

struct Native<'a> {
    tokio: &'a tokio::runtime::Runtime,
    data: &'a dyn DataStore,
    user: UserToken,
    calls: usize,
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

impl Host for Native<'_> {
    fn complete(&mut self, _: &CompletionRequest) -> Result<Completion, LlmError> {
        self.calls += 1;
        let tool_use = |invoice: &str| {
            let input = json!({ "invoice": invoice }).to_string();
            Content::ToolUse(ToolUse { id: format!("use_{invoice}"), name: "get_invoice".into(), input })
        };
        let (content, stop_reason) = match self.calls {
            1 => (INVOICES.into_iter().map(tool_use).collect(), StopReason::ToolUse),
            _ => (vec![Content::Text(ANSWER.into())], StopReason::EndTurn),
        };
        let usage = TokenUsage { input_tokens: 1, output_tokens: 1, cached_input_tokens: 0 };
        Ok(Completion { content, stop_reason, usage, extra: String::new() })
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
