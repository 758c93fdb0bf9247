//! Which way a proposal may go, and what each step changes.
//!
//! A client decides about what was sent: a draft can't be accepted or rejected. What was rejected or has expired may be
//! sent again. What is accepted stays so, because a project came of it.

use canvalo_sdk::Money;
use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

/// Days a proposal is valid when nobody says otherwise.
pub const DAYS_VALID: u64 = 30;

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Draft,
    Sent,
    Viewed,
    Accepted,
    Rejected,
    Expired,
}

/// Every status as the table spells it.
pub const STATUSES: &[&str] = &["draft", "sent", "viewed", "accepted", "rejected", "expired"];

/// The statuses of proposals that a client has and hasn't decided about.
pub const OPEN: [&str; 2] = ["sent", "viewed"];

impl Status {
    const ALL: [Self; 6] = [Self::Draft, Self::Sent, Self::Viewed, Self::Accepted, Self::Rejected, Self::Expired];

    /// As the table spells it.
    pub fn word(self) -> &'static str {
        STATUSES[self as usize]
    }

    /// Reads the table's word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// Whether a proposal may go from one status to another, or why not.
pub fn allowed(from: Status, to: Status) -> Result<(), String> {
    use Status::*;
    let why = match (from, to) {
        (Draft | Rejected | Expired, Sent) | (Sent, Viewed) | (Sent | Viewed, Accepted | Rejected | Expired) => {
            return Ok(());
        }
        (from, to) if from == to => return Err(format!("it is {} already.", to.word())),
        (Accepted, _) => "it is accepted, and a project came of it.",
        (_, Draft) => "it doesn't become a draft again.",
        (Draft, _) => "it was never sent: it is a draft. Mark it as sent first.",
        (Rejected, _) => "it was rejected. Send it again first.",
        (Expired, _) => "it has expired. Send it again first.",
        (Viewed, _) | (Sent, _) => "the client has it already.",
    };
    Err(why.to_owned())
}

/// What a proposal has when it takes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// Where it stands.
    pub status: Status,
    /// What it asks for.
    pub total: Money,
    /// Whether it says for whom it is.
    pub has_client: bool,
    /// The last day it is valid.
    pub valid_until: Option<NaiveDate>,
}

/// The columns that change with a status other than accepted, or why the step can't be taken.
pub fn changes(proposal: Proposal, to: Status, today: NaiveDate) -> Result<Map<String, Value>, String> {
    allowed(proposal.status, to)?;
    let mut changes = Map::from_iter([("status".to_owned(), to.word().into())]);
    match to {
        Status::Accepted => return Err("use accept_proposal, which makes its project too.".to_owned()),
        Status::Sent => {
            sendable(&proposal)?;
            if proposal.valid_until.is_none_or(|until| until < today) {
                changes.insert("valid_until".to_owned(), json!(valid_until(today)));
            }
        }
        Status::Expired => {
            if let Some(until) = proposal.valid_until.filter(|until| *until >= today) {
                return Err(format!("it is valid until {until}. Change that date first if it no longer holds."));
            }
        }
        Status::Draft | Status::Viewed | Status::Rejected => {}
    }
    Ok(changes)
}

/// Whether there is something to send and somebody to send it to.
pub fn sendable(proposal: &Proposal) -> Result<(), String> {
    if !proposal.total.is_positive() {
        return Err("it has no price yet. Give it sections or a total first.".to_owned());
    }
    if !proposal.has_client {
        return Err("it says for no client yet. Give it a client first.".to_owned());
    }
    Ok(())
}

/// The last day of a proposal that is issued on a day.
pub fn valid_until(issued: NaiveDate) -> NaiveDate {
    issued.checked_add_days(Days::new(DAYS_VALID)).unwrap_or(issued)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2028-02-29";

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn proposal(status: Status, until: Option<&str>) -> Proposal {
        Proposal { status, total: Money::from_cents(1), has_client: true, valid_until: until.map(date) }
    }

    fn changed(proposal: Proposal, to: Status) -> Result<Value, String> {
        changes(proposal, to, date(TODAY)).map(Value::Object)
    }

    #[test]
    fn each_status_leads_to_its_next_ones_and_to_no_other() {
        use Status::*;
        let next: [(Status, &[Status]); 6] = [
            (Draft, &[Sent]),
            (Sent, &[Viewed, Accepted, Rejected, Expired]),
            (Viewed, &[Accepted, Rejected, Expired]),
            (Accepted, &[]),
            (Rejected, &[Sent]),
            (Expired, &[Sent]),
        ];
        for (from, to) in next {
            let reached: Vec<Status> =
                Status::ALL.into_iter().filter(|status| allowed(from, *status).is_ok()).collect();
            assert_eq!(reached, to, "{from:?}");
        }
    }

    #[test]
    fn sending_needs_a_price_and_a_client_and_renews_what_has_run_out() {
        for (until, expected) in [
            (Some("2028-02-29"), json!({ "status": "sent" })),
            (Some("2028-02-28"), json!({ "status": "sent", "valid_until": "2028-03-30" })),
            (None, json!({ "status": "sent", "valid_until": "2028-03-30" })),
        ] {
            assert_eq!(changed(proposal(Status::Expired, until), Status::Sent), Ok(expected));
        }
        let draft = proposal(Status::Draft, None);
        let error = changed(Proposal { total: Money::ZERO, ..draft }, Status::Sent).unwrap_err();
        assert!(error.starts_with("it has no price yet"), "{error}");
        let error = changed(Proposal { has_client: false, ..draft }, Status::Sent).unwrap_err();
        assert!(error.starts_with("it says for no client yet"), "{error}");
    }

    #[test]
    fn a_proposal_expires_only_after_its_last_day() {
        for (until, expires) in
            [(Some("2028-02-28"), true), (Some(TODAY), false), (Some("2028-03-01"), false), (None, true)]
        {
            assert_eq!(changed(proposal(Status::Viewed, until), Status::Expired).is_ok(), expires, "{until:?}");
        }
    }

    #[test]
    fn accepting_is_not_a_mere_change_of_status() {
        assert!(changed(proposal(Status::Sent, None), Status::Accepted).unwrap_err().contains("accept_proposal"));
        let error = changed(proposal(Status::Draft, None), Status::Accepted).unwrap_err();
        assert_eq!(error, "it was never sent: it is a draft. Mark it as sent first.");
    }
}
