//! `budget_vs_actual`: what projects were to cost and what they cost so far.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Context, Percent, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{figures, projects};

/// For the model.
pub const DESCRIPTION: &str = "Budget against actual cost of projects: how much of each budget is used, what is left and what is over, \
most used first, with totals. Without drafts and cancelled projects unless one is named.\n\
Examples: \"Are we over budget on anything?\" \"Budget vs actual\" \"How much budget is left on the brewery job?\" \"What have the jobs cost us so far?\" \"Which projects are over budget?\"";

/// Rows shown; the totals are over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only projects with this in their name, number or client. Leave out for all.
    pub search: Option<String>,
    /// Only projects that cost more than their budget.
    pub over_budget: Option<bool>,
    /// Only projects that are not finished.
    pub open: Option<bool>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let mut conditions: Vec<Condition> = Vec::new();
    match &arguments.search {
        Some(search) => {
            let searched = ["name", "project_number", "client_name"];
            conditions.push(searched.map(|column| Filter::holds_text(column, search.trim())).to_vec().into());
        }
        None => conditions.push(Filter::one_of("status", ["draft", "cancelled"]).negated().into()),
    }
    if arguments.open == Some(true) {
        conditions.push(Filter::one_of("status", super::OPEN).into());
    }
    if arguments.over_budget == Some(true) {
        conditions.push(Filter::eq("over_budget", true).into());
    }
    let over = |conditions: &[Condition]| {
        let mut all = Aggregation::new("project_budgets").count("projects");
        all.conditions.extend_from_slice(conditions);
        all
    };
    let with_budget: Condition = Filter::is_null("budget").negated().into();
    let sums = over(&conditions).matching(with_budget.clone());
    let sums = sums.sum("budget", "budget").sum("actual_cost", "actual_cost").sum("remaining", "remaining");
    let exceeded = over(&conditions).matching(Filter::eq("over_budget", true)).sum("remaining", "remaining");
    let without = over(&conditions).matching(Filter::is_null("budget")).sum("actual_cost", "actual_cost");
    let [sums, exceeded, without] = figures(context, [sums, exceeded, without])?;
    let first = |groups: Vec<Row>| groups.into_iter().next().unwrap_or_default();
    let (sums, exceeded, without) = (first(sums), first(exceeded), first(without));

    let wanted =
        ["id", "project_number", "name", "status", "completion_percentage", "budget", "actual_cost", "remaining"];
    let mut query =
        Query::new("project_budgets", &wanted).descending("used_percentage").ascending("id").limit(MAX_ROWS);
    query.conditions = conditions;
    let page = context.select(&query.matching(with_budget))?;
    let rows: Vec<_> = page.rows.iter().map(shown).collect();

    let (count, shown_count) = (sums.integer("projects"), rows.len());
    let (budget, actual) = (sums.money("budget"), sums.money("actual_cost"));
    let title = match &arguments.search {
        Some(search) => format!("Budget against actual of {:?}", search.trim()),
        None if arguments.over_budget == Some(true) => "Projects over budget".to_owned(),
        None => "Budget against actual".to_owned(),
    };
    let mut answer = Answer::new()
        .title(title)
        .rows(rows)
        .total_rows(count.unsigned_abs())
        .fact("Budget", budget)
        .fact("Spent", format!("{actual} ({})", Percent::shown(Percent::of(actual, budget))))
        .fact("Left", sums.money("remaining"))
        .fact(
            "Over budget",
            match exceeded.integer("projects") {
                0 => "none".to_owned(),
                some => format!("{} by {} in all", projects(some), -exceeded.money("remaining")),
            },
        );
    if without.integer("projects") > 0 {
        let spent = without.money("actual_cost");
        answer = answer.fact("Without a budget", format!("{}, {spent} spent", projects(without.integer("projects"))));
    }
    Ok(if (shown_count as i64) < count {
        answer.note(format!("These are the {shown_count} most used of {count}; the totals are over all of them."))
    } else {
        answer
    })
}

fn shown(row: &Row) -> serde_json::Map<String, Value> {
    // The view's is rounded, and rounding it again could end up beside the total's.
    let used = Percent::of(row.money("actual_cost"), row.money("budget"));
    columns([
        ("id", row.get("id").clone()),
        ("project_number", row.get("project_number").clone()),
        ("name", row.get("name").clone()),
        ("status", row.get("status").clone()),
        ("done", format!("{}%", row.integer("completion_percentage")).into()),
        ("budget", row.money("budget").to_string().into()),
        ("actual_cost", row.money("actual_cost").to_string().into()),
        ("remaining", row.money("remaining").to_string().into()),
        ("used", Percent::shown(used).into()),
    ])
}
