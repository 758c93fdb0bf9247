//! What lives as long as the process. The concrete types behind the traits are chosen here and nowhere else.

mod model;
mod model_calls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::audit::Audit;
use crate::auth::jwks::{HttpKeys, Jwks};
use crate::auth::{self, AdminKey, Authenticator, Policy, TokenKeys, TokenVerifier};
use crate::capability::data::observed::Observed as ObservedData;
use crate::capability::data::{DataStore, PostgRest, Unconfigured};
use crate::capability::llm::LanguageModel;
use crate::capability::llm::offline::Offline;
use crate::clock::Clock;
use crate::config::{Config, Stage};
use crate::conversation::fitted::Fitted;
use crate::conversation::{self, Conversations};
use crate::plugin::engine::engine;
use crate::plugin::{Catalog, Runtime, Services, WriteSwitch};
use crate::supervisor::Supervisor;
use crate::telemetry::metrics;
use crate::throttle::Throttle;
use model::{observed, prices};

pub use model::model;
pub use model_calls::ModelCalls;

/// How long the answer of a health check stands, so that asking often costs the dependencies nothing.
const HEALTH_STANDS: Duration = Duration::from_secs(5);

/// How long a dependency has to answer a health check.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// The long-lived parts.
pub struct App {
    /// The environment.
    pub config: Config,
    /// Who the user is.
    pub authenticator: Authenticator,
    /// What is kept of what was said.
    pub conversations: Arc<Conversations>,
    /// Answers questions.
    pub supervisor: Arc<Supervisor>,
    /// How much one may ask for.
    pub throttle: Throttle,
    /// Who may use the admin API; nobody without `ADMIN_API_KEY`.
    pub admin_key: Option<AdminKey>,
    /// When a question is asked. Tokens have the real time, whatever it says.
    pub clock: Clock,
    /// Cancelled when the server is told to stop.
    pub shutdown: CancellationToken,
    turns: Arc<Semaphore>,
    health: Mutex<Option<(Instant, Vec<String>)>>,
    _upkeep: AbortOnDropHandle<()>,
}

impl App {
    /// Builds everything. Compiles the plugins that the cache doesn't have.
    pub async fn build(config: Config) -> Result<Self> {
        let (model, data) = (model(&config, &ModelCalls::default())?, data(&config)?);
        Self::assemble(config, model, data).await
    }

    /// As [`App::build`], with a model of the caller's.
    pub async fn with_model(config: Config, model: Arc<dyn LanguageModel>) -> Result<Self> {
        let data = data(&config)?;
        Self::with_services(config, model, data).await
    }

    /// As [`App::build`], with a model and a data store of the caller's.
    pub async fn with_services(
        config: Config,
        model: Arc<dyn LanguageModel>,
        data: Arc<dyn DataStore>,
    ) -> Result<Self> {
        let model = observed(model, &config.llm);
        Self::assemble(config, model, data).await
    }

    async fn assemble(config: Config, model: Arc<dyn LanguageModel>, data: Arc<dyn DataStore>) -> Result<Self> {
        metrics::install();
        let data: Arc<dyn DataStore> = Arc::new(ObservedData::new(data));
        let shutdown = CancellationToken::new();
        let options = conversation::Options {
            kept: config.supabase.is_some(),
            // It writes by rules, and has none for this.
            summarised: model.id() != Offline.id(),
            window: config.llm.context_tokens,
            prices: Arc::new(prices(&config.llm)?),
            turn_tokens: config.llm.turn_tokens,
            day: config.llm.day,
            stop: shutdown.clone(),
        };
        let model = Arc::new(Fitted::new(model, config.llm.context_tokens));
        let services =
            Services { model, data, writes: TaskTracker::new(), write_switch: Arc::default(), audit: Arc::default() };
        let conversations = Conversations::new(&services, options);
        let (runtime, catalog) = plugins(&config).await?;
        let supervisor = Supervisor::new(runtime, catalog, services);
        Ok(Self {
            authenticator: authenticator(&config)?,
            conversations,
            turns: Arc::new(Semaphore::new(config.plugins.max_turns as usize)),
            supervisor,
            throttle: Throttle::new(&config.limits),
            admin_key: config.auth.admin_key.as_ref().map(AdminKey::new),
            clock: Clock::default(),
            shutdown,
            health: Mutex::default(),
            _upkeep: AbortOnDropHandle::new(tokio::spawn(metrics::upkeep())),
            config,
        })
    }

    /// What operators look back on.
    pub fn audit(&self) -> &Audit {
        &self.supervisor.services().audit
    }

    /// Whether plugins may write.
    pub fn write_switch(&self) -> &WriteSwitch {
        &self.supervisor.services().write_switch
    }

    /// Room for one more turn, unless the server is full or about to stop.
    pub fn admit(&self) -> Option<OwnedSemaphorePermit> {
        if self.shutdown.is_cancelled() {
            return None;
        }
        let permit = Arc::clone(&self.turns).try_acquire_owned().ok();
        if permit.is_none() {
            metrics::limit_hit("server_turns");
        }
        permit
    }

    /// What doesn't work, for the health check. No secret, no address.
    pub async fn problems(&self) -> Vec<String> {
        let mut health = self.health.lock().await;
        if let Some((at, problems)) = &*health
            && at.elapsed() < HEALTH_STANDS
        {
            return problems.clone();
        }
        let mut problems = Vec::new();
        match tokio::time::timeout(HEALTH_TIMEOUT, self.supervisor.services().data.ready()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => problems.push(format!("supabase: {error}")),
            Err(_) => {
                metrics::dependency("supabase", false);
                problems.push("supabase: no answer within 2 s".to_owned());
            }
        }
        problems.extend(self.authenticator.problem());
        if self.supervisor.registry().plugins().is_empty() {
            problems.push("agents: none is loaded; see CANVALO_PLUGIN_DIR".to_owned());
        }
        *health = Some((Instant::now(), problems.clone()));
        problems
    }

    /// Waits for the writes that are under way.
    pub async fn finish_writes(&self) {
        let writes = &self.supervisor.services().writes;
        writes.close();
        writes.wait().await;
    }
}

async fn plugins(config: &Config) -> Result<(Runtime, Catalog)> {
    let (slots, cache, folder) =
        (config.plugins.max_turns, config.paths.cache.clone(), config.plugins.directory.clone());
    // Compiling takes a while when the cache is cold.
    let load = move || -> Result<(Runtime, Catalog)> {
        let cache = std::path::absolute(&cache)?;
        let engine =
            engine(slots, Some(&cache)).map_err(|error| anyhow!("the WebAssembly engine doesn't start: {error:#}"))?;
        let catalog = Catalog::load(&engine, &folder)?;
        Ok((Runtime::new(engine, slots), catalog))
    };
    tokio::task::spawn_blocking(load).await?
}

fn data(config: &Config) -> Result<Arc<dyn DataStore>> {
    Ok(match &config.supabase {
        Some(supabase) => Arc::new(PostgRest::new(&supabase.url, &supabase.publishable_key)?),
        None => Arc::new(Unconfigured),
    })
}

/// A project's tokens are verified with the keys it publishes, and with its shared secret if that is told.
fn authenticator(config: &Config) -> Result<Authenticator> {
    let supabase = config.supabase.as_ref();
    let issuer = supabase.map(|supabase| auth::issuer(&supabase.url)).unwrap_or_default();
    let secret = supabase.and_then(|supabase| supabase.jwt_secret.clone());
    let verifier = match supabase {
        Some(_) => {
            let published = Some(Jwks::new(Arc::new(HttpKeys::new(&issuer)?)));
            Some(TokenVerifier::new(issuer.clone(), TokenKeys { shared_secret: secret.clone(), published }))
        }
        None => None,
    };
    let policy = match config.stage {
        Stage::Development => Policy::TokenOptional { system_user: config.auth.system_user, issuer, secret },
        Stage::Beta | Stage::Gamma | Stage::Production => Policy::TokenRequired,
    };
    let authenticator = Authenticator::new(verifier, policy);
    authenticator.warm();
    Ok(authenticator)
}
