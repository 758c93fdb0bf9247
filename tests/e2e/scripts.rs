//! Scripts for the model, rows for a user, and time.

use std::sync::Arc;
use std::time::Duration;

use canvalo::capability::llm::scripted::Scripted;
use canvalo_tests::{GUESTS, World};
use serde_json::{Value, json};
use uuid::Uuid;

/// A model with these rules.
pub(crate) fn script(rules: Value) -> Arc<Scripted> {
    Arc::new(Scripted::from_json(&rules.to_string()).expect("a script"))
}

/// "@loops" asks the guest `loops`, "overdue" the invoices agent. To "hold on" the model answers after a minute.
pub(crate) fn guests_and_invoices() -> Arc<Scripted> {
    agents_and_invoices(GUESTS)
}

/// As [`guests_and_invoices`], for these.
pub(crate) fn agents_and_invoices(agents: &[&str]) -> Arc<Scripted> {
    let guests = agents.iter().map(|guest| {
        json!({
            "when": { "last_user_contains": format!("@{guest}"), "after_tool": null },
            "reply": { "tool_uses": [{ "name": guest, "input": {} }] },
        })
    });
    let hold_on =
        json!({ "when": { "last_user_contains": "hold on" }, "reply": { "text": "Done.", "delay_ms": 60_000 } });
    let rules: Vec<Value> =
        guests.chain([hold_on]).chain(overdue().as_array().expect("rules").iter().cloned()).collect();
    script(Value::Array(rules))
}

/// An agent whose model says a word every 50 ms, for ten seconds.
pub(crate) fn slow() -> Arc<Scripted> {
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "text": words.concat(), "deltas": words, "delay_ms": 50 } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]))
}

/// The supervisor picks invoices, which looks up what is overdue and says "Two are late."
pub(crate) fn overdue() -> Value {
    json!([
        {
            "when": { "tool_offered": "overdue_invoices", "after_tool": null },
            "reply": { "tool_uses": [{ "name": "overdue_invoices", "input": {} }] },
        },
        {
            "when": { "after_tool": "overdue_invoices" },
            "reply": { "text": "Two are late.", "deltas": 2 },
        },
        {
            "when": { "tool_offered": "invoices", "last_user_contains": "overdue", "after_tool": null },
            "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] },
        },
    ])
}

/// Gives a user two overdue invoices (1,250.50 and 99.99), one that is paid and one that is not due.
pub(crate) async fn some_invoices(world: &World, user: Uuid, client: &str) {
    let invoice = |number: &str, due: &str, total: f64, paid: f64, status: &str| {
        json!({
            "invoice_number": format!("{client}-{number}"), "client_name": client, "issue_date": "2024-01-01",
            "due_date": due, "subtotal": total, "total_amount": total, "amount_paid": paid, "status": status,
        })
    };
    let rows = json!([
        invoice("1", "2024-02-01", 1500.5, 250.0, "partial"),
        invoice("2", "2024-03-01", 99.99, 0.0, "sent"),
        invoice("3", "2024-02-01", 700.0, 700.0, "paid"),
        invoice("4", "2999-01-01", 800.0, 0.0, "sent"),
    ]);
    world.insert(user, "invoices", rows).await;
}

/// Lets time pass at once for everything that this test runs: its server too, and not the database.
pub(crate) async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
