//! `free_crew`: who has nothing planned in a period.

use std::collections::BTreeMap;

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, NamedPeriod, Period, Row, ToolError, columns};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{MAX_MEMBERS, figures, named};

/// For the model.
pub const DESCRIPTION: &str = "Who of the crew is free in a period, and what keeps the others busy. Give a named period, or from and to; \
this week if neither is given.\n\
Examples: \"Who is free next week?\" \"Who's available to paint tomorrow?\" \"Do we have anybody free in April?\" \"Who can start a new job this month?\"";

/// Assignments read; who is free is asked of the database.
const MAX_ASSIGNMENTS: u32 = 200;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. The same day if left out.
    pub to: Option<NaiveDate>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    // Unlike in a report, a single day is asked for as often as a stretch of them.
    let to = arguments.to.or(arguments.from);
    let period = Period::given(arguments.period, arguments.from, to, NamedPeriod::ThisWeek, context.today())?;
    let conditions = busy(period);

    let mut everybody = Aggregation::new("project_crew").by("member").count("projects");
    everybody.limit = MAX_MEMBERS;
    let mut occupied = everybody.clone();
    occupied.conditions.clone_from(&conditions);
    let [everybody, occupied] = figures(context, [everybody, occupied])?;

    let wanted = ["id", "project_number", "name", "end_date", "member"];
    let mut query = Query::new("project_crew", &wanted).ascending("end_date").ascending("id").limit(MAX_ASSIGNMENTS);
    query.conditions = conditions;
    let page = context.select(&query)?;
    let mut work: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &page.rows {
        let until = match row.text("end_date") {
            "" => ", no end date".to_owned(),
            end => format!(" until {end}"),
        };
        work.entry(row.text("member")).or_default().push(format!("{}{until}", named(row)));
    }

    let is_busy = |member: &str| occupied.iter().any(|row| row.text("member") == member);
    let members: Vec<&str> = everybody.iter().map(|row: &Row| row.text("member")).collect();
    let (busy, free): (Vec<&str>, Vec<&str>) = members.iter().partition(|member| is_busy(member));
    let rows = free.iter().map(|member| (member, "free")).chain(busy.iter().map(|member| (member, "busy")));
    let rows = rows.map(|(member, state)| {
        let projects = work.get(member).map_or(Value::Null, |projects| projects.join("; ").into());
        columns([("crew_member", (*member).into()), ("available", state.into()), ("projects", projects)])
    });
    let answer = Answer::new()
        .title(format!("Crew from {} to {}", period.from, period.to))
        .rows(rows.collect())
        .fact("Free", if free.is_empty() { "nobody".to_owned() } else { free.join(", ") })
        .fact("Busy", busy.len());
    Ok(answer.note(
        "Busy is who is on the team of a planned or active project on any of these days. Only people who were on a team before are known.",
    ))
}

/// Assignments that take up days of a period: planned or active, begun by its end and not over before it starts.
fn busy(period: Period) -> Vec<Condition> {
    let or_open = |filter: Filter| {
        let column = filter.column.clone();
        Condition::from(vec![filter, Filter::is_null(&column)])
    };
    vec![
        Filter::one_of("status", ["draft", "active"]).into(),
        or_open(Filter::lte("start_date", period.to)),
        or_open(Filter::gte("end_date", period.from)),
    ]
}
