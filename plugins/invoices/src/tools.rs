//! The tools besides those of the table.

pub mod ageing;
pub mod overdue;
pub mod payment;
pub mod revenue;

use canvalo_sdk::data::{Condition, Filter};

/// Invoices somebody still has to pay: sent out, not cancelled, with a balance.
pub(crate) fn open() -> [Condition; 2] {
    [Filter::one_of("status", ["draft", "paid", "cancelled"]).negated().into(), Filter::gt("balance_due", 0).into()]
}
