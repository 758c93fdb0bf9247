//! `goal_progress`: which goals are on track, and which are behind.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Answer, Context, Percent, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{amount, needed};
use crate::goal::{GOALS, GoalType, OPEN, values};
use crate::pace::{Aim, Pace, Standing, TOLERANCE};

/// For the model.
pub const DESCRIPTION: &str = "How open goals stand against the time that has passed, those for revenue, projects, clients and \
satisfaction: ahead, on track, behind, overdue, reached or not started, with where each will end at this pace and what is \
still needed per week and month.\n\
Examples: \"Am I on track for my goals?\" \"What's behind?\" \"How close are we to our target?\" \"How much more do I need each week?\" \"Will we make the yearly goal at this pace?\" \"Which targets did we miss?\"";

/// Goals of one call: more than anybody pursues at a time.
const MAX_GOALS: u32 = 100;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// Only goals with this text in their title.
    pub search: Option<String>,
    /// Only goals of this type.
    pub goal_type: Option<GoalType>,
    /// Only goals that stand like this; behind includes overdue. Leave out when the user asks whether they are on track.
    pub standing: Option<Vec<Asked>>,
}

/// A part of the open goals.
//
// On track is missing: whoever asks for it wants to know what isn't, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Asked {
    Behind,
    Overdue,
    Ahead,
    Reached,
    NotStarted,
}

impl Asked {
    fn standings(self) -> &'static [Standing] {
        match self {
            Self::Behind => &[Standing::Overdue, Standing::Behind],
            Self::Overdue => &[Standing::Overdue],
            Self::Ahead => &[Standing::Ahead],
            Self::Reached => &[Standing::Reached],
            Self::NotStarted => &[Standing::NotStarted],
        }
    }
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let wanted = ["id", "title", "goal_type", "target_value", "current_value", "unit", "start_date", "end_date"];
    let mut query = Query::new(GOALS.name, &wanted).matching(Filter::one_of("status", OPEN)).limit(MAX_GOALS).counted();
    if let Some(kind) = arguments.goal_type {
        query = query.matching(Filter::eq("goal_type", kind.word()));
    }
    if let Some(text) = &arguments.search {
        query = query.matching(Filter::holds_text("title", text.trim()));
    }
    let page = context.select(&query.ascending("end_date").ascending("title"))?;
    let total = page.total.unwrap_or(page.rows.len() as u64);
    let mut goals: Vec<(Pace, &Row)> = page.rows.iter().map(|goal| (Aim::of(goal).pace(today), goal)).collect();
    // Stable, so that of two that stand alike the one that ends first comes first.
    goals.sort_by_key(|(pace, _)| pace.standing);

    let mut answer = Answer::new();
    for standing in Standing::ALL {
        let count = goals.iter().filter(|(pace, _)| pace.standing == standing).count();
        if count > 0 {
            answer = answer.fact(capitalised(standing.words()), count);
        }
    }
    let mut asked: Vec<Standing> =
        arguments.standing.unwrap_or_default().into_iter().flat_map(Asked::standings).copied().collect();
    asked.sort();
    asked.dedup();
    if !asked.is_empty() {
        goals.retain(|(pace, _)| asked.contains(&pace.standing));
    }
    let judged = |standing| matches!(standing, Standing::Behind | Standing::OnTrack | Standing::Ahead);
    if goals.iter().any(|(pace, _)| judged(pace.standing)) {
        answer =
            answer.note(format!("On track means within {TOLERANCE}% of the target of where a goal should be today."));
    }
    if total > page.rows.len() as u64 {
        answer = answer.note(format!("These are the first {} of {total} open goals.", page.rows.len()));
    }
    for (_, goal) in goals.iter().filter(|(pace, _)| pace.standing == Standing::Reached).take(2) {
        answer = answer.next(format!("Complete the goal \"{}\"", goal.text("title")));
    }
    let words: Vec<&str> = asked.iter().map(|standing| standing.words()).collect();
    let title = match words.as_slice() {
        [] => "Progress of open goals".to_owned(),
        words => format!("Goals that are {}", words.join(" or ")),
    };
    let shown: Vec<_> = goals.iter().map(|(pace, goal)| shown(pace, goal)).collect();
    Ok(answer.title(title).total_rows(shown.len() as u64).rows(shown))
}

fn shown(pace: &Pace, goal: &Row) -> Map<String, Value> {
    let unit = goal.text("unit");
    columns([
        ("id", goal.get("id").clone()),
        ("goal", goal.get("title").clone()),
        ("standing", pace.standing.words().into()),
        ("value", values(goal).into()),
        ("progress", Percent::shown(pace.progress).into()),
        ("time_passed", Percent::shown(pace.passed).into()),
        ("projected", amount(pace.projected, unit).into()),
        ("needed", needed(pace, unit).into()),
        ("ends", goal.get("end_date").clone()),
    ])
}

fn capitalised(words: &str) -> String {
    format!("{}{}", words[..1].to_uppercase(), &words[1..])
}
