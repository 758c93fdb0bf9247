//! `assign_crew` and `unassign_crew`: who is on a project's team.

use canvalo_sdk::data::{Aggregation, Filter};
use canvalo_sdk::{Answer, Change, Context, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, json};

use super::status::Reference;
use crate::crew;
use crate::project::PROJECTS;

/// For the model.
pub const DESCRIPTION_ASSIGN: &str = "Assigns crew members to a project, or to several: puts people on its team and keeps those who are on it.\n\
Examples: \"Assign Luis to the taproom\" \"Put Tanya and Joe on the kitchen job\" \"Add Marcus to the crew of the nursery\"";

/// For the model.
pub const DESCRIPTION_UNASSIGN: &str = "Changes the team of a project, or of several, by taking crew members off. The project stays.\n\
Examples: \"Remove Luis from the taproom crew\" \"Take Joe off the kitchen job\" \"Unassign Tanya from the nursery\"";

/// People named in one call: a crew.
const MAX_PEOPLE: usize = 16;

/// The columns that show what became of a team.
const SHOWN: [&str; 4] = ["project_number", "name", "status", "assigned_team"];

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The names of the crew members, 1 to 16.
    #[schemars(length(min = 1, max = 16))]
    pub assigned_people: Vec<String>,
    /// The projects, 1 to 16: the number of each, what it is called, or its id.
    #[schemars(length(min = 1, max = 16))]
    pub projects: Vec<Reference>,
}

impl Arguments {
    fn checked(self) -> Result<(Vec<String>, Vec<String>), ToolError> {
        let people: Vec<String> = self.assigned_people.iter().map(|person| person.trim().to_owned()).collect();
        if people.is_empty() || people.len() > MAX_PEOPLE || people.iter().any(String::is_empty) {
            return Err(ToolError::arguments(format!("`assigned_people`: name 1 to {MAX_PEOPLE} people.")));
        }
        Ok((people, self.projects.into_iter().map(|Reference(name)| name).collect()))
    }
}

/// Runs `assign_crew`.
pub fn assign(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let (people, projects) = arguments.checked()?;
    let known = known(context, &people)?;
    let people = spelled(&people, &known);
    let answer = PROJECTS.step(context, &projects, "assigned", &SHOWN, |row| {
        if matches!(row.text("status"), "completed" | "cancelled") {
            return Err(format!("it is {}. Reopen it first if there is more to do.", row.text("status")));
        }
        let team = row.words("assigned_team");
        let joined = crew::joined(&team, &people);
        let joined = joined.ok_or_else(|| format!("{} on its team already.", are(&people)))?;
        Ok(change(&team, &joined))
    })?;
    Ok(answer.title(format!("Assigned {}", people.join(", "))))
}

/// Runs `unassign_crew`.
pub fn unassign(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let (people, projects) = arguments.checked()?;
    let known = known(context, &people)?;
    let people = spelled(&people, &known);
    let answer = PROJECTS.step(context, &projects, "taken off", &SHOWN, |row| {
        let team = row.words("assigned_team");
        let on_it = || if team.is_empty() { "nobody".to_owned() } else { team.join(", ") };
        let left = crew::without(&team, &people)
            .map_err(|stranger| format!("{stranger} is not on its team. On it: {}.", on_it()))?;
        Ok(change(&team, &left))
    })?;
    Ok(answer.title(format!("Took {} off", people.join(", "))))
}

fn change(before: &[&str], after: &[String]) -> Change {
    Change {
        values: Map::from_iter([("assigned_team".to_owned(), json!(after))]),
        given: vec![Filter::contains("assigned_team", before)],
    }
}

fn are(people: &[&str]) -> String {
    let verb = if people.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", people.join(", "))
}

fn spelled<'a>(people: &'a [String], known: &'a [String]) -> Vec<&'a str> {
    let [people, known] = [people, known].map(|names| names.iter().map(String::as_str).collect::<Vec<_>>());
    crew::spelled(&people, &known)
}

/// How people who were on a team before are spelled.
fn known(context: &mut Context<'_>, people: &[String]) -> Result<Vec<String>, ToolError> {
    let named: Vec<Filter> = people.iter().map(|person| Filter::ilike("member", person)).collect();
    let members =
        context.aggregate(&Aggregation::new("project_crew").matching(named).by("member").count("projects"))?;
    Ok(members.iter().map(|row| row.text("member").to_owned()).collect())
}
