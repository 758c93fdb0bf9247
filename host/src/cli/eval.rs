//! `canvalo eval`: how often a question reaches the agents that should answer it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use canvalo::app::App;
use canvalo::auth::User;
use canvalo::capability::data::UserToken;
use canvalo::capability::llm::budget::Account;
use canvalo::capability::llm::usage::Ledger;
use canvalo::config::{Config, LlmProvider};
use canvalo::eval::{Asked, Outcome, Questions, Table};
use canvalo::plugin::manifest::Manifest;
use canvalo::supervisor::Question;
use canvalo::telemetry;
use chrono::Utc;
use clap::Args;
use futures::{StreamExt, stream};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Model calls under way at the same time: few, as accounts are limited in calls per minute.
const CALLS: usize = 4;

#[derive(Args)]
pub(crate) struct Eval {
    /// The questions, each with the agents that should answer it.
    questions: PathBuf,
    /// Read the plugin.toml of every crate in this folder instead of loading plugins. Measures the words only.
    #[arg(long, value_name = "FOLDER")]
    manifests: Option<PathBuf>,
    /// Name every question that went wrong.
    #[arg(long, short)]
    verbose: bool,
}

impl Eval {
    pub(super) async fn run(self) -> Result<()> {
        let text = std::fs::read_to_string(&self.questions).with_context(|| self.questions.display().to_string())?;
        let questions = Questions::parse(&text).with_context(|| self.questions.display().to_string())?.questions;
        match &self.manifests {
            Some(folder) => self.by_words(&questions, &manifests(folder)?)?,
            None => {
                let config = Config::read(&super::environment()?)?;
                let traces = telemetry::start(&config)?;
                let app = App::build(config).await?;
                let registry = app.supervisor.registry();
                let plugins = registry.plugins().iter();
                let manifests: Vec<Manifest> = plugins.map(|plugin| plugin.manifest.clone()).collect();
                self.by_words(&questions, &manifests)?;
                self.by_model(&questions, &app).await?;
                traces.finish().await;
            }
        }
        Ok(())
    }

    fn by_words(&self, questions: &[Asked], manifests: &[Manifest]) -> Result<()> {
        if manifests.is_empty() {
            bail!("there are no agents to choose from");
        }
        println!("{} questions for {} agents\n", questions.len(), manifests.len());
        println!("By words alone, as when the model fails");
        let outcomes: Vec<Outcome<'_>> = questions.iter().map(|asked| Outcome::by_words(asked, manifests)).collect();
        println!("{}", Table::new(&outcomes, self.verbose));
        Ok(())
    }

    async fn by_model(&self, questions: &[Asked], app: &App) -> Result<()> {
        if app.config.llm.provider == LlmProvider::Offline {
            println!(
                "The model is offline, which chooses by the same words. LLM_PROVIDER or AWS credentials give another."
            );
            return Ok(());
        }
        println!("By the model {}", app.supervisor.services().model.id());
        let calls = Arc::new(Semaphore::new(CALLS));
        let outcomes: Vec<Outcome<'_>> = stream::iter(questions)
            .map(|asked| choose(app, &calls, asked))
            .buffered(CALLS)
            .map(|(asked, chosen)| Outcome { asked, chosen: chosen.map_err(|error| format!("{error:#}")) })
            .collect()
            .await;
        println!("{}", Table::new(&outcomes, self.verbose));
        Ok(())
    }
}

/// Whom the model would ask, in a conversation that begins with the question.
async fn choose<'a>(app: &App, calls: &Arc<Semaphore>, asked: &'a Asked) -> (&'a Asked, Result<Vec<String>>) {
    let chosen = async {
        let user = Uuid::nil();
        let question = Question {
            message: asked.ask.as_str().into(),
            history: Vec::new().into(),
            // Nothing is read for this user.
            user: User { id: user, token: UserToken::new(SecretString::default()) },
            user_tag: telemetry::user_tag(user),
            conversation: None,
            request_id: "eval".into(),
            now: Utc::now().with_timezone(&app.config.time_zone),
            account: Account::new(Ledger::new(Arc::default()), u64::MAX, None),
            permit: Arc::clone(calls).acquire_owned().await?,
            place: None,
        };
        Ok(app.supervisor.choose(&question).await?)
    };
    (asked, chosen.await)
}

/// The manifests in the crates of a folder, by name as the server has them.
fn manifests(folder: &Path) -> Result<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path().join("plugin.toml");
        if path.is_file() {
            let text = std::fs::read_to_string(&path)?;
            manifests.push(Manifest::parse(&text).with_context(|| path.display().to_string())?);
        }
    }
    manifests.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(manifests)
}
