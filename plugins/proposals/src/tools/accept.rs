//! `accept_proposal` and `accept_proposals`: the client said yes, and a project begins.
//!
//! An acceptance is one row. The database marks the proposal and makes the project with it, all or nothing, once.

use std::collections::HashSet;

use canvalo_sdk::data::{DataError, Insertion};
use canvalo_sdk::{Answer, Context, Money, Numbering, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Reference;
use crate::proposal::{self, PROPOSALS};
use crate::workflow::{self, Status};

/// For the model.
pub const DESCRIPTION: &str = "Marks a proposal as accepted and creates its project, in one step: with the client, the work and the price \
before tax as budget. The proposal must have been sent. For several use accept_proposals.\n\
Examples: \"Mark the kitchen quote as accepted\" \"Maria said yes to the estimate\" \"Accept the proposal and start on 2026-04-01\" \"Turn the accepted bid into a project\"";

/// For the model.
pub const DESCRIPTION_MANY: &str = "Marks several proposals as accepted and creates a project for each. Says for each what happened: one \
that can't be accepted doesn't keep the others from it.\n\
Examples: \"Both quotes were accepted\" \"We won all three bids\"";

/// Proposals of one call.
const MAX_ACCEPTED: usize = 16;

const RETURNING: [&str; 7] =
    ["id", "proposal_id", "accepted_date", "project_id", "project_name", "project_number", "start_date"];

/// The form of project numbers; the projects agent counts on from whatever is there.
const PROJECT_NUMBERS: Numbering = Numbering { column: "project_number", first: "PRJ-1001" };

/// An acceptance.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// The proposal: its number, what it is called, or its id.
    pub proposal: String,
    /// The day the client accepted. Today if left out.
    pub accepted_date: Option<NaiveDate>,
    /// What the project is called. The proposal's title if left out.
    pub project_name: Option<String>,
    /// When the work starts, if that is known.
    pub start_date: Option<NaiveDate>,
}

/// Several acceptances.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Acceptances {
    /// The proposals, 1 to 16: the number of each, what it is called, or its id.
    #[schemars(length(min = 1, max = 16))]
    pub proposals: Vec<Reference>,
    /// The day the clients accepted. Today if left out.
    pub accepted_date: Option<NaiveDate>,
}

/// Runs `accept_proposal`.
pub fn run(context: &mut Context<'_>, acceptance: Acceptance) -> Result<Answer, ToolError> {
    let accepted = accept(context, vec![acceptance])?.pop();
    let accepted = accepted.unwrap_or_else(|| Err(ToolError::refused("Nothing was accepted.")))?;
    let row = columns([
        ("id", accepted.proposal.get("id").clone()),
        ("proposal_number", accepted.proposal.get("proposal_number").clone()),
        ("client_name", accepted.proposal.get("client_name").clone()),
        ("total_amount", accepted.total().to_string().into()),
        ("accepted_date", accepted.row.get("accepted_date").clone()),
        ("project_id", accepted.row.get("project_id").clone()),
        ("project_number", accepted.row.get("project_number").clone()),
        ("project_name", accepted.row.get("project_name").clone()),
        ("start_date", accepted.row.get("start_date").clone()),
    ]);
    let mut answer = Answer::new().title(format!("Accepted {}", PROPOSALS.name_of(&accepted.proposal))).rows(vec![row]);
    if let (Some(until), Some(day)) = (accepted.proposal.date("valid_until"), accepted.row.date("accepted_date"))
        && day > until
    {
        answer = answer.note(format!("It was valid until {until}."));
    }
    Ok(answer.next("Who is free to start on it?"))
}

/// Runs `accept_proposals`.
pub fn run_many(context: &mut Context<'_>, arguments: Acceptances) -> Result<Answer, ToolError> {
    let Acceptances { proposals, accepted_date } = arguments;
    let names: Vec<String> = proposals.iter().map(|Reference(name)| name.clone()).collect();
    let acceptances = proposals.into_iter().map(|Reference(proposal)| Acceptance {
        proposal,
        accepted_date,
        project_name: None,
        start_date: None,
    });
    let results = accept(context, acceptances.collect())?;
    let count = results.iter().flatten().count();
    let value: Money = results.iter().flatten().map(Accepted::total).sum();
    if count == 0 {
        let first = results.into_iter().find_map(Result::err);
        return Err(first.unwrap_or_else(|| ToolError::refused("Nothing was accepted.")));
    }
    let rows = results.iter().zip(&names).map(|(result, name)| match result {
        Ok(accepted) => columns([
            ("id", accepted.proposal.get("id").clone()),
            ("proposal_number", accepted.proposal.get("proposal_number").clone()),
            ("title", accepted.proposal.get("title").clone()),
            ("client_name", accepted.proposal.get("client_name").clone()),
            ("total_amount", accepted.total().to_string().into()),
            ("project_id", accepted.row.get("project_id").clone()),
            ("project_number", accepted.row.get("project_number").clone()),
            ("result", "accepted".into()),
        ]),
        Err(error) => {
            columns([("title", name.as_str().into()), ("result", format!("not accepted: {}", error.message()).into())])
        }
    });
    Ok(Answer::new()
        .title(format!("Accepted {count} of {} proposals", results.len()))
        .rows(rows.collect())
        .fact("Accepted in total", value))
}

struct Accepted {
    /// As it was read.
    proposal: Row,
    /// The acceptance as written.
    row: Row,
}

impl Accepted {
    fn total(&self) -> Money {
        self.proposal.money("total_amount")
    }
}

fn accept(
    context: &mut Context<'_>,
    acceptances: Vec<Acceptance>,
) -> Result<Vec<Result<Accepted, ToolError>>, ToolError> {
    if acceptances.is_empty() || acceptances.len() > MAX_ACCEPTED {
        let count = acceptances.len();
        return Err(ToolError::arguments(format!("`proposals`: from 1 to {MAX_ACCEPTED} at a time, got {count}.")));
    }
    let today = context.today();
    let names: Vec<&str> = acceptances.iter().map(|acceptance| acceptance.proposal.trim()).collect();
    let mut seen = HashSet::new();
    let proposals = PROPOSALS.find(context, &names)?.into_iter().zip(&acceptances).map(|(proposal, acceptance)| {
        let proposal = proposal?;
        let refused = |why: String| ToolError::refused(format!("{}: {why}", PROPOSALS.name_of(&proposal)));
        if !seen.insert(proposal.text("id").to_owned()) {
            return Err(refused("it is named more than once.".to_owned()));
        }
        let row = row(&proposal, acceptance, today).map_err(refused)?;
        Ok((proposal, row))
    });
    let proposals: Vec<Result<_, ToolError>> = proposals.collect();

    let mut numbers = project_numbers(context, proposals.iter().flatten().count())?.into_iter();
    let mut insertions = Vec::with_capacity(proposals.len());
    for (_, row) in proposals.iter().flatten() {
        let mut row = row.clone();
        if let Some(number) = numbers.next() {
            row.insert("project_number".to_owned(), number.into());
        }
        insertions.push(Insertion::new("proposal_acceptances", &[row], &RETURNING));
    }
    let mut written = context.insert_many(&insertions).into_iter();
    let accepted = proposals.into_iter().map(|checked| {
        let (proposal, _) = checked?;
        match written.next() {
            Some(Ok(mut rows)) if !rows.is_empty() => Ok(Accepted { proposal, row: rows.swap_remove(0) }),
            Some(Err(error)) if !matches!(error, DataError::Conflict(_) | DataError::Invalid(_)) => Err(error.into()),
            _ => Err(ToolError::refused(format!(
                "{}: it was decided in the meantime, or the number of its project was taken. Nothing was done. Look at it again first.",
                PROPOSALS.name_of(&proposal)
            ))),
        }
    });
    Ok(accepted.collect())
}

/// The row that accepts a proposal, or why it can't be accepted.
fn row(proposal: &Row, acceptance: &Acceptance, today: NaiveDate) -> Result<Map<String, Value>, String> {
    workflow::allowed(proposal::as_read(proposal).status, Status::Accepted)?;
    let day = acceptance.accepted_date.unwrap_or(today);
    if day > today {
        return Err(format!("{day} is in the future."));
    }
    if let Some(issued) = proposal.date("issue_date").filter(|issued| *issued > day) {
        return Err(format!("{day} is before it was issued on {issued}."));
    }
    let mut row = Map::from_iter([
        ("proposal_id".to_owned(), proposal.get("id").clone()),
        ("accepted_date".to_owned(), json!(day)),
    ]);
    if let Some(name) = acceptance.project_name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        row.insert("project_name".to_owned(), name.into());
    }
    if let Some(start) = acceptance.start_date {
        row.insert("start_date".to_owned(), json!(start));
    }
    Ok(row)
}

/// The next numbers of projects; none without the grant to look them up, and the projects stay without.
fn project_numbers(context: &mut Context<'_>, count: usize) -> Result<Vec<String>, ToolError> {
    match PROJECT_NUMBERS.next(context, "projects", count) {
        Err(ToolError::Data(DataError::Denied(_))) => Ok(Vec::new()),
        numbers => numbers,
    }
}
