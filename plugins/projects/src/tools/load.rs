//! `crew_load`: who works on what.

use std::collections::BTreeMap;

use canvalo_sdk::data::{Aggregation, Filter, Query};
use canvalo_sdk::{Answer, Context, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{MAX_MEMBERS, OPEN, figures, named};

/// For the model.
pub const DESCRIPTION: &str = "Who of the crew works on what: for each person the number of active projects, which ones, and what is \
planned or on hold, busiest first.\n\
Examples: \"Who's working on what?\" \"What is Luis working on?\" \"Crew workload\" \"Who has too much on their plate?\" \"How is the crew spread over the jobs?\"";

/// Assignments read; the counts are over all.
const MAX_ASSIGNMENTS: u32 = 200;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only this person of the crew: the name or a part of it. Leave out for everybody.
    pub person: Option<String>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let person = arguments.person.as_deref().map(str::trim);
    let by_member = || {
        let counts = Aggregation::new("project_crew").by("member").count("projects");
        match person {
            Some(person) => counts.matching(Filter::holds_text("member", person)),
            None => counts,
        }
    };
    let mut everybody = by_member();
    everybody.limit = MAX_MEMBERS;
    let mut active = by_member().matching(Filter::eq("status", "active"));
    active.limit = MAX_MEMBERS;
    let [everybody, active] = figures(context, [everybody, active])?;

    let wanted = ["id", "project_number", "name", "status", "start_date", "member"];
    let mut query = Query::new("project_crew", &wanted).matching(Filter::one_of("status", OPEN));
    if let Some(person) = person {
        query = query.matching(Filter::holds_text("member", person));
    }
    let query = query.ascending("status").ascending("start_date").ascending("id").limit(MAX_ASSIGNMENTS).counted();
    let page = context.select(&query)?;
    let cut = page.total.is_some_and(|total| total > page.rows.len() as u64);
    let mut work: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &page.rows {
        work.entry(row.text("member")).or_default().push(row);
    }

    let count =
        |member: &str| active.iter().find(|row| row.text("member") == member).map_or(0, |row| row.integer("projects"));
    let mut members: Vec<&str> = everybody.iter().map(|row| row.text("member")).collect();
    members.sort_by_key(|member| (-count(member), member.to_lowercase()));
    let rows = members.iter().map(|member| {
        let of = |active: bool| {
            let rows = work.get(member).into_iter().flatten();
            let rows = rows.filter(|row| (row.text("status") == "active") == active);
            let names = rows.map(|row| if active { named(row) } else { format!("{}, {}", named(row), later(row)) });
            names.collect::<Vec<_>>().join("; ")
        };
        columns([
            ("crew_member", (*member).into()),
            ("active_projects", json!(count(member))),
            ("working_on", of(true).into()),
            ("planned_or_on_hold", of(false).into()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let idle: Vec<&str> = members.iter().filter(|member| count(member) == 0).copied().collect();
    let title = person.map_or_else(|| "Who works on what".to_owned(), |person| format!("What {person} works on"));
    let mut answer = Answer::new().title(title).rows(rows).fact("Crew members", members.len());
    if person.is_none() && !members.is_empty() {
        let idle = if idle.is_empty() { "nobody".to_owned() } else { idle.join(", ") };
        answer = answer.fact("Without an active project", idle).next("Who is free next week?");
    }
    Ok(if cut {
        answer.note(format!("The counts are complete; of the projects the first {MAX_ASSIGNMENTS} are named."))
    } else {
        answer
    })
}

/// Why somebody doesn't work on it now.
fn later(row: &Row) -> String {
    match (row.text("status"), row.text("start_date")) {
        ("draft", "") => "planned".to_owned(),
        ("draft", start) => format!("planned for {start}"),
        _ => "on hold".to_owned(),
    }
}
