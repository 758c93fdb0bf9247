//! Which appointment people mean: "the estimate", "John Smith's appointment".

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Column, Context, Row, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::appointment::APPOINTMENTS;
use crate::calendar::{Entry, OCCUPYING};
use crate::person;

/// The appointment: its title, the client's name, or its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Name(pub String);

/// Appointments to choose from when a name doesn't say which.
const MAX_CANDIDATES: u32 = 10;

/// Words that say nothing about which one.
const FILLERS: &[&str] = &[
    "a",
    "an",
    "and",
    "appointment",
    "at",
    "for",
    "in",
    "meeting",
    "my",
    "of",
    "on",
    "our",
    "s",
    "the",
    "visit",
    "with",
];

/// Words of a name that are looked for; a name is no story.
const MAX_WORDS: usize = 8;

/// Finds the appointments that people named, one result per name, in order: by words of the title and of the client's
/// name together. What is still to come goes before what is over or cancelled: nobody moves last year's visit.
pub fn find(context: &mut Context<'_>, names: &[Name]) -> Result<Vec<Result<Row, ToolError>>, ToolError> {
    let names: Vec<&str> = names.iter().map(|name| name.0.trim()).collect();
    if names.iter().any(|name| name.is_empty() || name.chars().count() > 200) {
        return Err(ToolError::arguments("`appointment`: expected a title, a client's name or an id."));
    }
    let mut columns = vec!["id"];
    columns.extend(APPOINTMENTS.columns.iter().map(Column::name));
    let today = context.today();
    let query = |name: &&str| {
        let mut query = Query::new("appointments", &columns)
            .matching(Filter::one_of("status", OCCUPYING))
            .matching(Filter::gte("appointment_date", today))
            .ascending("appointment_date")
            .ascending("start_time")
            .limit(MAX_CANDIDATES);
        for word in telling(name) {
            let either = ["title", "client_name"].map(|column| Filter::holds_text(column, &word));
            query = query.matching(either.to_vec());
        }
        query
    };
    let queries: Vec<Query> = names.iter().map(query).collect();
    let mut found = Vec::with_capacity(names.len());
    for (page, name) in context.select_many(&queries).into_iter().zip(&names) {
        found.push(choose(name, page?.rows));
    }
    // Ids, and appointments that are over, are the table's to find.
    let open: Vec<usize> = (0..names.len()).filter(|index| matches!(found[*index], Ok(None))).collect();
    let rest = APPOINTMENTS.find(context, &open.iter().map(|index| names[*index]).collect::<Vec<_>>())?;
    for (index, result) in open.into_iter().zip(rest) {
        found[index] = result.map(Some);
    }
    let nothing = |name: &str| ToolError::Arguments(format!("There is no appointment {name:?}."));
    Ok(found.into_iter().zip(names).map(|(found, name)| found?.ok_or_else(|| nothing(name))).collect())
}

/// The words that say which one; all of them when none does.
fn telling(name: &str) -> Vec<String> {
    let words = person::words(name);
    let telling = |word: &&String| !FILLERS.contains(&word.as_str());
    let only: Vec<String> = words.iter().filter(telling).cloned().collect();
    let mut chosen = if only.is_empty() { words } else { only };
    chosen.truncate(MAX_WORDS);
    chosen
}

/// The one that is meant, if one clearly is; none when no name is like it.
fn choose(name: &str, mut rows: Vec<Row>) -> Result<Option<Row>, ToolError> {
    let wanted = telling(name);
    rows.retain(|row| {
        let words = person::words(&format!("{} {}", row.text("title"), row.text("client_name")));
        !wanted.is_empty() && wanted.iter().all(|word| words.contains(word))
    });
    let same = |row: &&Row| row.text("title").trim().eq_ignore_ascii_case(name);
    if rows.len() > 1 && rows.iter().filter(same).count() == 1 {
        rows.retain(|row| same(&row));
    }
    if rows.len() < 2 {
        return Ok(rows.pop());
    }
    let shown = rows.iter().filter_map(|row| Some(format!("{} (id {})", Entry::of(row)?, row.text("id"))));
    let shown = shown.collect::<Vec<_>>().join("; ");
    Err(ToolError::Arguments(format!("Which appointment is {name:?}? It could be: {shown}. Use the id.")))
}
