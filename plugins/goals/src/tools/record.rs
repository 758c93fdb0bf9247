//! `record_goal_total`, `record_goal_increase` and `record_goals_progress`: where goals stand now.

use std::collections::BTreeMap;

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Money, Percent, Row, ToolError, columns};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::needed;
use crate::goal::{GOALS, OPEN, values};
use crate::pace::{Aim, Standing};
use crate::progress::Step;

/// For the model.
pub const TOTAL: &str = "Records where a goal stands now, in all, and says how that compares with its target. For what came on \
top use record_goal_increase; for another target use update_goals.\n\
Examples: \"Record 8 projects on the projects goal\" \"Update the progress of the rating goal to 4.4\" \"We are at $52,000 of our revenue goal\"";

/// For the model.
pub const INCREASE: &str = "Records what came on top of a goal's progress, and says how that compares with its target. For the new \
total use record_goal_total.\n\
Examples: \"Add two clients to the commercial clients goal\" \"Log another $3,500 on the revenue goal\" \"One more project towards our ten\"";

/// For the model.
pub const MANY: &str = "Records progress on several goals at once, each set to a new total or added to, and says for each what \
happened: one that can't be recorded doesn't keep the others from it.\n\
Examples: \"Revenue is at $52,000 and we have 8 projects\" \"Record progress: two more clients, one more project\"";

/// Entries of one call.
const MAX_ENTRIES: usize = 16;

const RETURNING: [&str; 9] =
    ["id", "title", "goal_type", "target_value", "current_value", "unit", "start_date", "end_date", "status"];

/// Arguments of `record_goal_total`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Total {
    /// The goal: its title, or its id.
    pub goal: String,
    /// The new total, in the goal's unit.
    pub value: Money,
}

/// Arguments of `record_goal_increase`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Increase {
    /// The goal: its title, or its id.
    pub goal: String,
    /// How much more, in the goal's unit. Negative to take back.
    pub amount: Money,
}

/// Arguments of `record_goals_progress`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Many {
    /// The entries, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub entries: Vec<Entry>,
}

/// Progress on one goal.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Entry {
    /// The goal: its title, or its id.
    pub goal: String,
    /// The new total. Either this or `add`.
    pub set_to: Option<Money>,
    /// How much more. Either this or `set_to`.
    pub add: Option<Money>,
}

/// Runs `record_goal_total`.
pub fn total(context: &mut Context<'_>, arguments: Total) -> Result<Answer, ToolError> {
    one(context, Entry { goal: arguments.goal, set_to: Some(arguments.value), add: None })
}

/// Runs `record_goal_increase`.
pub fn increase(context: &mut Context<'_>, arguments: Increase) -> Result<Answer, ToolError> {
    one(context, Entry { goal: arguments.goal, set_to: None, add: Some(arguments.amount) })
}

fn one(context: &mut Context<'_>, entry: Entry) -> Result<Answer, ToolError> {
    let today = context.today();
    let recorded = record(context, std::slice::from_ref(&entry))?.pop();
    let goal = recorded.unwrap_or_else(|| Err(ToolError::refused("There is no such goal."))).map_err(nothing)?;
    let pace = Aim::of(&goal).pace(today);
    let answer = Answer::new()
        .title(format!("Recorded progress on {}", GOALS.name_of(&goal)))
        .fact("Value", values(&goal))
        .fact("Progress", Percent::shown(pace.progress))
        .fact("Standing", pace.standing.words())
        .fact("Needed", needed(&pace, goal.text("unit")));
    Ok(offer(answer, &[&goal], pace.standing == Standing::Reached))
}

/// Says that nothing was recorded, where that holds for all that was asked.
fn nothing(error: ToolError) -> ToolError {
    let with = |message: String| format!("{message} Nothing was recorded.");
    match error {
        ToolError::Arguments(message) => ToolError::Arguments(with(message)),
        ToolError::Refused(message) => ToolError::Refused(with(message)),
        other => other,
    }
}

/// Runs `record_goals_progress`.
pub fn run_many(context: &mut Context<'_>, Many { entries }: Many) -> Result<Answer, ToolError> {
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        let count = entries.len();
        return Err(ToolError::arguments(format!("`entries`: from 1 to {MAX_ENTRIES} at a time, got {count}.")));
    }
    let today = context.today();
    let results = record(context, &entries)?;
    let count = results.iter().flatten().count();
    if count == 0 {
        let error = results.into_iter().find_map(Result::err);
        return Err(nothing(error.unwrap_or_else(|| ToolError::refused("There is no such goal."))));
    }
    let mut reached: Vec<&Row> = Vec::new();
    let mut rows: Vec<Map<String, Value>> = Vec::with_capacity(results.len());
    for (result, entry) in results.iter().zip(&entries) {
        rows.push(match result {
            Ok(goal) => {
                let pace = Aim::of(goal).pace(today);
                if pace.standing == Standing::Reached && !reached.iter().any(|known| known.get("id") == goal.get("id"))
                {
                    reached.push(goal);
                }
                columns([
                    ("id", goal.get("id").clone()),
                    ("goal", goal.get("title").clone()),
                    ("value", values(goal).into()),
                    ("progress", Percent::shown(pace.progress).into()),
                    ("standing", pace.standing.words().into()),
                    ("result", "recorded".into()),
                ])
            }
            Err(error) => columns([
                ("goal", entry.goal.as_str().into()),
                ("result", format!("not recorded: {}", error.message()).into()),
            ]),
        });
    }
    let any = !reached.is_empty();
    let title = format!("Recorded {count} of {} entries", results.len());
    Ok(offer(Answer::new().title(title).rows(rows), &reached, any))
}

/// Says that targets are reached and offers to complete the goals. They stay active until somebody does.
fn offer(answer: Answer, goals: &[&Row], reached: bool) -> Answer {
    if !reached {
        return answer;
    }
    let offers = goals.iter().filter(|goal| goal.text("status") != "completed");
    let offered = offers.map(|goal| format!("Complete the goal \"{}\"", goal.text("title")));
    let answer = answer.note(match goals {
        [_] => "The target is reached. The goal stays active until you complete it.".to_owned(),
        goals => format!("{} targets are reached. The goals stay active until you complete them.", goals.len()),
    });
    offered.fold(answer, Answer::next)
}

/// A goal with the progress of this call.
struct Change {
    before: Decimal,
    after: Decimal,
}

/// Records entries in order. Several on one goal follow each other and are one change of it.
fn record(context: &mut Context<'_>, entries: &[Entry]) -> Result<Vec<Result<Row, ToolError>>, ToolError> {
    let names: Vec<&str> = entries.iter().map(|entry| entry.goal.trim()).collect();
    let goals = GOALS.find(context, &names)?;
    let mut changes: BTreeMap<String, Change> = BTreeMap::new();
    let mut steps: Vec<Result<String, ToolError>> = Vec::with_capacity(entries.len());
    for (goal, entry) in goals.into_iter().zip(entries) {
        steps.push(goal.and_then(|goal| {
            let refused = |why: String| ToolError::refused(format!("{}: {why}", GOALS.name_of(&goal)));
            let status = goal.text("status");
            if !OPEN.contains(&status) {
                return Err(refused(format!("it is {status}. Set its status to active first.")));
            }
            let id = goal.text("id").to_owned();
            let before = goal.decimal("current_value").unwrap_or_default();
            let current = changes.get(&id).map_or(before, |change| change.after);
            let after = step(entry).and_then(|step| step.from(current)).map_err(refused)?;
            changes.entry(id.clone()).or_insert(Change { before, after }).after = after;
            Ok(id)
        }));
    }
    let modifications: Vec<Modification> = changes.iter().map(|(id, change)| modification(id, change)).collect();
    let updated = context.update_many(&modifications);
    let updated: BTreeMap<&String, _> = changes.keys().zip(updated).collect();
    let recorded = steps.into_iter().map(|step| match updated.get(&step?) {
        Some(Ok(rows)) if !rows.is_empty() => Ok(rows[0].clone()),
        Some(Err(error)) if *error != DataError::NotFound => Err(error.clone().into()),
        _ => Err(ToolError::refused("The goal changed in the meantime. Look at it again first.")),
    });
    Ok(recorded.collect())
}

fn step(entry: &Entry) -> Result<Step, String> {
    match (entry.set_to, entry.add) {
        (Some(value), None) => Ok(Step::To(value.decimal())),
        (None, Some(value)) => Ok(Step::By(value.decimal())),
        (Some(_), Some(_)) => Err("give `set_to` or `add`, not both.".to_owned()),
        (None, None) => Err("how far is it? Give `set_to` or `add`.".to_owned()),
    }
}

/// Two entries at the same time must not swallow one.
fn modification(id: &str, change: &Change) -> Modification {
    let changes = json!({ "current_value": Money::from(change.after) });
    Modification::by_id(GOALS.name, id, changes, &RETURNING)
        .matching(Filter::eq("current_value", Money::from(change.before)))
}
