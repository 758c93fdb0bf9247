//! Tools: a name, a description, typed arguments and a function.

pub(crate) mod arguments;
pub(crate) mod schema;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::data::DataError;
use crate::{Answer, Context};

/// Runs with the schema of the arguments, and the arguments.
type Run = Box<dyn Fn(&mut Context<'_>, &Value, Map<String, Value>) -> Result<Answer, ToolError>>;

/// Something the model may ask an agent to do.
pub struct Tool {
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) parameters: Value,
    /// The same as text, which every turn hands over.
    pub(crate) parameters_text: String,
    run: Run,
}

impl Tool {
    /// A tool whose arguments are a type.
    ///
    /// The name is 1 to 64 characters of `[a-z0-9_]`. The description says what it does and when to use it, and may end
    /// with a line such as `Examples: "Who owes me money?" "What's overdue?"`, which helps small models. The arguments'
    /// schema comes from the type: document its fields, and give optional ones as `Option`.
    pub fn typed<A, F>(name: &'static str, description: &'static str, run: F) -> Self
    where
        A: DeserializeOwned + JsonSchema,
        F: Fn(&mut Context<'_>, A) -> Result<Answer, ToolError> + 'static,
    {
        let run = move |context: &mut Context<'_>, parameters: &Value, given| {
            run(context, arguments::parse(parameters, given)?)
        };
        Self::untyped(name, description, schema::of::<A>(), run)
    }

    /// A tool whose arguments are checked by its function.
    pub(crate) fn untyped<F>(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
        parameters: Value,
        run: F,
    ) -> Self
    where
        F: Fn(&mut Context<'_>, &Value, Map<String, Value>) -> Result<Answer, ToolError> + 'static,
    {
        let parameters_text = parameters.to_string();
        Self { name: name.into(), description: description.into(), parameters, parameters_text, run: Box::new(run) }
    }

    /// Runs it with the arguments a model gave.
    pub fn run(&self, context: &mut Context<'_>, arguments: Map<String, Value>) -> Result<Answer, ToolError> {
        (self.run)(context, &self.parameters, arguments)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it does and when to use it.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The JSON Schema of its arguments.
    pub fn parameters(&self) -> &Value {
        &self.parameters
    }
}

/// Why a tool did nothing. The model reads the text, and the user may: plain words, what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolError {
    /// The arguments can't be used. The model can correct them.
    Arguments(String),
    /// A rule of the business refuses it.
    Refused(String),
    /// The data service did not do it.
    Data(DataError),
}

impl ToolError {
    /// The arguments can't be used.
    pub fn arguments(message: impl Into<String>) -> Self {
        Self::Arguments(message.into())
    }

    /// A rule of the business refuses it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// In plain words.
    pub fn message(&self) -> String {
        match self {
            Self::Arguments(message) | Self::Refused(message) => message.clone(),
            Self::Data(error) => data_message(error),
        }
    }
}

impl From<DataError> for ToolError {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

pub(crate) fn data_message(error: &DataError) -> String {
    match error {
        DataError::Denied(grant) => format!("This agent isn't allowed to do that. {grant}"),
        DataError::NotFound => "Nothing was found with that id or name.".to_owned(),
        DataError::Invalid(invalid) => match &invalid.column {
            Some(column) => format!("`{column}`: {}", invalid.message),
            None => invalid.message.clone(),
        },
        DataError::Conflict(what) => format!("It clashes with what is already there: {what}"),
        DataError::ApprovalRequired(approval) => format!("The user must approve this first: {}", approval.summary),
        DataError::LimitExceeded(limit) => format!("That is more than allowed at once: {limit}"),
        DataError::Unavailable(_) => {
            "The data service can't be reached right now. Whether a change was made isn't known; look before trying again."
                .to_owned()
        }
        DataError::Other(_) => "The data service failed.".to_owned(),
    }
}
