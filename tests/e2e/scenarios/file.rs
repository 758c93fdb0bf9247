//! What a scenario's file says.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A scenario.
pub(super) struct Scenario {
    pub(super) message: String,
    /// The agent whose folder it is in.
    pub(super) folder: String,
    /// Who is picked; none is the supervisor itself.
    pub(super) agent: Option<String>,
    /// By table.
    pub(super) rows: BTreeMap<String, Vec<Map<String, Value>>>,
    pub(super) model: Vec<Call>,
    pub(super) expect: Expect,
}

/// What the model does when it is called.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Says { text: String, tools: Vec<(String, Value)> },
    Renders,
    Fails,
}

/// What comes out.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Expect {
    pub(super) tools: Vec<String>,
    pub(super) changes: Vec<String>,
    agent_type: Option<String>,
    pub(super) error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    message: String,
    agent: Option<String>,
    #[serde(default)]
    rows: BTreeMap<String, Vec<toml::Table>>,
    #[serde(default)]
    model: Vec<WrittenCall>,
    #[serde(default)]
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCall {
    text: Option<String>,
    tool: Option<String>,
    arguments: Option<toml::Value>,
    #[serde(default)]
    tools: Vec<WrittenTool>,
    #[serde(default)]
    render: bool,
    #[serde(default)]
    fail: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTool {
    tool: String,
    arguments: Option<toml::Value>,
}

impl Scenario {
    /// Reads a file, or says what is wrong with it.
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let written: Written = toml::from_str(&text).map_err(|error| error.to_string())?;
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let agent = match written.agent.as_deref() {
            None => Some(folder.clone()),
            Some("none") => None,
            Some(agent) => Some(agent.to_owned()),
        };
        let row = |row: toml::Table| row.into_iter().map(|(name, value)| (name, json(value))).collect();
        let rows = written.rows.into_iter().map(|(table, rows)| (table, rows.into_iter().map(row).collect())).collect();
        let model = written.model.into_iter().map(call).collect::<Result<_, _>>()?;
        Ok(Self { message: written.message, folder, agent, rows, model, expect: written.expect })
    }

    /// Who answers.
    pub(super) fn answers(&self) -> &str {
        self.expect.agent_type.as_deref().or(self.agent.as_deref()).unwrap_or("supervisor")
    }
}

fn call(written: WrittenCall) -> Result<Call, String> {
    let mut tools = written.tools;
    tools.extend(written.tool.map(|tool| WrittenTool { tool, arguments: written.arguments }));
    match (written.render, written.fail, written.text, tools.is_empty()) {
        (true, false, None, true) => Ok(Call::Renders),
        (false, true, None, true) => Ok(Call::Fails),
        (false, false, None, true) => {
            Err("A call of the model says nothing: `text`, `tool`, `render` or `fail`.".into())
        }
        (false, false, text, _) => {
            let tools = tools.into_iter().map(|tool| Ok((tool.tool, arguments(tool.arguments)?)));
            Ok(Call::Says { text: text.unwrap_or_default(), tools: tools.collect::<Result<_, String>>()? })
        }
        _ => Err("`render` and `fail` stand alone in a call of the model.".into()),
    }
}

fn arguments(written: Option<toml::Value>) -> Result<Value, String> {
    match written {
        None => Ok(Value::Object(Map::new())),
        Some(toml::Value::String(text)) => serde_json::from_str(&text).map_err(|error| format!("arguments: {error}")),
        Some(value) => Ok(json(value)),
    }
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(json).collect(),
        toml::Value::Table(members) => members.into_iter().map(|(name, value)| (name, json(value))).collect(),
    }
}
