//! Rows that name a row of another table: `client_name` and `client_id`.

use serde_json::{Map, Value};

use crate::data::{DataError, Filter, Query};
use crate::events::Level;
use crate::{Context, Row, ToolError};

/// A pair of columns that refers to another table. When a row is written with the name alone, the id is looked up, and
/// the name takes the other table's spelling. A name nobody has stays as it is: not everybody is a contact.
///
/// Needs a grant to read `id` and the label of the other table; without it the name stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The column with the id: `client_id`.
    pub id: &'static str,
    /// The column with the name: `client_name`.
    pub name: &'static str,
    /// The other table: `contacts`.
    pub table: &'static str,
    /// One of its rows: `contact`.
    pub singular: &'static str,
    /// Its column with the name: `name`.
    pub label: &'static str,
}

/// Rows to choose from when a name doesn't say which.
const MAX_CANDIDATES: u32 = 10;

impl Link {
    /// `client_id` and `client_name`, to contacts.
    pub const CLIENT: Self =
        Self { id: "client_id", name: "client_name", table: "contacts", singular: "contact", label: "name" };

    /// `project_id` and `project_name`, to projects.
    pub const PROJECT: Self =
        Self { id: "project_id", name: "project_name", table: "projects", singular: "project", label: "name" };

    /// Completes this link of rows that are about to be written, as the table's own tools do.
    pub fn complete(&self, context: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
        complete(std::slice::from_ref(self), context, rows)
    }

    fn query(&self, pattern: &str) -> Query {
        let query =
            Query::new(self.table, &["id", self.label]).limit(MAX_CANDIDATES).ascending(self.label).ascending("id");
        query.matching(Filter::ilike(self.label, pattern))
    }

    /// The other table's row that is meant, if one clearly is; none when no name is like it.
    fn choose(&self, name: &str, mut rows: Vec<Row>) -> Result<Option<Row>, ToolError> {
        rows.retain(|row| holds_words(row.text(self.label), name));
        match rows.as_slice() {
            [] => Ok(None),
            [_] => Ok(rows.pop()),
            _ => {
                let (singular, id) = (self.singular, self.id);
                let names = rows.iter().map(|row| format!("{} (id {})", row.text(self.label), row.text("id")));
                let names = names.collect::<Vec<_>>().join(", ");
                Err(ToolError::Arguments(format!(
                    "Which {singular} is {name:?}? It could be: {names}. Use `{id}`, or the whole name."
                )))
            }
        }
    }
}

/// Whether a name has these words in this order: `John Smith` has `john` and `Johnson Paints` has not.
fn holds_words(label: &str, words: &str) -> bool {
    let (label, words) = (label.to_lowercase(), words.to_lowercase());
    label.match_indices(&words).any(|(at, found)| {
        !label[..at].ends_with(char::is_alphanumeric) && !label[at + found.len()..].starts_with(char::is_alphanumeric)
    })
}

/// Completes the links of rows being written. One round of reads, and a second for names that are only part of one.
pub(super) fn complete(
    links: &[Link],
    context: &mut Context<'_>,
    rows: &mut [Map<String, Value>],
) -> Result<(), ToolError> {
    for link in links {
        let named = |row: &Map<String, Value>| {
            let name = row.get(link.name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
            Some(name).filter(|name| !name.is_empty() && row.get(link.id).is_none_or(Value::is_null))
        };
        let mut names: Vec<String> = rows.iter().filter_map(named).collect();
        names.sort();
        names.dedup();
        let Some(found) = look_up(link, context, &names)? else { continue };
        for row in rows.iter_mut() {
            let Some(name) = named(row) else { continue };
            let match_ = names.binary_search(&name).ok().and_then(|index| found[index].as_ref());
            if let Some(match_) = match_ {
                row.insert(link.id.to_owned(), match_.get("id").clone());
                row.insert(link.name.to_owned(), match_.get(link.label).clone());
            } else if row.contains_key(link.id) {
                row.insert(link.id.to_owned(), Value::Null);
            }
        }
    }
    Ok(())
}

/// Each name's row; none at all when the other table may not be read.
fn look_up(link: &Link, context: &mut Context<'_>, names: &[String]) -> Result<Option<Vec<Option<Row>>>, ToolError> {
    let mut found = vec![None; names.len()];
    for partial in [false, true] {
        let open: Vec<usize> = (0..names.len()).filter(|index| found[*index].is_none()).collect();
        let pattern = |name: &String| if partial { format!("*{name}*") } else { name.clone() };
        let queries: Vec<Query> = open.iter().map(|index| link.query(&pattern(&names[*index]))).collect();
        for (index, page) in open.into_iter().zip(context.select_many(&queries)) {
            match page {
                Ok(page) => found[index] = link.choose(&names[index], page.rows)?,
                Err(DataError::Denied(grant)) => {
                    context.log(Level::Info, &format!("{} stays unlinked: {grant}", link.name));
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{self, FakeHost};

    fn link(host: &mut FakeHost, rows: Value) -> Result<Value, String> {
        let turn = testing::turn("A question");
        let mut context = Context::new(host, &turn).unwrap();
        let mut rows: Vec<Map<String, Value>> =
            rows.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone()).collect();
        complete(&[Link::CLIENT], &mut context, &mut rows).map_err(|error| error.message())?;
        Ok(rows.into())
    }

    fn contacts() -> FakeHost {
        let names = ["John Smith", "Johnson Paints", "Maria Lopez", "Ana Lopez", "maria lopez jr."];
        let id = |number: usize| format!("{number:08}-0000-4000-8000-000000000000");
        let rows = names.iter().enumerate().map(|(number, name)| json!({ "id": id(number), "name": name }));
        FakeHost::new().with_table("contacts", rows)
    }

    #[test]
    fn a_name_or_whole_words_of_one_lead_to_the_row_and_its_spelling() {
        let john = json!({ "client_name": "John Smith", "client_id": "00000000-0000-4000-8000-000000000000" });
        for name in ["John Smith", "john smith", "John", "smith"] {
            assert_eq!(link(&mut contacts(), json!([{ "client_name": name }])).unwrap(), json!([john]), "{name}");
        }
        let maria = link(&mut contacts(), json!([{ "client_name": "maria lopez" }])).unwrap();
        assert_eq!(maria[0]["client_name"], "Maria Lopez", "the equal name wins over the longer one");
    }

    #[test]
    fn a_name_nobody_has_stays_and_an_id_that_is_given_is_not_looked_up() {
        let rows = json!([{ "client_name": "Johns" }, { "client_name": "X", "client_id": "id" }, { "title": "t" }]);
        let mut host = contacts();
        assert_eq!(link(&mut host, rows.clone()).unwrap(), rows);
        assert_eq!(host.calls.len(), 2, "one name, looked up as it is and as a part");
    }

    #[test]
    fn a_name_that_several_have_is_asked_about() {
        let error = link(&mut contacts(), json!([{ "client_name": "Lopez" }])).unwrap_err();
        assert!(error.starts_with("Which contact is \"Lopez\"? It could be: Ana Lopez (id 00000003-"), "{error}");
    }

    #[test]
    fn a_tool_completes_the_link_of_a_row_it_writes_itself() {
        let (mut host, turn) = (contacts(), testing::turn("A question"));
        let mut context = Context::new(&mut host, &turn).unwrap();
        let mut rows = [json!({ "client_name": "ana lopez" }).as_object().unwrap().clone()];
        Link::CLIENT.complete(&mut context, &mut rows).unwrap();
        assert_eq!(rows[0]["client_name"], "Ana Lopez");
        assert_eq!(rows[0]["client_id"], "00000003-0000-4000-8000-000000000000");
    }

    #[test]
    fn without_a_grant_the_name_stays_as_it_is() {
        let mut host = contacts().with_manifest("[tables.appointments]\n");
        let rows = json!([{ "client_name": "John" }]);
        assert_eq!(link(&mut host, rows.clone()).unwrap(), rows);
    }
}
