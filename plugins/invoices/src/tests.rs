//! The agent with a host in memory.

use canvalo_sdk::testing::{self, Call, FakeHost};
use canvalo_sdk::{Ending, Row, ToolError};
use serde_json::{Value, json};

use crate::agent;

const DANA: &str = "11111111-1111-4111-8111-000000000001";

/// A few invoices, as of 9 March 2026.
fn host() -> FakeHost {
    let invoice = |number: &str,
                   client: &str,
                   status: &str,
                   issued: &str,
                   due: &str,
                   total: &str,
                   paid: &str,
                   paid_on: Value| {
        json!({
            "invoice_number": number, "client_name": client, "status": status, "issue_date": issued, "due_date": due,
            "total_amount": total.parse::<canvalo_sdk::Money>().unwrap(),
            "amount_paid": paid.parse::<canvalo_sdk::Money>().unwrap(), "payment_date": paid_on,
            "created_at": format!("{issued}T12:00:00+00:00"),
        })
    };
    FakeHost::new()
        .with_manifest(include_str!("../plugin.toml"))
        .with_table(
            "invoices",
            [
                invoice("INV-1001", "Maria Lopez", "sent", "2025-11-01", "2025-12-01", "1000.10", "0", Value::Null),
                invoice(
                    "INV-1002",
                    "John Smith",
                    "partial",
                    "2026-01-05",
                    "2026-02-06",
                    "2000.20",
                    "500.00",
                    "2026-02-20".into(),
                ),
                invoice("INV-1003", "Maria Lopez", "viewed", "2026-02-07", "2026-03-09", "300.30", "0", Value::Null),
                invoice("INV-1004", "Acme Homes", "sent", "2026-03-01", "2026-03-31", "400.40", "0", Value::Null),
                invoice("INV-1005", "Acme Homes", "draft", "2026-01-01", "2026-01-31", "9999.99", "0", Value::Null),
                invoice(
                    "INV-1006",
                    "John Smith",
                    "paid",
                    "2026-01-10",
                    "2026-02-09",
                    "150.00",
                    "150.00",
                    "2026-03-02".into(),
                ),
                invoice("INV-1007", "Acme Homes", "cancelled", "2025-01-01", "2025-01-31", "77.00", "0", Value::Null),
            ],
        )
        .with_table("contacts", [json!({ "id": DANA, "name": "Dana Reed" })])
        .with_table("projects", [])
        .with_generated("invoices", "balance_due", balance)
}

fn balance(row: &Row) -> Value {
    (row.money("total_amount") - row.money("amount_paid")).into()
}

fn call(host: &mut FakeHost, tool: &str, arguments: Value) -> Result<Value, String> {
    let agent = agent();
    let tool = agent.tools().iter().find(|known| known.name() == tool).unwrap();
    let answer = testing::call(tool, host, arguments).map_err(|error: ToolError| error.message())?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn invoice(host: &FakeHost, number: &str) -> Row {
    host.store.rows("invoices").into_iter().find(|row| row.text("invoice_number") == number).unwrap()
}

fn column(answer: &Value, name: &str) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().map(|row| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned)).collect()
}

#[test]
fn overdue_invoices_are_sorted_by_age_and_summed() {
    let answer = call(&mut host(), "overdue_invoices", json!({})).unwrap();
    assert_eq!(column(&answer, "invoice_number"), ["INV-1001", "INV-1002"]);
    assert_eq!(column(&answer, "days_overdue"), ["98", "31"]);
    assert_eq!(column(&answer, "balance_due"), ["$1,000.10", "$1,500.20"]);
    assert_eq!(answer["facts"], json!({ "Overdue invoices": "2", "Total overdue": "$2,500.30" }));

    let answer = call(&mut host(), "overdue_invoices", json!({ "client": "lopez" })).unwrap();
    assert_eq!(answer["facts"]["Total overdue"], "$1,000.10");
    let answer = call(&mut host(), "overdue_invoices", json!({ "client": "nobody" })).unwrap();
    assert_eq!((&answer["rows"], &answer["facts"]["Total overdue"]), (&json!([]), &json!("$0.00")));
}

#[test]
fn ageing_sums_each_bucket_in_one_batch() {
    let mut host = host();
    let answer = call(&mut host, "invoice_ageing", json!({})).unwrap();
    assert_eq!(column(&answer, "days_past_due"), ["0-30 days", "31-60 days", "61-90 days", "90+ days"]);
    assert_eq!(column(&answer, "invoices"), ["1", "1", "0", "1"]);
    assert_eq!(column(&answer, "amount"), ["$300.30", "$1,500.20", "$0.00", "$1,000.10"]);
    assert_eq!(
        answer["facts"],
        json!({ "Due": "$2,800.60 in 3 invoices", "Not due yet": "$400.40 in 1 invoice", "Total outstanding": "$3,201.00" })
    );
    assert!(host.calls.iter().all(|call| matches!(call, Call::Aggregate(_))));
}

#[test]
fn revenue_counts_by_month_what_was_invoiced_and_collected() {
    let answer = call(&mut host(), "revenue", json!({ "period": "this_quarter" })).unwrap();
    assert_eq!(answer["title"], "Revenue from 2026-01-01 to 2026-03-31");
    assert_eq!(column(&answer, "month"), ["2026-01", "2026-02", "2026-03"]);
    assert_eq!(column(&answer, "invoiced"), ["$2,150.20", "$300.30", "$400.40"]);
    assert_eq!(column(&answer, "collected"), ["$0.00", "$500.00", "$150.00"]);
    assert_eq!(answer["facts"]["Invoiced"], "$2,850.90");
    assert_eq!(answer["facts"]["Collected"], "$650.00");
    assert_eq!(answer["facts"]["Still open of what was invoiced"], "$2,200.90");

    let answer = call(&mut host(), "revenue", json!({})).unwrap();
    assert_eq!(answer["title"], "Revenue from 2026-03-01 to 2026-03-31");
    for (arguments, problem) in [
        (json!({ "from": "2026-03-01", "to": "2026-02-01" }), "ends before it starts"),
        (json!({ "to": "2026-02-01" }), "`to` needs `from`"),
        (json!({ "from": "1990-01-01" }), "at most five years"),
        (json!({ "period": "someday" }), "`period`: not allowed: `someday`"),
    ] {
        let error = call(&mut host(), "revenue", arguments).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_payment_updates_balance_status_date_and_method() {
    let mut host = host();
    let arguments = json!({ "invoice": "1002", "amount": 500.20, "date": "2026-03-08", "method": "check" });
    let answer = call(&mut host, "record_payment", arguments).unwrap();
    assert_eq!(answer["title"], "Recorded $500.20 on INV-1002");
    assert_eq!(
        (&answer["facts"]["Paid so far"], &answer["facts"]["Still open"]),
        (&json!("$1,000.20"), &json!("$1,000.00"))
    );
    let row = invoice(&host, "INV-1002");
    assert_eq!(row.money("amount_paid").to_string(), "$1,000.20");
    assert_eq!(
        (row.text("status"), row.text("payment_date"), row.text("payment_method")),
        ("partial", "2026-03-08", "check")
    );

    let answer = call(&mut host, "record_payment", json!({ "invoice": "INV-1002", "pay_in_full": true })).unwrap();
    assert_eq!((&answer["facts"]["Still open"], &answer["facts"]["Status"]), (&json!("$0.00"), &json!("paid")));
    assert_eq!(invoice(&host, "INV-1002").text("payment_date"), "2026-03-09");
}

#[test]
fn a_payment_that_does_not_fit_is_refused_before_any_write() {
    let mut host = host();
    for (arguments, problem) in [
        (
            json!({ "invoice": "INV-1002", "amount": 1500.21 }),
            "INV-1002: $1,500.21 is $0.01 more than the $1,500.20 still open.",
        ),
        (json!({ "invoice": "INV-1006", "amount": 1 }), "INV-1006: it is paid in full already"),
        (json!({ "invoice": "INV-1007", "pay_in_full": true }), "INV-1007: it is cancelled."),
        (json!({ "invoice": "INV-1002" }), "INV-1002: how much was paid?"),
        (
            json!({ "invoice": "INV-1002", "amount": 1, "pay_in_full": true }),
            "INV-1002: give an amount or pay_in_full, not both.",
        ),
        (json!({ "invoice": "INV-1002", "amount": 1, "date": "2026-03-10" }), "INV-1002: 2026-03-10 is in the future."),
        (json!({ "invoice": "INV-9", "amount": 1 }), "There is no invoice \"INV-9\"."),
        (
            json!({ "invoice": "INV-1002", "amount": "some" }),
            "`amount`: expected an amount such as 1234.50, got \"some\"",
        ),
    ] {
        let error = call(&mut host, "record_payment", arguments).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    assert!(host.calls.iter().all(|call| call.verb() == "select"));
}

#[test]
fn a_batch_says_for_each_payment_what_happened() {
    let mut host = host();
    let payments = json!([
        { "invoice": "INV-1001", "amount": 0.10 },
        { "invoice": "INV-1001", "amount": 1000 },
        { "invoice": "INV-1006", "amount": 5 },
        { "invoice": "INV-1003", "amount": 100 },
        { "invoice": "INV-1001", "amount": 1 },
    ]);
    let answer = call(&mut host, "record_payments", json!({ "payments": payments })).unwrap();
    assert_eq!(answer["title"], "Recorded 3 of 5 payments");
    assert_eq!(answer["facts"]["Recorded in total"], "$1,100.10");
    let results = column(&answer, "result");
    assert_eq!(
        (&results[0], &results[1], &results[3]),
        (&"recorded".to_owned(), &"recorded".to_owned(), &"recorded".to_owned())
    );
    assert!(results[2].starts_with("not recorded: INV-1006: it is paid in full already"));
    assert!(results[4].starts_with("not recorded: INV-1001: it is paid in full already"));
    assert_eq!(invoice(&host, "INV-1001").text("status"), "paid");
    let updates = host.calls.iter().filter(|call| call.verb() == "update").count();
    assert_eq!(updates, 2, "two payments on one invoice are one change");
}

#[test]
fn a_payment_does_not_swallow_one_made_at_the_same_time() {
    let mut host = host().data_fails("update", canvalo_sdk::data::DataError::NotFound);
    let error = call(&mut host, "record_payment", json!({ "invoice": "INV-1002", "amount": 1 })).unwrap_err();
    assert!(error.contains("changed in the meantime"), "{error}");
    let Some(Call::Update(modification)) = host.calls.last() else { unreachable!() };
    assert!(format!("{:?}", modification.conditions).contains(r#"column: "amount_paid""#));
}

#[test]
fn a_new_invoice_gets_a_number_dates_and_figures_that_add_up() {
    let mut host = host();
    let items = json!([{ "description": "Exterior", "quantity": 2, "unit_price": 1200.05 }]);
    let rows = json!([
        { "client_name": "Dana Reed", "line_items": items, "tax_rate": 10, "status": "sent" },
        { "client_name": "Dana Reed", "total_amount": "$1,000.00", "due_date": "2026-04-30" },
    ]);
    let answer = call(&mut host, "create_invoices", json!({ "invoices": rows })).unwrap();
    assert_eq!(answer["title"], "Created 2 invoices");
    assert_eq!(column(&answer, "invoice_number"), ["INV-1008", "INV-1009"]);
    assert_eq!(column(&answer, "total_amount"), ["$2,640.11", "$1,000.00"]);
    assert_eq!(column(&answer, "due_date"), ["2026-04-08", "2026-04-30"]);
    assert_eq!(invoice(&host, "INV-1008").money("tax_amount").to_string(), "$240.01");
    assert_eq!(invoice(&host, "INV-1008").text("client_id"), DANA, "the client is known");

    for (row, problem) in [
        (json!({ "total_amount": 5 }), "A new invoice needs `client_name`."),
        (json!({ "client_name": "A" }), "Say what it is for"),
        (json!({ "client_name": "A", "total_amount": 5, "status": "paid" }), "A new invoice has no payments yet."),
        (
            json!({ "client_name": "A", "total_amount": 5, "due_date": "2026-03-01" }),
            "It would be due on 2026-03-01, before",
        ),
        (
            json!({ "client_name": "A", "total_amount": 5, "amount_paid": 5 }),
            "`amount_paid` can't be written with this tool",
        ),
    ] {
        let error = call(&mut host, "create_invoices", json!({ "invoices": [row] })).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn a_change_keeps_total_payments_and_status_in_step() {
    let mut host = host();
    let update = |host: &mut FakeHost, number: &str, changes: Value| {
        call(host, "update_invoices", json!({ "updates": [{ "invoice": number, "changes": changes }] }))
    };
    update(&mut host, "INV-1006", json!({ "total_amount": 200 })).unwrap();
    assert_eq!(invoice(&host, "INV-1006").text("status"), "partial");
    let error = update(&mut host, "INV-1006", json!({ "total_amount": 100 })).unwrap_err();
    assert_eq!(error, "INV-1006: the total would be $100.00, but $150.00 has been paid already.");
    let error = update(&mut host, "INV-1001", json!({ "status": "paid" })).unwrap_err();
    assert!(error.starts_with("INV-1001: $1,000.10 is still open. Use record_payment"), "{error}");
    let error = update(&mut host, "INV-1001", json!({ "due_date": "2025-10-31" })).unwrap_err();
    assert!(error.contains("before it is issued"), "{error}");
}

#[test]
fn a_question_about_overdue_invoices_is_answered_with_the_tools_figures() {
    let mut host = host().uses("overdue_invoices", json!({})).says("Two invoices are overdue, $2,500.30 in all.");
    let outcome = canvalo_sdk::run(&agent(), &mut host, &testing::turn("Show me all overdue invoices")).unwrap();
    assert_eq!(outcome.ending, Ending::Answered);
    let summary: Value = serde_json::from_str(&outcome.summary).unwrap();
    assert_eq!(summary["tools"][0]["facts"]["Total overdue"], "$2,500.30");
    let (result, is_error) = host.last_tool_result().unwrap();
    assert_eq!((result["facts"]["Total overdue"].as_str(), is_error), (Some("$2,500.30"), false));
}
