//! A step that rows take because people name them: each row on its own, and the answer says for each what happened.

use serde_json::{Map, Value, json};

use super::{MAX_ROWS_WRITTEN, Table, display, write};
use crate::data::{DataError, Filter, Modification};
use crate::{Answer, Context, Row, ToolError};

/// What a step changes about a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// The columns with their new values, at least one.
    pub values: Map<String, Value>,
    /// What must still hold of the row when it is written, so that two steps at the same time don't both happen.
    pub given: Vec<Filter>,
}

impl Table {
    /// Takes 1 to 16 rows that people named through a step. `decide` says what it changes about a row, or why the row
    /// can't take it; one that can't doesn't keep the others from it. `done` is what happened then, `completed` or
    /// `marked as sent`, and `shown` the columns that tell how the row is now. Fails when no row took the step.
    pub fn step(
        &'static self,
        context: &mut Context<'_>,
        names: &[String],
        done: &str,
        shown: &[&'static str],
        mut decide: impl FnMut(&Row) -> Result<Change, String>,
    ) -> Result<Answer, ToolError> {
        let count = names.len();
        if count == 0 || count > MAX_ROWS_WRITTEN {
            let table = self.name;
            return Err(ToolError::Arguments(format!(
                "`{table}`: from 1 to {MAX_ROWS_WRITTEN} at a time, got {count}."
            )));
        }
        let named: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let rows = self.find(context, &named)?;
        write::refuse_twice(self, &rows)?;

        let columns = self.all_columns();
        let mut modifications = Vec::with_capacity(count);
        let mut results: Vec<Result<Row, ToolError>> = Vec::with_capacity(count);
        for row in rows {
            let decided = row.and_then(|row| match decide(&row) {
                Ok(change) => {
                    let step = Modification::by_id(self.name, row.text("id"), &change.values, &columns);
                    modifications.push(change.given.into_iter().fold(step, Modification::matching));
                    Ok(row)
                }
                Err(why) => Err(ToolError::refused(format!("{}: {why}", self.name_of(&row)))),
            });
            results.push(decided);
        }
        let mut changed = context.update_many(&modifications).into_iter();
        for result in &mut results {
            let Ok(row) = &*result else { continue };
            let name = self.name_of(row).to_owned();
            *result = match changed.next() {
                Some(Ok(mut rows)) if !rows.is_empty() => Ok(rows.swap_remove(0)),
                Some(Err(error)) if error != DataError::NotFound => Err(error.into()),
                _ => Err(ToolError::refused(format!(
                    "{name}: it changed in the meantime, nothing was done. Look at it again first."
                ))),
            };
        }
        self.stepped(context, &named, results, done, shown)
    }

    fn stepped(
        &self,
        context: &Context<'_>,
        names: &[&str],
        results: Vec<Result<Row, ToolError>>,
        done: &str,
        shown: &[&'static str],
    ) -> Result<Answer, ToolError> {
        let zone = context.zone();
        let (count, taken) = (results.len(), results.iter().flatten().count());
        let title = match results.iter().flatten().next() {
            Some(row) if count == 1 => title(done, self.name_of(row)),
            Some(_) => title(done, &format!("{taken} of {count} {}", self.name)),
            None => {
                // One reason is enough when there is nothing but failures; the first is what the model should correct.
                let first = results.into_iter().find_map(Result::err);
                return Err(first.unwrap_or_else(|| ToolError::refused("Nothing was changed.")));
            }
        };
        let rows = results.iter().zip(names).map(|(result, name)| match result {
            Ok(row) => {
                let mut columns = display::columns(self, row, shown, zone);
                if count > 1 {
                    columns.insert("result".to_owned(), done.into());
                }
                columns
            }
            Err(error) => {
                let result = format!("not {done}: {}", error.message());
                [(self.label.to_owned(), json!(name)), ("result".to_owned(), result.into())].into_iter().collect()
            }
        });
        Ok(Answer::new().title(title).rows(rows.collect()))
    }
}

/// "Marked Kitchen as sent": what the step was taken with comes after the first word.
fn title(done: &str, what: &str) -> String {
    let (verb, rest) = done.split_once(' ').unwrap_or((done, ""));
    format!("{} {what} {rest}", super::capitalised(verb)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;
    use crate::testing::{self, FakeHost};

    static DOORS: Table = Table {
        name: "doors",
        singular: "door",
        label: "name",
        columns: &[Column::text("name"), Column::text("state")],
        ..Table::EMPTY
    };

    fn close(host: &mut FakeHost, names: &[&str]) -> Result<Value, String> {
        let turn = testing::turn("A question");
        let mut context = Context::new(host, &turn).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let answer = DOORS.step(&mut context, &names, "closed", &["name", "state"], |row| match row.text("state") {
            "open" => Ok(Change {
                values: Map::from_iter([("state".to_owned(), "shut".into())]),
                given: vec![Filter::eq("state", "open")],
            }),
            state => Err(format!("it is {state} already.")),
        });
        answer.map(|answer| serde_json::to_value(answer).unwrap()).map_err(|error| error.message())
    }

    fn host() -> FakeHost {
        let door = |name: &str, state: &str| json!({ "name": name, "state": state });
        FakeHost::new().with_table("doors", [door("Front", "open"), door("Back", "open"), door("Cellar", "shut")])
    }

    #[test]
    fn each_row_takes_the_step_or_says_why_not() {
        let mut host = host();
        let answer = close(&mut host, &["front", "Cellar", "Attic", "Back"]).unwrap();
        assert_eq!(answer["title"], "Closed 2 of 4 doors");
        let results: Vec<_> = answer["rows"].as_array().unwrap().iter().map(|row| row["result"].clone()).collect();
        let already = "not closed: Cellar: it is shut already.";
        assert_eq!(results, ["closed", already, "not closed: There is no door \"Attic\".", "closed"]);
        assert!(host.store.rows("doors").iter().all(|row| row.text("state") == "shut"));
    }

    #[test]
    fn one_row_is_the_answer_and_a_step_nobody_took_is_an_error() {
        let mut host = host();
        let answer = close(&mut host, &["Front"]).unwrap();
        assert_eq!(answer["title"], "Closed Front");
        assert_eq!(answer["rows"][0]["state"], "shut");
        assert_eq!(close(&mut host, &["Front", "Cellar"]).unwrap_err(), "Front: it is shut already.");
        assert_eq!(close(&mut host, &[]).unwrap_err(), "`doors`: from 1 to 16 at a time, got 0.");
        assert!(close(&mut host, &["Back", "back"]).unwrap_err().contains("named more than once"));
    }

    #[test]
    fn a_title_says_what_happened_to_what() {
        assert_eq!(title("closed", "Front"), "Closed Front");
        assert_eq!(title("marked as shut", "2 of 4 doors"), "Marked 2 of 4 doors as shut");
    }

    #[test]
    fn a_row_that_changed_since_it_was_read_is_left_alone() {
        let mut host = host().data_fails("update", DataError::NotFound);
        assert!(close(&mut host, &["Front"]).unwrap_err().starts_with("Front: it changed in the meantime"));
    }
}
