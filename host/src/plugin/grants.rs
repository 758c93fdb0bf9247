//! What a plugin may do: what its manifest requests and what the operator granted, both. Nothing is allowed that is not
//! in both, and a denial names the line that is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::manifest::Manifest;
use crate::capability::data::{Identifier, postgrest};
use crate::hex::hex;

/// In a grant: every column the manifest requests. A manifest itself must name its columns.
const EVERYTHING: &str = "*";

/// Columns that are the database's to set; no plugin can request to write them.
const SET_BY_DATABASE: [&str; 4] = ["id", "user_id", "created_at", "updated_at"];

/// Rows one read may return when the manifest says nothing.
const DEFAULT_MAX_ROWS: u32 = 100;

/// Rows one write may touch when the manifest says nothing.
const DEFAULT_MAX_AFFECTED: u32 = 1;

/// What a manifest requests, or an operator grants.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Permissions {
    /// Whether it may call the model.
    pub llm: bool,
    /// What it may do with each table or view.
    pub tables: BTreeMap<String, TablePermissions>,
}

/// What may be done with one table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TablePermissions {
    /// Columns that may be read, filtered and sorted by.
    #[serde(default)]
    pub select: BTreeSet<String>,
    /// Columns that new rows may set.
    #[serde(default)]
    pub insert: BTreeSet<String>,
    /// Columns that may be changed.
    #[serde(default)]
    pub update: BTreeSet<String>,
    /// Whether rows may be removed, each time with the user's approval.
    #[serde(default)]
    pub delete: bool,
    /// Rows that one read may return.
    #[serde(default)]
    pub max_rows: Option<u32>,
    /// Rows that one write may touch.
    #[serde(default)]
    pub max_affected: Option<u32>,
}

/// Checks the names in a manifest or a grant.
pub(super) fn check(tables: &BTreeMap<String, TablePermissions>, is_grant: bool) -> Result<(), String> {
    for (table, permissions) in tables {
        Identifier::new(table.as_str()).map_err(|error| format!("[tables.{table}]: {error}"))?;
        let verbs = [
            (Verb::Select, &permissions.select),
            (Verb::Insert, &permissions.insert),
            (Verb::Update, &permissions.update),
        ];
        for (verb, columns) in verbs {
            for column in columns {
                if column == EVERYTHING && is_grant {
                    continue;
                }
                if column == EVERYTHING {
                    return Err(format!("[tables.{table}] {verb}: name the columns, \"*\" is for grants"));
                }
                Identifier::new(column.as_str()).map_err(|error| format!("[tables.{table}] {verb}: {error}"))?;
                if verb != Verb::Select && SET_BY_DATABASE.contains(&column.as_str()) {
                    return Err(format!("[tables.{table}] {verb}: {column:?} is set by the database"));
                }
            }
        }
    }
    Ok(())
}

/// What the operator granted each plugin: `grants.toml`, a table per plugin name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Grants(BTreeMap<String, Grant>);

/// What the operator granted one plugin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    /// The SHA-256 of the only file this grant is for, in hex. Without it the grant is for whatever has the name.
    sha256: Option<String>,
    #[serde(default)]
    llm: bool,
    #[serde(default)]
    tables: BTreeMap<String, TablePermissions>,
}

/// Why grants can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GrantsError {
    /// The file can't be read.
    #[error("can't read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The file doesn't parse or breaks a rule.
    #[error("{path}: {cause}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The plugin's bytes are not the ones the grant was given to.
    #[error("plugin {plugin:?} has the SHA-256 {actual}, and its grant is pinned to {pinned}")]
    WrongDigest {
        /// The plugin.
        plugin: String,
        /// Of the file.
        actual: String,
        /// In the grant.
        pinned: String,
    },
}

impl Grants {
    /// Reads `grants.toml`. No file means that nothing is granted.
    pub fn read(path: &Path) -> Result<Self, GrantsError> {
        let shown = || path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|cause| GrantsError::Invalid { path: shown(), cause }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(cause) => Err(GrantsError::Unreadable { path: shown(), cause }),
        }
    }

    /// Reads the text of a `grants.toml`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let grants: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for (plugin, grant) in &grants.0 {
            check(&grant.tables, true).map_err(|error| format!("[{plugin}] {error}"))?;
        }
        Ok(grants)
    }

    /// What a plugin may do, given its manifest and its bytes.
    pub fn capabilities(&self, manifest: &Manifest, wasm: &[u8]) -> Result<Capabilities, GrantsError> {
        let grant = self.0.get(&manifest.name).cloned().unwrap_or_default();
        if let Some(pinned) = grant.sha256 {
            let actual = hex(&Sha256::digest(wasm));
            if !actual.eq_ignore_ascii_case(&pinned) {
                return Err(GrantsError::WrongDigest { plugin: manifest.name.clone(), actual, pinned });
            }
        }
        Ok(Capabilities {
            plugin: manifest.name.clone(),
            requested: manifest.requests.clone(),
            granted: Permissions { llm: grant.llm, tables: grant.tables },
        })
    }
}

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Read, filter, sort, aggregate.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
    Delete,
}

impl Verb {
    /// As manifests and grants spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The decision about every call of one plugin.
#[derive(Debug, Clone)]
pub struct Capabilities {
    plugin: String,
    requested: Permissions,
    granted: Permissions,
}

/// A call that is not allowed, and the line that would allow it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denial {
    message: String,
    /// What was reached for; none of it for the model.
    pub(super) table: Option<Identifier>,
    pub(super) verb: Option<Verb>,
    pub(super) column: Option<Identifier>,
}

impl Capabilities {
    /// What the manifest asks for.
    pub fn requested(&self) -> &Permissions {
        &self.requested
    }

    /// What `grants.toml` says.
    pub fn granted(&self) -> &Permissions {
        &self.granted
    }

    /// What the plugin may do: what is in both.
    pub fn effective(&self) -> Permissions {
        let table = |name: &String, requested: &TablePermissions| {
            let table = Identifier::new(name.as_str()).ok()?;
            let allowed = |verb: Verb, columns: &BTreeSet<String>| {
                let is_allowed = |column: &&String| {
                    Identifier::new(column.as_str()).is_ok_and(|column| self.columns(&table, verb, [&column]).is_ok())
                };
                columns.iter().filter(is_allowed).cloned().collect()
            };
            Some(TablePermissions {
                select: allowed(Verb::Select, &requested.select),
                insert: allowed(Verb::Insert, &requested.insert),
                update: allowed(Verb::Update, &requested.update),
                delete: self.delete(&table).is_ok(),
                max_rows: Some(self.max_rows(&table)),
                max_affected: Some(self.max_affected(&table)),
            })
        };
        let tables = self.requested.tables.iter().filter(|(name, _)| self.granted.tables.contains_key(*name));
        Permissions {
            llm: self.llm().is_ok(),
            tables: tables.filter_map(|(name, requested)| Some((name.clone(), table(name, requested)?))).collect(),
        }
    }

    /// Whether the plugin may call the model.
    pub fn llm(&self) -> Result<(), Denial> {
        if !self.requested.llm {
            return Err(Denial::of_model(format!(
                "plugin {:?} has no model calls: add `llm = true` to its plugin.toml and to [{0}] in grants.toml",
                self.plugin
            )));
        }
        if !self.granted.llm {
            return Err(Denial::of_model(format!(
                "plugin {:?} was not granted model calls: add `llm = true` to [{0}] in grants.toml",
                self.plugin
            )));
        }
        Ok(())
    }

    /// Whether the plugin may use these columns of a table in this way.
    pub fn columns<'a>(
        &self,
        table: &Identifier,
        verb: Verb,
        columns: impl IntoIterator<Item = &'a Identifier>,
    ) -> Result<(), Denial> {
        let (requested, granted) = (self.requested.tables.get(table.as_str()), self.granted.tables.get(table.as_str()));
        for column in columns {
            let named = |permissions: Option<&TablePermissions>, wildcard: bool| {
                permissions.and_then(|permissions| permissions.columns(verb)).is_some_and(|columns| {
                    columns.contains(column.as_str()) || (wildcard && columns.contains(EVERYTHING))
                })
            };
            let denial = |manifest| {
                let line = format!("add {:?} to `{verb}`", column.as_str());
                self.denial(table, verb, Some(column), &line, manifest)
            };
            if !named(requested, false) {
                return Err(denial(true));
            }
            if !named(granted, true) {
                return Err(denial(false));
            }
        }
        Ok(())
    }

    /// Whether the plugin may remove rows of a table.
    pub fn delete(&self, table: &Identifier) -> Result<(), Denial> {
        let allowed =
            |permissions: &Permissions| permissions.tables.get(table.as_str()).is_some_and(|table| table.delete);
        if !allowed(&self.requested) {
            return Err(self.denial(table, Verb::Delete, None, "add `delete = true`", true));
        }
        if !allowed(&self.granted) {
            return Err(self.denial(table, Verb::Delete, None, "add `delete = true`", false));
        }
        Ok(())
    }

    /// The columns that new rows of a table may set.
    pub fn insertable(&self, table: &Identifier) -> Vec<Identifier> {
        let Some(requested) = self.requested.tables.get(table.as_str()) else { return Vec::new() };
        requested
            .insert
            .iter()
            .filter_map(|column| Identifier::new(column.as_str()).ok())
            .filter(|column| self.columns(table, Verb::Insert, [column]).is_ok())
            .collect()
    }

    /// Rows that one read of a table may return.
    pub fn max_rows(&self, table: &Identifier) -> u32 {
        self.limit(table, |permissions| permissions.max_rows, DEFAULT_MAX_ROWS)
    }

    /// Rows that one write to a table may touch.
    pub fn max_affected(&self, table: &Identifier) -> u32 {
        self.limit(table, |permissions| permissions.max_affected, DEFAULT_MAX_AFFECTED)
    }

    fn limit(&self, table: &Identifier, of: impl Fn(&TablePermissions) -> Option<u32>, default: u32) -> u32 {
        let requested = self.requested.tables.get(table.as_str()).and_then(&of).unwrap_or(default);
        let granted = self.granted.tables.get(table.as_str()).and_then(&of).unwrap_or(requested);
        // One row above a limit is asked for to see whether there are more.
        requested.min(granted).clamp(1, postgrest::MAX_ROWS - 1)
    }

    fn denial(
        &self,
        table: &Identifier,
        verb: Verb,
        column: Option<&Identifier>,
        line: &str,
        manifest: bool,
    ) -> Denial {
        let plugin = &self.plugin;
        let what = match column {
            Some(column) => format!("{verb} column {:?} of table {:?}", column.as_str(), table.as_str()),
            None => format!("{verb} rows of table {:?}", table.as_str()),
        };
        let message = if manifest {
            format!(
                "plugin {plugin:?} may not {what}: {line} under [tables.{table}] in its plugin.toml, and grant it under \
                 [{plugin}.tables.{table}] in grants.toml"
            )
        } else {
            format!(
                "plugin {plugin:?} was not granted to {what}: {line} under [{plugin}.tables.{table}] in grants.toml"
            )
        };
        Denial { message, table: Some(table.clone()), verb: Some(verb), column: column.cloned() }
    }
}

impl Denial {
    fn of_model(message: String) -> Self {
        Self { message, table: None, verb: None, column: None }
    }
}

impl TablePermissions {
    fn columns(&self, verb: Verb) -> Option<&BTreeSet<String>> {
        match verb {
            Verb::Select => Some(&self.select),
            Verb::Insert => Some(&self.insert),
            Verb::Update => Some(&self.update),
            Verb::Delete => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        name = "invoices"
        version = "0.1.0"
        description = "Invoices."
        llm = true
        [tables.invoices]
        select = ["id", "status", "notes"]
        insert = ["status"]
        update = ["status"]
        delete = true
        max_rows = 200
        max_affected = 25
    "#;

    fn capabilities(grants: &str) -> Capabilities {
        Grants::parse(grants).unwrap().capabilities(&Manifest::parse(MANIFEST).unwrap(), b"bytes").unwrap()
    }

    fn name(text: &str) -> Identifier {
        Identifier::new(text).unwrap()
    }

    #[test]
    fn without_a_grant_everything_is_denied() {
        let none = capabilities("");
        assert!(none.llm().is_err());
        assert!(none.delete(&name("invoices")).is_err());
        assert!(none.columns(&name("invoices"), Verb::Select, [&name("id")]).is_err());
        assert!(none.insertable(&name("invoices")).is_empty());
    }

    #[test]
    fn a_column_must_be_both_requested_and_granted_and_the_denial_says_which_is_missing() {
        let some = capabilities("[invoices.tables.invoices]\nselect = [\"id\", \"tax_rate\"]");
        let table = name("invoices");
        assert!(some.columns(&table, Verb::Select, [&name("id")]).is_ok());

        let not_granted = some.columns(&table, Verb::Select, [&name("id"), &name("notes")]).unwrap_err().to_string();
        assert!(not_granted.contains("add \"notes\" to `select` under [invoices.tables.invoices] in grants.toml"));
        assert!(!not_granted.contains("plugin.toml"), "{not_granted}");

        let not_requested = some.columns(&table, Verb::Select, [&name("tax_rate")]).unwrap_err().to_string();
        assert!(not_requested.contains("under [tables.invoices] in its plugin.toml"), "{not_requested}");

        let denied = some.delete(&table).unwrap_err();
        assert_eq!((denied.table, denied.verb, denied.column), (Some(table), Some(Verb::Delete), None));
    }

    #[test]
    fn a_star_in_a_grant_gives_what_the_manifest_requests_and_no_more() {
        let star = capabilities("[invoices.tables.invoices]\nselect = [\"*\"]");
        assert!(star.columns(&name("invoices"), Verb::Select, [&name("notes")]).is_ok());
        assert!(star.columns(&name("invoices"), Verb::Select, [&name("tax_rate")]).is_err());
        assert!(star.columns(&name("invoices"), Verb::Update, [&name("status")]).is_err());
        assert!(star.columns(&name("contacts"), Verb::Select, [&name("id")]).is_err());
    }

    #[test]
    fn what_is_effective_is_what_calls_are_allowed() {
        let some = capabilities(
            "[invoices]\nllm = true\n[invoices.tables.invoices]\nselect = [\"*\"]\nupdate = [\"notes\"]\nmax_rows = 9\n\
             [invoices.tables.contacts]\nselect = [\"*\"]",
        );
        let effective = some.effective();
        assert!(effective.llm);
        assert_eq!(effective.tables.keys().collect::<Vec<_>>(), ["invoices"], "what wasn't requested isn't there");
        let invoices = &effective.tables["invoices"];
        assert_eq!(invoices.select, BTreeSet::from(["id", "notes", "status"].map(str::to_owned)));
        assert!(invoices.insert.is_empty() && invoices.update.is_empty() && !invoices.delete);
        assert_eq!((invoices.max_rows, invoices.max_affected), (Some(9), Some(25)));
        assert_eq!(capabilities("").effective(), Permissions::default());
    }

    #[test]
    fn a_manifest_may_not_use_the_star_or_ask_to_set_what_the_database_sets() {
        assert!(Manifest::parse(&MANIFEST.replace("\"id\", \"status\"", "\"*\"")).is_err());
        let error = Manifest::parse(&MANIFEST.replace("insert = [", "insert = [\"user_id\", ")).unwrap_err();
        assert!(error.to_string().contains("set by the database"), "{error}");
    }

    #[test]
    fn the_smaller_of_the_two_row_limits_counts() {
        let smaller = capabilities("[invoices.tables.invoices]\nselect = [\"*\"]\nmax_rows = 10\nmax_affected = 100");
        assert_eq!(smaller.max_rows(&name("invoices")), 10);
        assert_eq!(smaller.max_affected(&name("invoices")), 25);
    }

    #[test]
    fn a_pinned_grant_is_for_exactly_those_bytes() {
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let digest = hex(&Sha256::digest(b"bytes"));
        let grants = Grants::parse(&format!("[invoices]\nllm = true\nsha256 = \"{digest}\"")).unwrap();
        assert!(grants.capabilities(&manifest, b"bytes").unwrap().llm().is_ok());
        assert!(matches!(grants.capabilities(&manifest, b"other"), Err(GrantsError::WrongDigest { .. })));
    }
}
