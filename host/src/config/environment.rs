//! Where variables come from, and how one is read.

use std::collections::HashMap;
use std::path::Path;

use secrecy::SecretString;

/// Looks a variable up. A closure or a map does, so that tests need no real environment.
pub trait Variables {
    /// The variable's value, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Variables for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// The variables of the process and, under them, those of a `.env` file.
#[derive(Default)]
pub struct Environment(HashMap<String, String>);

/// Why a `.env` file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    /// A line is not `NAME=value`. The line is not shown, as it may hold a secret.
    #[error("{0} can't be read: a line in it is not NAME=value, or its quotes don't match")]
    Line(String),
    /// The file is there and can't be opened.
    #[error("{0} can't be read: {1}")]
    File(String, std::io::Error),
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        let text = |name: std::ffi::OsString| name.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// Adds what `path` sets and this environment doesn't. A file that isn't there adds nothing.
    pub fn with_dotenv(mut self, path: &Path) -> Result<Self, DotenvError> {
        let shown = path.display().to_string();
        let fault = |error: dotenvy::Error, shown: &str| match error {
            dotenvy::Error::Io(error) => DotenvError::File(shown.to_owned(), error),
            _ => DotenvError::Line(shown.to_owned()),
        };
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return Ok(self),
            Err(error) => return Err(fault(error, &shown)),
        };
        for line in lines {
            let (name, value) = line.map_err(|error| fault(error, &shown))?;
            self.0.entry(name).or_insert(value);
        }
        Ok(self)
    }
}

impl Variables for Environment {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// Reads variables and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    variables: &'a dyn Variables,
    pub(super) problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a dyn Variables) -> Self {
        Self { variables, problems: Vec::new() }
    }

    /// The variable's text without the space around it. Empty is the same as not set: that is how a template of a
    /// `.env` file leaves a variable open.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The variable as `parse` reads it, which says what it takes when it doesn't.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.text(name)?;
        match parse(&value) {
            Ok(parsed) => Some(parsed),
            Err(takes) => {
                // What stands before an @ in an address is a password.
                let (_, shown) = value.rsplit_once('@').unwrap_or(("", &value));
                let shown: String = shown.chars().take(80).collect();
                self.problem(format!("{name} is {shown:?}, but must be {takes}"));
                None
            }
        }
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }
}
