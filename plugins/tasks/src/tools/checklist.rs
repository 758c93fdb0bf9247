//! `checklist_progress`, `check_off_items` and `add_checklist_items`.

use canvalo_sdk::data::{DataError, Filter, Modification, Query};
use canvalo_sdk::{Answer, Context, Row, ToolError, columns};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ItemText, TaskName, of_person, one_or_several, open, texts};
use crate::checklist::{self, Progress, entries, is_done, text};
use crate::task::{OPEN, TASKS};

/// For the model.
pub const DESCRIPTION: &str = "Says how far checklists are: the items of one task, or done and total for each open task that \
has a checklist.\n\
Examples: \"What's left on the checklist for the drawers?\" \"How far are the checklists?\" \"Which checklist items are still open?\"";

/// For the model.
pub const DESCRIPTION_CHECK: &str = "Marks checklist items of a task as done, or as open again with undo. An item is meant by \
its text or words of it.\n\
Examples: \"Check off sanding on the drawers task\" \"Mark sand and spray as done on the checklist\" \"Tick confirm colour on the epoxy task\"";

/// For the model.
pub const DESCRIPTION_ADD: &str = "Adds items to the checklist of a task.\n\
Examples: \"Add prime and caulk to the checklist of the trim task\" \"Add a checklist item to the epoxy task\"";

/// Tasks shown; the count is over all.
const MAX_ROWS: u32 = 30;

/// Items of one call.
const MAX_TEXTS: usize = 20;

/// Arguments of `checklist_progress`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// One task: its title, or its id. Leave out for all open tasks that have a checklist.
    pub task: Option<String>,
    /// Only tasks of this person: the name or a part of it. Leave out for everybody.
    pub assigned_to: Option<String>,
}

/// Arguments of `check_off_items`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CheckOff {
    /// The task with the checklist.
    pub task: TaskName,
    /// The items, 1 to 20.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 20))]
    pub items: Vec<ItemText>,
    /// True to mark them as open again.
    pub undo: Option<bool>,
}

/// Arguments of `add_checklist_items`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Add {
    /// The task with the checklist.
    pub task: TaskName,
    /// The texts of the new items, 1 to 20.
    #[serde(deserialize_with = "one_or_several")]
    #[schemars(length(min = 1, max = 20))]
    pub items: Vec<ItemText>,
}

/// Runs `checklist_progress`.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    match &arguments.task {
        Some(task) => {
            let task = TASKS.find_to_read(context, task)?;
            Ok(of_task(&task).title(format!("Checklist of {}", task.text("title"))))
        }
        None => of_all(context, arguments.assigned_to.as_deref()),
    }
}

fn of_all(context: &mut Context<'_>, person: Option<&str>) -> Result<Answer, ToolError> {
    let wanted = ["id", "title", "assigned_to", "due_date", "checklist", "project_name"];
    // A list with at least one entry.
    let mut query = Query::new("tasks", &wanted).matching(open()).matching(Filter::contains("checklist", json!([{}])));
    if let Some(person) = person {
        query = query.matching(of_person(person));
    }
    let page = context.select(&query.ascending("due_date").ascending("title").limit(MAX_ROWS).counted())?;

    let rows = page.rows.iter().map(|row| {
        let list = entries(row.get("checklist"));
        let next = list.iter().find(|entry| !is_done(entry)).map(text);
        columns([
            ("id", row.get("id").clone()),
            ("title", row.get("title").clone()),
            ("done", Progress::of(&list).shown().into()),
            ("next_item", json!(next)),
            ("assigned_to", row.get("assigned_to").clone()),
            ("due_date", row.get("due_date").clone()),
            ("project_name", row.get("project_name").clone()),
        ])
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len() as u64;
    let total = page.total.unwrap_or(shown);
    let progress = page.rows.iter().map(|row| Progress::of(&entries(row.get("checklist"))));
    let answer = Answer::new()
        .title("Checklists of open tasks")
        .rows(rows)
        .total_rows(total)
        .fact("Open tasks with a checklist", total)
        .fact("Items done", progress.fold(Progress::default(), Progress::and).shown());
    Ok(if shown < total {
        answer.note(format!("These are the first {shown} of {total} by due date; the items are those of these."))
    } else {
        answer
    })
}

/// Runs `check_off_items`.
pub fn check_off(context: &mut Context<'_>, arguments: CheckOff) -> Result<Answer, ToolError> {
    let done = !arguments.undo.unwrap_or(false);
    let items = texts(arguments.items, MAX_TEXTS)?;
    let (row, count, answer) =
        change(context, &arguments.task, &items, |list, words| checklist::mark(list, words, done).map(|_| ()))?;
    let word = if done { "Checked off" } else { "Opened again" };
    let answer = answer.title(format!("{word} {} of {}", counted(count), row.text("title")));
    let list = entries(row.get("checklist"));
    Ok(if list.iter().all(is_done) && OPEN.contains(&row.text("status")) {
        answer.next(format!("Mark {} as completed", row.text("title")))
    } else {
        answer
    })
}

/// Runs `add_checklist_items`.
pub fn add(context: &mut Context<'_>, arguments: Add) -> Result<Answer, ToolError> {
    let items = texts(arguments.items, MAX_TEXTS)?;
    let (row, count, answer) = change(context, &arguments.task, &items, checklist::add)?;
    Ok(answer.title(format!("Added {} to {}", counted(count), row.text("title"))))
}

/// Changes a task's checklist by each of some words. One that can't be used doesn't keep the others from it.
fn change(
    context: &mut Context<'_>,
    task: &TaskName,
    items: &[String],
    mut apply: impl FnMut(&mut Vec<Value>, &str) -> Result<(), String>,
) -> Result<(Row, usize, Answer), ToolError> {
    let found = TASKS.find(context, &[&task.0])?.pop();
    let row = found.unwrap_or_else(|| Err(ToolError::refused("There is no such task.")))?;
    let name = row.text("title").to_owned();
    let mut list = entries(row.get("checklist"));
    let problems: Vec<String> = items.iter().filter_map(|item| apply(&mut list, item).err()).collect();
    let changed = items.len() - problems.len();
    if changed == 0 {
        return Err(ToolError::refused(format!("{name}: {} Nothing was changed.", problems.join(" "))));
    }

    // A list is written as a whole, so somebody else's change in between would be lost.
    let unchanged = match row.get("updated_at") {
        Value::Null => Filter::is_null("updated_at"),
        at => Filter::eq("updated_at", at),
    };
    let returning = ["id", "title", "status", "checklist"];
    let modification = Modification::by_id("tasks", row.text("id"), json!({ "checklist": list }), &returning);
    let row = match context.update(&modification.matching(unchanged)) {
        Ok(mut rows) if !rows.is_empty() => rows.swap_remove(0),
        Ok(_) | Err(DataError::NotFound) => {
            let why = "it changed in the meantime, nothing was done. Look at it again first.";
            return Err(ToolError::refused(format!("{name}: {why}")));
        }
        Err(error) => return Err(error.into()),
    };
    let mut answer = of_task(&row);
    if !problems.is_empty() {
        answer = answer.note(format!("Not changed: {}", problems.join(" ")));
    }
    Ok((row, changed, answer))
}

/// The items of a task and how many are done.
fn of_task(row: &Row) -> Answer {
    let list = entries(row.get("checklist"));
    let rows: Vec<Map<String, Value>> = list
        .iter()
        .map(|entry| {
            columns([("item", text(entry).into()), ("done", if is_done(entry) { "yes" } else { "no" }.into())])
        })
        .collect();
    let answer = Answer::new().rows(rows).fact("Done", Progress::of(&list).shown());
    match list.iter().find(|entry| !is_done(entry)) {
        Some(next) => answer.fact("Next", text(next)),
        None => answer,
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 checklist item".to_owned() } else { format!("{count} checklist items") }
}
