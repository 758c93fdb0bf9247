//! Checklists: `[{"item": "Sand", "completed": true}]`.
//!
//! What an entry holds besides, another program put there: marking it leaves that as it is.

use canvalo_sdk::{Percent, columns};
use serde_json::{Value, json};

/// The column, for the model.
pub(crate) const SCHEMA: &str = r#"{"type":"array","maxItems":50,"items":{"type":"object","properties":{
"item":{"type":"string"},
"completed":{"type":"boolean","description":"False if left out."}},
"required":["item"]}}"#;

/// Items of a list: more is a project.
const MAX_ITEMS: usize = 50;

/// Characters of an item: a line.
const MAX_TEXT: usize = 200;

/// How much of a checklist is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Items that are done.
    pub done: usize,
    /// All items.
    pub total: usize,
}

impl Progress {
    /// Counts a list.
    pub fn of(list: &[Value]) -> Self {
        Self { done: list.iter().filter(|entry| is_done(entry)).count(), total: list.len() }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { done: self.done + other.done, total: self.total + other.total }
    }

    /// "2 of 3 (66.7%)".
    pub fn shown(self) -> String {
        let share = Percent::of(self.done as u64, self.total as u64);
        format!("{} of {} ({})", self.done, self.total, Percent::shown(share))
    }
}

/// The entries of a task's checklist column.
pub fn entries(column: &Value) -> Vec<Value> {
    column.as_array().cloned().unwrap_or_default()
}

/// What an entry says.
pub fn text(entry: &Value) -> &str {
    entry.get("item").unwrap_or(entry).as_str().unwrap_or_default().trim()
}

/// Whether an entry is done.
pub fn is_done(entry: &Value) -> bool {
    entry.get("completed").and_then(Value::as_bool).unwrap_or_default()
}

/// A whole list on its way to the database.
pub fn tidy(list: &Value) -> Result<Value, String> {
    let given = match list {
        Value::Null => &[],
        Value::Array(entries) => entries.as_slice(),
        _ => return Err("`checklist`: expected a list of items.".to_owned()),
    };
    let mut tidied = Vec::with_capacity(given.len());
    for entry in given {
        let completed = match entry.get("completed") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(completed)) => *completed,
            Some(other) => return Err(format!("`checklist`: `completed` is true or false, got {other}.")),
        };
        tidied.push(new_entry(text(entry), completed)?);
    }
    if tidied.len() > MAX_ITEMS {
        return Err(format!("a checklist has at most {MAX_ITEMS} items, got {}.", tidied.len()));
    }
    Ok(tidied.into())
}

fn new_entry(text: &str, completed: bool) -> Result<Value, String> {
    match text.chars().count() {
        0 => Err("a checklist item needs a text.".to_owned()),
        length if length > MAX_TEXT => {
            Err(format!("a checklist item has at most {MAX_TEXT} characters, got {length}."))
        }
        _ => Ok(Value::Object(columns([("item", text.into()), ("completed", completed.into())]))),
    }
}

/// Adds an item, or says why not.
pub fn add(list: &mut Vec<Value>, item: &str) -> Result<(), String> {
    let item = item.trim();
    if let Some(known) = list.iter().find(|entry| same(text(entry), item)) {
        return Err(format!("{:?} is on it already.", text(known)));
    }
    if list.len() >= MAX_ITEMS {
        return Err(format!("{item:?} isn't added: a checklist has at most {MAX_ITEMS} items."));
    }
    list.push(new_entry(item, false)?);
    Ok(())
}

/// Marks the item that these words mean as done, or as open again, and returns its text; or says why not.
pub fn mark(list: &mut [Value], words: &str, done: bool) -> Result<String, String> {
    let index = find(list, words, done)?;
    let item = text(&list[index]).to_owned();
    match &mut list[index] {
        Value::Object(entry) => _ = entry.insert("completed".to_owned(), done.into()),
        entry => *entry = json!({ "item": item, "completed": done }),
    }
    Ok(item)
}

/// The item with this text, or else the only one that has these words, among those that aren't in the wanted state yet.
fn find(list: &[Value], words: &str, done: bool) -> Result<usize, String> {
    let shown = words.trim();
    let wanted = meaning(shown);
    let all = || (0..list.len()).filter(|index| !text(&list[*index]).is_empty());
    let equal: Vec<usize> = all().filter(|index| same(text(&list[*index]), shown)).collect();
    let like = || all().filter(|index| !wanted.is_empty() && holds(text(&list[*index]), &wanted)).collect();
    let meant: Vec<usize> = if equal.is_empty() { like() } else { equal };
    let to_change: Vec<usize> = meant.iter().copied().filter(|index| is_done(&list[*index]) != done).collect();
    let names = |indexes: &[usize]| indexes.iter().map(|index| text(&list[*index])).collect::<Vec<_>>().join(", ");
    match (to_change.as_slice(), meant.as_slice()) {
        ([only], _) => Ok(*only),
        ([first, rest @ ..], _) if rest.iter().all(|other| same(text(&list[*other]), text(&list[*first]))) => {
            Ok(*first)
        }
        ([_, ..], _) => Err(format!("Which item is {shown:?}? It could be: {}.", names(&to_change))),
        ([], []) if all().next().is_none() => Err(format!("There is no item {shown:?}: the checklist is empty.")),
        ([], []) => Err(format!("There is no item {shown:?}. The items are: {}.", names(&all().collect::<Vec<_>>()))),
        ([], _) => Err(format!("{} is {} already.", names(&meant), if done { "done" } else { "open" })),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// The words that say which item is meant.
fn meaning(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !matches!(*word, "the" | "a" | "an" | "my" | "our" | "item")).map(str::to_owned).collect()
}

/// Whether an item has all of these words, in any form that begins alike: "sanding" means "Sand the trim".
fn holds(item: &str, wanted: &[String]) -> bool {
    /// Shorter beginnings are chance.
    const MIN_BEGINNING: usize = 3;
    let words = meaning(item);
    let alike = |a: &str, b: &str| a == b || (a.chars().count() >= MIN_BEGINNING && b.starts_with(a));
    wanted.iter().all(|wanted| words.iter().any(|word| alike(word, wanted) || alike(wanted, word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Vec<Value> {
        entries(&json!([
            { "item": "Sand the trim", "completed": true },
            { "item": "Spray first coat", "completed": false, "by": "Ana" },
            { "item": "Spray second coat" },
            "Clean up",
        ]))
    }

    #[test]
    fn progress_counts_what_is_done() {
        assert_eq!(Progress::of(&list()).shown(), "1 of 4 (25%)");
        assert_eq!(Progress::of(&entries(&Value::Null)).shown(), "0 of 0 (–)");
        assert_eq!(Progress::of(&list()).and(Progress { done: 2, total: 2 }), Progress { done: 3, total: 6 });
    }

    #[test]
    fn an_item_is_meant_by_its_text_or_by_words_that_only_it_has() {
        for (words, item) in [
            ("spray first coat", "Spray first coat"),
            ("second", "Spray second coat"),
            ("the 2nd spraying, second", ""),
            ("cleaning", "Clean up"),
            ("the clean up item", "Clean up"),
        ] {
            assert_eq!(mark(&mut list(), words, true).unwrap_or_default(), item, "{words}");
        }
    }

    #[test]
    fn words_that_mean_several_items_none_or_a_done_one_are_refused() {
        for (words, done, problem) in [
            ("spray", true, "Which item is \"spray\"? It could be: Spray first coat, Spray second coat."),
            ("sanding", true, "Sand the trim is done already."),
            ("second", false, "Spray second coat is open already."),
            ("prime", true, "There is no item \"prime\". The items are: Sand the trim, Spray first coat,"),
            ("the", true, "There is no item \"the\"."),
            (" ", true, "There is no item \"\"."),
            ("up p", true, "There is no item \"up p\"."),
        ] {
            let mut before = list();
            let error = mark(&mut before, words, done).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
            assert_eq!(before, list());
        }
        assert_eq!(mark(&mut [], "sand", true).unwrap_err(), "There is no item \"sand\": the checklist is empty.");
    }

    #[test]
    fn marking_keeps_what_else_an_entry_holds() {
        let mut list = list();
        mark(&mut list, "first", true).unwrap();
        mark(&mut list, "clean", true).unwrap();
        mark(&mut list, "sand", false).unwrap();
        assert_eq!(
            Value::from(list),
            json!([
                { "item": "Sand the trim", "completed": false },
                { "item": "Spray first coat", "completed": true, "by": "Ana" },
                { "item": "Spray second coat" },
                { "item": "Clean up", "completed": true },
            ])
        );
    }

    #[test]
    fn of_equal_items_the_first_open_one_is_meant() {
        let mut list = entries(&json!([{ "item": "Coat", "completed": true }, { "item": "coat" }, { "item": "Coat" }]));
        mark(&mut list, "Coat", true).unwrap();
        assert_eq!(list.iter().map(is_done).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn an_item_is_added_once_and_only_with_a_text() {
        let mut list = list();
        add(&mut list, " Prime ").unwrap();
        assert_eq!(list.last(), Some(&json!({ "item": "Prime", "completed": false })));
        assert_eq!(add(&mut list, "PRIME").unwrap_err(), "\"Prime\" is on it already.");
        assert_eq!(add(&mut list, " ").unwrap_err(), "a checklist item needs a text.");
        assert!(add(&mut list, &"x".repeat(201)).unwrap_err().starts_with("a checklist item has at most 200"));
        let mut full: Vec<Value> = (0..50).map(|number| json!({ "item": number.to_string() })).collect();
        assert!(add(&mut full, "One more").unwrap_err().contains("at most 50 items"));
    }

    #[test]
    fn a_whole_list_is_tidied_or_refused() {
        let tidied = tidy(&json!([{ "item": " Sand " }, "Spray", { "item": "Clean", "completed": true }])).unwrap();
        assert_eq!(
            tidied.to_string(),
            r#"[{"item":"Sand","completed":false},{"item":"Spray","completed":false},{"item":"Clean","completed":true}]"#
        );
        assert_eq!(tidy(&Value::Null).unwrap(), json!([]));
        for (given, problem) in [
            (json!([{ "completed": true }]), "a checklist item needs a text."),
            (json!([{ "item": "A", "completed": "soon" }]), "`checklist`: `completed` is true or false, got \"soon\"."),
            (json!({ "item": "A" }), "`checklist`: expected a list of items."),
            (json!(vec!["A"; 51]), "a checklist has at most 50 items, got 51."),
        ] {
            assert_eq!(tidy(&given).unwrap_err(), problem);
        }
    }
}
