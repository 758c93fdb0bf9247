//! `record_payment` and `record_payments`: money that came in.

use std::collections::BTreeMap;

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Money, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::invoice::INVOICES;
use crate::payment::{Account, Amount};

/// For the model.
pub const DESCRIPTION: &str = "Records a payment on one invoice and updates its balance and status. Refuses more than what is \
still open. For several payments use record_payments.\n\
Examples: \"Record a $500 payment on INV-1042\" \"INV-1042 was paid in full by check\" \"Mark invoice 1042 as paid\"";

/// For the model.
pub const DESCRIPTION_MANY: &str = "Records several payments at once and says for each what happened: one that can't be \
recorded doesn't keep the others from it.\n\
Examples: \"INV-1042 and INV-1043 were both paid\" \"Record these payments: $200 on INV-1, $350 on INV-2\"";

/// Payments of one call.
const MAX_PAYMENTS: usize = 16;

const RETURNING: [&str; 6] = ["id", "invoice_number", "client_name", "amount_paid", "balance_due", "status"];

/// A payment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Payment {
    /// The invoice: its number or its id.
    pub invoice: String,
    /// How much was paid, in dollars, more than zero. Leave out with pay_in_full.
    pub amount: Option<Money>,
    /// True when all that is still open was paid.
    pub pay_in_full: Option<bool>,
    /// The day it was paid. Today if left out.
    pub date: Option<NaiveDate>,
    /// How it was paid: check, cash, card, bank transfer.
    pub method: Option<String>,
}

/// Several payments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Payments {
    /// The payments, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub payments: Vec<Payment>,
}

/// Runs `record_payment`.
pub fn run(context: &mut Context<'_>, payment: Payment) -> Result<Answer, ToolError> {
    let recorded = record(context, std::slice::from_ref(&payment))?.pop();
    let recorded = recorded.unwrap_or_else(|| Err(ToolError::refused("Nothing was recorded.")))?;
    let title = format!("Recorded {} on {}", recorded.amount, recorded.row.text("invoice_number"));
    Ok(Answer::new()
        .title(title)
        .fact("Client", recorded.row.text("client_name"))
        .fact("Paid so far", recorded.row.money("amount_paid"))
        .fact("Still open", recorded.row.money("balance_due"))
        .fact("Status", recorded.row.text("status"))
        .fact("Payment date", recorded.date))
}

/// Runs `record_payments`.
pub fn run_many(context: &mut Context<'_>, Payments { payments }: Payments) -> Result<Answer, ToolError> {
    if payments.is_empty() || payments.len() > MAX_PAYMENTS {
        let count = payments.len();
        return Err(ToolError::arguments(format!("`payments`: from 1 to {MAX_PAYMENTS} at a time, got {count}.")));
    }
    let results = record(context, &payments)?;
    let sum: Money = results.iter().flatten().map(|recorded| recorded.amount).sum();
    let count = results.iter().flatten().count();
    if count == 0 {
        return Err(results
            .into_iter()
            .find_map(Result::err)
            .unwrap_or_else(|| ToolError::refused("Nothing was recorded.")));
    }
    let rows = results.iter().zip(&payments).map(|(result, payment)| match result {
        Ok(recorded) => columns([
            ("invoice_number", recorded.row.get("invoice_number").clone()),
            ("client_name", recorded.row.get("client_name").clone()),
            ("amount", recorded.amount.to_string().into()),
            ("balance_due", recorded.row.money("balance_due").to_string().into()),
            ("status", recorded.row.get("status").clone()),
            ("result", "recorded".into()),
        ]),
        Err(error) => columns([
            ("invoice_number", payment.invoice.as_str().into()),
            ("amount", payment.amount.map_or(Value::Null, |amount| amount.to_string().into())),
            ("result", format!("not recorded: {}", error.message()).into()),
        ]),
    });
    let answer = Answer::new()
        .title(format!("Recorded {count} of {} payments", results.len()))
        .rows(rows.collect())
        .fact("Recorded in total", sum);
    Ok(answer)
}

struct Recorded {
    amount: Money,
    date: NaiveDate,
    /// The invoice after all payments of the call.
    row: Row,
}

/// An invoice with the payments of this call.
struct Booking {
    before: Value,
    account: Account,
    date: NaiveDate,
    method: Option<String>,
}

/// Records payments in order. Several on one invoice add up and are one change of it.
fn record(context: &mut Context<'_>, payments: &[Payment]) -> Result<Vec<Result<Recorded, ToolError>>, ToolError> {
    let today = context.today();
    let names: Vec<&str> = payments.iter().map(|payment| payment.invoice.as_str()).collect();
    let invoices = INVOICES.find(context, &names)?;

    let mut bookings: BTreeMap<String, Booking> = BTreeMap::new();
    let booked: Vec<Result<(String, Money, NaiveDate), ToolError>> = invoices
        .into_iter()
        .zip(payments)
        .map(|(invoice, payment)| {
            let invoice = invoice?;
            let name = INVOICES.name_of(&invoice).to_owned();
            let refused = |why: String| ToolError::refused(format!("{name}: {why}"));
            let (amount, date) = (amount(payment).map_err(&refused)?, payment.date.unwrap_or(today));
            if date > today {
                return Err(refused(format!("{date} is in the future. Nothing was recorded.")));
            }
            let id = invoice.text("id").to_owned();
            let new = || Booking {
                before: invoice.get("amount_paid").clone(),
                account: Account::of(&invoice),
                date,
                method: None,
            };
            // A refused payment must not leave a booking of nothing.
            let mut account =
                bookings.get(&id).map_or_else(|| Account::of(&invoice), |booking| booking.account.clone());
            let amount = account.pay(amount).map_err(&refused)?;
            let booking = bookings.entry(id.clone()).or_insert_with(new);
            booking.account = account;
            booking.date = booking.date.max(date);
            booking.method = payment.method.clone().or(booking.method.take());
            Ok((id, amount, date))
        })
        .collect();

    let modifications: Vec<Modification> = bookings.iter().map(|(id, booking)| modification(id, booking)).collect();
    let updated = context.update_many(&modifications);
    let updated: BTreeMap<&String, _> = bookings.keys().zip(updated).collect();
    let recorded = booked.into_iter().map(|booked| {
        let (id, amount, date) = booked?;
        match updated.get(&id) {
            Some(Ok(rows)) if !rows.is_empty() => Ok(Recorded { amount, date, row: rows[0].clone() }),
            Some(Err(error)) if *error != DataError::NotFound => Err(error.clone().into()),
            _ => Err(ToolError::refused(
                "The invoice changed in the meantime, nothing was recorded. Look at it again first.",
            )),
        }
    });
    Ok(recorded.collect())
}

fn amount(payment: &Payment) -> Result<Amount, String> {
    match (payment.amount, payment.pay_in_full.unwrap_or(false)) {
        (Some(amount), false) => Ok(Amount::Exactly(amount)),
        (None, true) => Ok(Amount::InFull),
        (Some(_), true) => Err("give an amount or pay_in_full, not both. Nothing was recorded.".to_owned()),
        (None, false) => Err("how much was paid? Give an amount, or pay_in_full. Nothing was recorded.".to_owned()),
    }
}

fn modification(id: &str, booking: &Booking) -> Modification {
    let mut changes = json!({
        "amount_paid": booking.account.paid,
        "status": booking.account.status,
        "payment_date": booking.date,
    });
    if let Some(method) = &booking.method {
        changes["payment_method"] = method.trim().into();
    }
    // Two payments at the same time must not swallow one.
    let unchanged = match &booking.before {
        Value::Null => Filter::is_null("amount_paid"),
        paid => Filter::eq("amount_paid", paid),
    };
    Modification::by_id("invoices", id, changes, &RETURNING).matching(unchanged)
}
