//! What a payment does to an invoice.

use canvalo_sdk::{Money, Row};

/// The part of an invoice that payments change.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// What the client pays in all.
    pub total: Money,
    /// What has been paid.
    pub paid: Money,
    /// The invoice's status.
    pub status: String,
}

/// How much is paid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// This much.
    Exactly(Money),
    /// All that is open.
    InFull,
}

impl Account {
    /// Reads it from a row.
    pub fn of(row: &Row) -> Self {
        Self { total: row.money("total_amount"), paid: row.money("amount_paid"), status: row.text("status").to_owned() }
    }

    /// What is open.
    pub fn balance(&self) -> Money {
        self.total - self.paid
    }

    /// Takes a payment and returns how much it was, or says in plain words why not. Refused, nothing changes.
    pub fn pay(&mut self, amount: Amount) -> Result<Money, String> {
        let balance = self.balance();
        if self.status == "cancelled" {
            return Err("it is cancelled. Nothing was recorded.".to_owned());
        }
        if !balance.is_positive() {
            return Err(format!("it is paid in full already ({} of {}). Nothing was recorded.", self.paid, self.total));
        }
        let amount = match amount {
            Amount::InFull => balance,
            Amount::Exactly(amount) => amount,
        };
        if !amount.is_positive() {
            return Err("a payment must be more than $0.00. Nothing was recorded.".to_owned());
        }
        if !amount.is_whole_cents() {
            return Err("a payment must be in whole cents. Nothing was recorded.".to_owned());
        }
        if amount > balance {
            let over = amount - balance;
            return Err(format!("{amount} is {over} more than the {balance} still open. Nothing was recorded."));
        }
        self.paid = self.paid + amount;
        self.status = if self.balance().is_positive() { "partial" } else { "paid" }.to_owned();
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(total: i64, paid: i64, status: &str) -> Account {
        Account { total: Money::from_cents(total), paid: Money::from_cents(paid), status: status.to_owned() }
    }

    fn exactly(amount: &str) -> Amount {
        Amount::Exactly(amount.parse().unwrap())
    }

    #[test]
    fn a_part_makes_it_partial_and_the_rest_makes_it_paid() {
        let mut invoice = account(100_010, 0, "sent");
        assert_eq!(invoice.pay(exactly("0.10")).unwrap().to_string(), "$0.10");
        assert_eq!((invoice.status.as_str(), invoice.balance().to_string()), ("partial", "$1,000.00".to_owned()));
        assert_eq!(invoice.pay(exactly("1000")).unwrap().to_string(), "$1,000.00");
        assert_eq!((invoice.status.as_str(), invoice.balance()), ("paid", Money::ZERO));
    }

    #[test]
    fn in_full_pays_what_is_open() {
        let mut invoice = account(100_000, 25_000, "overdue");
        assert_eq!(invoice.pay(Amount::InFull).unwrap().to_string(), "$750.00");
        assert_eq!(invoice.status, "paid");
    }

    #[test]
    fn a_payment_that_does_not_fit_is_refused_and_changes_nothing() {
        for (before, amount, reason) in [
            (account(10_000, 9_000, "partial"), "10.01", "$10.01 is $0.01 more than the $10.00 still open."),
            (account(10_000, 10_000, "paid"), "1", "it is paid in full already ($100.00 of $100.00)."),
            (account(10_000, 0, "cancelled"), "1", "it is cancelled."),
            (account(10_000, 0, "sent"), "0", "a payment must be more than $0.00."),
            (account(10_000, 0, "sent"), "-5", "a payment must be more than $0.00."),
            (account(10_000, 0, "sent"), "1.005", "a payment must be in whole cents."),
        ] {
            let mut invoice = before.clone();
            assert_eq!(invoice.pay(exactly(amount)).unwrap_err(), format!("{reason} Nothing was recorded."));
            assert_eq!(invoice, before);
        }
    }
}
