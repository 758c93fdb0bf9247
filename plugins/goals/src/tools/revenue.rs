//! `revenue_against_goals`: what clients paid in a period, against the part of each revenue goal that falls into it.

use canvalo_sdk::data::{Aggregation, Filter, Query};
use canvalo_sdk::{Answer, Context, Money, NamedPeriod, Percent, Period, Quantity, Row, ToolError, columns};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{amount, needed};
use crate::goal::{GOALS, values};
use crate::pace::{Aim, Standing, share};

/// For the model.
pub const DESCRIPTION: &str = "Compares what clients paid in a period with the part of each revenue goal that falls into it: \
ahead, on track or behind, and what is still to come in. This month unless a period is given.\n\
Examples: \"How does this month's revenue compare with my goal?\" \"Did we collect enough for the revenue target last quarter?\" \"Are we making enough money for the yearly goal?\" \"What does this week have to bring in?\"";

/// Goals of one call: one batch of sums.
const MAX_GOALS: u32 = 15;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let period = Period::given(arguments.period, arguments.from, arguments.to, NamedPeriod::ThisMonth, today)?;
    let wanted = ["id", "title", "target_value", "current_value", "unit", "start_date", "end_date"];
    let query = Query::new(GOALS.name, &wanted)
        .matching(Filter::eq("goal_type", "revenue"))
        .matching(Filter::neq("status", "cancelled"))
        .matching(Filter::lte("start_date", period.to))
        .matching(Filter::gte("end_date", period.from))
        .matching(Filter::gt("target_value", 0));
    let page = context.select(&query.ascending("end_date").ascending("title").limit(MAX_GOALS).counted())?;
    let total = page.total.unwrap_or_default();
    let money = |goal: &&Row| goal.text("unit").trim().is_empty() || Quantity::is_dollars(goal.text("unit"));
    let goals: Vec<(&Row, Period)> =
        page.rows.iter().filter(money).filter_map(|goal| Some((goal, overlap(goal, period)?))).collect();

    // Most goals cover the whole period: its sum is asked for once.
    let mut periods = vec![period];
    for (_, part) in &goals {
        if !periods.contains(part) {
            periods.push(*part);
        }
    }
    let mut collected = Vec::with_capacity(periods.len());
    for (part, sums) in periods.iter().zip(context.aggregate_many(&periods.iter().map(paid).collect::<Vec<_>>())) {
        collected.push((*part, sums?.first().map(|sums| sums.money("collected")).unwrap_or_default()));
    }
    let within = |part: Period| collected.iter().find(|(of, _)| *of == part).map(|(_, sum)| *sum).unwrap_or_default();
    let rows: Vec<_> = goals.iter().map(|(goal, part)| shown(goal, *part, within(*part), today)).collect();

    let none = rows.is_empty();
    let answer = Answer::new()
        .title(format!("Revenue against goals from {} to {}", period.from, period.to))
        .rows(rows)
        .fact("Collected in the period", within(period))
        .note("Collected counts all that was paid on invoices, by the date of the last payment, for every goal alike.");
    if none {
        return Ok(answer.note("No revenue goal covers this period.").next("Set a revenue goal"));
    }
    let answer = answer.note("A goal's target is spread evenly over its days.");
    Ok(if total > u64::from(MAX_GOALS) {
        answer.note(format!("These are {MAX_GOALS} of {total} revenue goals."))
    } else {
        answer
    })
}

/// The days of the period that are the goal's, too.
fn overlap(goal: &Row, period: Period) -> Option<Period> {
    let part = Period { from: period.from.max(goal.date("start_date")?), to: period.to.min(goal.date("end_date")?) };
    (part.from <= part.to).then_some(part)
}

/// Payments as the invoices agent counts them.
fn paid(period: &Period) -> Aggregation {
    Aggregation::new("invoices")
        .matching(Filter::gte("payment_date", period.from))
        .matching(Filter::lte("payment_date", period.to))
        .matching(Filter::gt("amount_paid", 0))
        .sum("amount_paid", "collected")
}

fn shown(goal: &Row, part: Period, collected: Money, today: NaiveDate) -> Map<String, Value> {
    let whole = Aim::of(goal);
    let days = whole.start.zip(whole.end).map(|(from, to)| Period { from, to }.days()).unwrap_or_default();
    let due = share(whole.target, Decimal::from(part.days()), Decimal::from(days)).unwrap_or_default();
    let due = Money::from(due).rounded();
    let aim = Aim {
        target: due.decimal(),
        current: collected.decimal(),
        start: Some(part.from),
        end: Some(part.to),
        level: false,
    };
    let pace = aim.pace(today);
    // The period is over, the goal itself may go on.
    let (standing, needed) = match pace.standing {
        Standing::Overdue => ("missed", format!("{} short", Money::from(pace.missing))),
        standing => (standing.words(), needed(&pace, "USD")),
    };
    columns([
        ("id", goal.get("id").clone()),
        ("goal", goal.get("title").clone()),
        ("standing", standing.into()),
        ("collected", collected.to_string().into()),
        ("due_in_period", due.to_string().into()),
        ("progress", Percent::shown(pace.progress).into()),
        ("projected", amount(pace.projected, "USD").into()),
        ("needed", needed.into()),
        ("recorded_on_the_goal", values(goal).into()),
    ])
}
