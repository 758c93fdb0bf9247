//! The user's rows, before and after.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use canvalo_tests::World;
use chrono::{DateTime, Offset, TimeZone, Utc};
use futures::future::join_all;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{ZONE, now};

/// When the rows were made, unless they say so themselves.
const CREATED: &str = "2026-01-02T09:00:00-06:00";

/// Columns that are different in every run, or nothing of the user's.
const VOLATILE: [&str; 4] = ["id", "user_id", "created_at", "updated_at"];

/// The columns that people call a row by, the best first.
const LABELS: [&str; 6] = ["invoice_number", "proposal_number", "title", "name", "client_name", "project_name"];

type Row = Map<String, Value>;
type ByTable<T> = BTreeMap<String, Vec<T>>;

/// The ids of a scenario, and the texts that stand for what is different in every run.
pub(super) struct Ids {
    user: Uuid,
    names: BTreeMap<String, Uuid>,
    times: Vec<String>,
}

impl Ids {
    /// The names that rows gave.
    pub(super) fn of(rows: &ByTable<Row>, user: Uuid) -> Result<Self, String> {
        let mut names = BTreeMap::new();
        for (number, row) in rows.values().flatten().enumerate() {
            let Some(id) = row.get("id") else { continue };
            let name = id.as_str().filter(|name| name.starts_with('@')).ok_or(format!("id: {id} must start with @"))?;
            if names.insert(name.to_owned(), nth(user, number)).is_some() {
                return Err(format!("id: {name} is there twice"));
            }
        }
        Ok(Self { user, names, times: Vec::new() })
    }

    /// Puts ids in the place of names, however deep.
    pub(super) fn resolve(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(id) = self.names.get(text.as_str()) {
                    *text = id.to_string();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.resolve(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.resolve(value)),
            _ => {}
        }
    }

    /// With the times at which rows were written.
    pub(super) fn with_times(mut self, rows: &Rows) -> Self {
        for row in rows.0.values().flatten() {
            for time in ["created_at", "updated_at"].iter().filter_map(|column| row.get(*column)?.as_str()) {
                let instant: DateTime<Utc> = time.parse().expect("a time");
                if instant != created() {
                    self.times.push(time.to_owned());
                    // Agents show it by the offset of the question's time, which may not be the one it had.
                    for zone in [ZONE.from_utc_datetime(&instant.naive_utc()).offset().fix(), *now().offset()] {
                        self.times.push(instant.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string());
                    }
                }
            }
        }
        self
    }

    /// A text with names in the place of ids, and without what is different in every run.
    pub(super) fn redacted(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let id = rest.get(..36).and_then(|id| Uuid::try_parse(id).ok());
            let (shown, length) = match id {
                Some(id) if id == self.user => (rest[..36].to_owned(), 36),
                Some(id) => {
                    let name = self.names.iter().find(|(_, known)| **known == id).map(|(name, _)| name.clone());
                    (name.unwrap_or_else(|| "[id]".to_owned()), 36)
                }
                None => (first.to_string(), first.len_utf8()),
            };
            redacted.push_str(&shown);
            rest = &rest[length..];
        }
        self.times.iter().fold(redacted, |text, time| text.replace(time, "[now]"))
    }
}

/// The id of a row: different for each user, and in the order of the file, so that rows that are equal otherwise stay in
/// it.
fn nth(user: Uuid, number: usize) -> Uuid {
    let (_, second, third, rest) = user.as_fields();
    Uuid::from_fields(u32::try_from(number).expect("few rows"), second, third, rest)
}

fn created() -> DateTime<Utc> {
    CREATED.parse().expect("a time")
}

/// All rows of a user.
pub(super) struct Rows(ByTable<Row>);

impl Rows {
    /// Makes the rows of a scenario. Also says which columns have the day of the test.
    pub(super) async fn seed(world: &World, user: Uuid, rows: &ByTable<Row>, ids: &Ids) -> (Self, Vec<String>) {
        let flat = rows.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)));
        let mut numbered: Vec<_> = flat.enumerate().collect();
        // Other tables refer to these.
        numbered.sort_by_key(|(_, (table, _))| match table.as_str() {
            "contacts" => 0,
            "projects" => 1,
            "proposals" => 2,
            _ => 3,
        });
        let mut seeded = ByTable::new();
        let mut problems = Vec::new();
        for (number, (table, row)) in numbered {
            let mut given = row.clone();
            given.insert("id".to_owned(), nth(user, number).to_string().into());
            for column in ["created_at", "updated_at"] {
                given.entry(column).or_insert_with(|| CREATED.into());
            }
            let mut given = Value::Object(given);
            ids.resolve(&mut given);
            let inserted = world.insert(user, table, given.clone()).await.swap_remove(0);
            let Value::Object(inserted) = inserted else { panic!("a row is an object") };
            let today = Value::from(Utc::now().date_naive().to_string());
            let moving = inserted.iter().filter(|(column, value)| **value == today && given.get(column).is_none());
            problems.extend(moving.map(|(column, _)| format!("  {table}: `{column}` is today's date, so give one")));
            seeded.entry(table.clone()).or_insert_with(Vec::new).push(inserted);
        }
        (Self(seeded), problems)
    }

    /// Reads them all.
    pub(super) async fn of(world: &World, user: Uuid) -> Self {
        let rows = tables().iter().map(|table| async move {
            let rows = world.select(user, table, "select=*&order=id").await;
            let rows = rows.into_iter().map(|row| match row {
                Value::Object(row) => row,
                other => panic!("not a row: {other}"),
            });
            (table.clone(), rows.collect())
        });
        Self(join_all(rows).await.into_iter().collect())
    }

    /// What became of them, a line for each row that came or went and for each column.
    pub(super) fn changes(&self, after: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (table, row) in self.rows() {
            let Some(new) = after.find(table, row) else {
                changes.push(format!("- {table} {}", label(row)));
                continue;
            };
            let columns = row.iter().filter(|(column, _)| !VOLATILE.contains(&column.as_str()));
            for (column, old) in columns {
                let new = new.get(column).unwrap_or(&Value::Null);
                if old != new {
                    changes.push(format!("{table} {}: {column} {} -> {}", label(row), plain(old), plain(new)));
                }
            }
        }
        changes.extend(self.added(after).iter().map(|(table, row)| format!("+ {table} {}", label(row))));
        changes
    }

    /// Those that are new after it, as [`Rows::added`] has them; by table, name and what else is the same in every run.
    /// Rows of one insert have the same time and ids by chance, so the database has no order for them.
    pub(super) fn added_in_order(&self, after: &Self, ids: &Ids) -> Vec<(String, Row)> {
        let mut added = self.added(after);
        added.sort_by_cached_key(|(table, row)| {
            (table.clone(), label(row), ids.redacted(&Value::Object(row.clone()).to_string()))
        });
        added
    }

    /// Those that are new after it, without what is empty or different in every run.
    fn added(&self, after: &Self) -> Vec<(String, Row)> {
        let added = after.rows().filter(|(table, row)| self.find(table, row).is_none());
        let mut added: Vec<(String, Row)> = added.map(|(table, row)| (table.clone(), row.clone())).collect();
        for (_, row) in &mut added {
            row.retain(|column, value| {
                let is_empty = match &*value {
                    Value::Null => true,
                    Value::Array(values) => values.is_empty(),
                    Value::Object(members) => members.is_empty(),
                    _ => false,
                };
                !is_empty && !VOLATILE.contains(&column.as_str())
            });
        }
        added
    }

    fn rows(&self) -> impl Iterator<Item = (&String, &Row)> {
        self.0.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)))
    }

    fn find(&self, table: &str, row: &Row) -> Option<&Row> {
        self.0.get(table)?.iter().find(|other| other.get("id") == row.get("id"))
    }
}

fn label(row: &Row) -> String {
    let labels = LABELS.iter().filter_map(|column| row.get(*column)?.as_str()).filter(|label| !label.is_empty());
    labels.map(str::to_owned).next().unwrap_or_else(|| "without a name".to_owned())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The tables there are, from the migrations.
fn tables() -> &'static [String] {
    static TABLES: OnceLock<Vec<String>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../supabase/migrations");
        let mut tables: Vec<String> = Vec::new();
        for file in std::fs::read_dir(migrations).expect("the migrations") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
            let created = text.lines().filter_map(|line| line.strip_prefix("create table api."));
            let names = created.filter_map(|line| line.split_whitespace().next());
            // The conversation itself is kept as well; a scenario is about what an agent does.
            tables.extend(names.filter(|table| !table.starts_with("agent_")).map(str::to_owned));
        }
        assert!(tables.iter().any(|table| table == "invoices"), "{tables:?}");
        tables.sort();
        tables
    })
}
