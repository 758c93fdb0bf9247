//! Scenarios: what a user asks, what the model does with it, and what the user then reads and has. All is real but the
//! model. It is Monday, 9 March 2026, 16:20 in Chicago, where the clocks went forward yesterday.
//!
//! A scenario is a file, `tests/scenarios/<agent>/<name>.toml`:
//!
//! ```toml
//! message = "Maria paid 1002 by check"       # word for word
//!
//! [[rows.contacts]]                           # the rows of a new user; whatever is left out is the database's default
//! id = "@maria"                               # a name for its id: other rows, arguments and changes may use it
//! name = "Maria Lopez"
//!
//! [[rows.invoices]]
//! invoice_number = "INV-1002"
//! client_id = "@maria"
//! issue_date = 2026-02-01                     # a column whose default is the day of the test must be given
//! total_amount = 450.50
//! status = "sent"
//!
//! [[model]]                                   # the agent's model, call by call
//! tool = "record_payment"
//! arguments = { invoice = "1002", pay_in_full = true, method = "check" }
//!
//! [[model]]
//! render = true                               # words for the last results, made by the rules of the offline model
//!
//! [expect]
//! tools = ["record_payment completed"]        # each tool that ran, in the order of their ends
//! changes = [                                 # every change of the user's rows, in any order; left out means none
//!   "invoices INV-1002: status sent -> paid",
//!   "invoices INV-1002: amount_paid 0.00 -> 450.50",
//! ]
//! ```
//!
//! - A call of the model may be `text = "…"` (`""` for silence), `tool` with `arguments`, both, several tools as
//!   `tools = [{ tool = "…", arguments = {…} }, …]`, `render = true`, or `fail = true` for a provider that is away.
//! - `arguments` are TOML, or a text of JSON where they need a null: `arguments = '{"updates": null}'`.
//! - Every call in the file must be made, and no other. A turn that waits for approval or is cut short asks no more.
//! - The supervisor picks the folder's agent. `agent = "contacts"` makes it pick another one, and `agent = "none"` none:
//!   then the calls are the supervisor's own.
//! - `expect.agent_type` is who answers if it isn't the agent that was picked; `expect.error` the code of an error.
//! - In changes a new row is `+ contacts Dana Reed` and one that is gone `- contacts Dana Reed`.
//!
//! Beside it, in `snapshots/<name>.snap`, is what the user read, what the model read, and each new row. To accept what a
//! scenario gives: `INSTA_UPDATE=always SCENARIO=invoices/overdue cargo test -p canvalo-tests --test e2e scenarios`.
//! Without `SCENARIO`, a part of the path, all of them run.

mod file;
mod model;
mod rows;
mod snapshot;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use canvalo_tests::{Answer, Server, World, agent_names, chunks, new_user};
use chrono::{DateTime, FixedOffset};
use chrono_tz::{America, Tz};
use futures::{StreamExt, stream};
use serde_json::json;

use file::Scenario;
use model::Script;
use rows::{Ids, Rows};

const NOW: &str = "2026-03-09T16:20:00-05:00";
const ZONE: Tz = America::Chicago;

/// As many as the machine's cores keep busy while some wait for the database.
const AT_ONCE: usize = 4;

fn now() -> DateTime<FixedOffset> {
    NOW.parse().expect("a time")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_ends_as_its_file_says() {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let files: Vec<PathBuf> = files().into_iter().filter(|file| name(file).contains(&only)).collect();
    assert!(!files.is_empty(), "no scenario is called like {only:?}");
    // Compiles what is not in the cache, once.
    drop(Server::start().await);

    let outcomes = stream::iter(files).map(|file| async move {
        let run = tokio::spawn(run(file.clone())).await;
        (file, run.unwrap_or_else(|panic| Outcome { problems: vec![panic.to_string()], snapshot: None }))
    });
    let mut outcomes: Vec<(PathBuf, Outcome)> = outcomes.buffer_unordered(AT_ONCE).collect().await;
    outcomes.sort_by(|one, other| one.0.cmp(&other.0));

    let mut failed: Vec<String> = if only.is_empty() { stale_snapshots() } else { Vec::new() };
    for (file, outcome) in outcomes {
        let mut problems = outcome.problems;
        if let Some(snapshot) = outcome.snapshot
            && !snapshot::matches(&file, &snapshot)
        {
            problems.push("It doesn't match its snapshot: the difference is above.".to_owned());
        }
        if !problems.is_empty() {
            failed.push(format!("{}\n{}", name(&file), problems.join("\n")));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n\n{}\n", failed.len(), failed.join("\n\n"));
}

/// The files, in order.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = list(&folder()).iter().flat_map(|agent| list(agent)).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "toml"));
    files.sort();
    files
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of scenarios");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// `invoices/overdue`.
fn name(file: &Path) -> String {
    let name = file.strip_prefix(folder()).unwrap_or(file).with_extension("");
    name.display().to_string()
}

/// Snapshots whose scenario is gone.
fn stale_snapshots() -> Vec<String> {
    let known: BTreeSet<PathBuf> = files().iter().map(|file| snapshot::path(file)).collect();
    let folders = list(&folder()).into_iter().map(|agent| agent.join("snapshots")).filter(|folder| folder.exists());
    let snapshots =
        folders.flat_map(|folder| list(&folder)).filter(|path| path.extension().is_some_and(|e| e == "snap"));
    let stale = snapshots.filter(|path| !known.contains(path));
    stale.map(|path| format!("{}\nIts scenario is gone.", name(&path))).collect()
}

/// What a scenario led to.
struct Outcome {
    problems: Vec<String>,
    snapshot: Option<String>,
}

async fn run(file: PathBuf) -> Outcome {
    let scenario = match Scenario::read(&file) {
        Ok(scenario) => scenario,
        Err(problem) => return Outcome { problems: vec![problem], snapshot: None },
    };
    let user = new_user();
    let ids = match Ids::of(&scenario.rows, user) {
        Ok(ids) => ids,
        Err(problem) => return Outcome { problems: vec![problem], snapshot: None },
    };
    let (before, mut problems) = Rows::seed(World::get(), user, &scenario.rows, &ids).await;

    let script = Arc::new(Script::new(&scenario, &ids));
    let server = Server::with_model(Arc::clone(&script) as _).await;
    server.app.clock.stop_at(now().to_utc());
    let body = json!({ "message": scenario.message, "time_zone": ZONE.name() });
    let response = server.send(user, &body).await;
    assert!(response.status().is_success(), "the answer's status is {}", response.status());
    let answer = Answer(chunks(&response.text().await.expect("the whole stream")));
    let after = Rows::of(World::get(), user).await;

    let ids = ids.with_times(&after);
    problems.extend(script.problems());
    problems.extend(how_it_ended(&answer, &scenario));
    let tools = answer.tools().into_iter().filter(|(_, status)| status != "started");
    let tools: Vec<String> = tools.map(|(name, status)| format!("{name} {status}")).collect();
    problems.extend(difference("tools", &scenario.expect.tools, tools, true));
    let changes = before.changes(&after).iter().map(|change| ids.redacted(change)).collect();
    problems.extend(difference("changes", &scenario.expect.changes, changes, false));
    let added = before.added_in_order(&after, &ids);
    let snapshot = ids.redacted(&snapshot::text(&scenario, &answer, &script.reads(), &added));
    if snapshot.contains(&user.to_string()) {
        problems.push("The user's id is in the answer.".to_owned());
    }
    Outcome { problems, snapshot: Some(snapshot) }
}

fn how_it_ended(answer: &Answer, scenario: &Scenario) -> Option<String> {
    let end = answer.end();
    let expected = match &scenario.expect.error {
        Some(code) => json!({ "type": "error", "code": code, "agent_type": scenario.answers() }),
        None => json!({ "type": "complete", "agent_type": scenario.answers() }),
    };
    let mut got = json!({ "type": end["type"], "agent_type": end["agent_type"] });
    if let Some(code) = end["error"]["code"].as_str() {
        got = json!({ "type": "error", "code": code, "agent_type": end["agent_type"] });
    }
    (expected != got).then(|| format!("  end:\n    - {expected}\n    + {got}"))
}

/// What was expected (-) and isn't so, and what is so (+) and wasn't expected.
fn difference(what: &str, expected: &[String], got: Vec<String>, ordered: bool) -> Option<String> {
    let (mut missing, mut surplus) = (expected.to_vec(), got.clone());
    missing.retain(|line| match surplus.iter().position(|other| other == line) {
        Some(at) => {
            surplus.remove(at);
            false
        }
        None => true,
    });
    if missing.is_empty() && surplus.is_empty() {
        return (ordered && *expected != got).then(|| format!("  {what} in another order: {got:?}"));
    }
    let lines = |sign: char, lines: Vec<String>| lines.into_iter().map(move |line| format!("\n    {sign} {line:?},"));
    let lines: String = lines('-', missing).chain(lines('+', surplus)).collect();
    Some(format!("  {what}:{lines}"))
}

#[test]
fn every_agent_has_at_least_ten_scenarios() {
    let count =
        |agent: &String| files().iter().filter(|file| file.parent().is_some_and(|f| f.ends_with(agent))).count();
    let few: Vec<String> = agent_names().iter().filter(|agent| count(agent) < 10).cloned().collect();
    assert!(few.is_empty(), "fewer than ten scenarios: {few:?}");
}
