//! What lives as long as the process. The concrete types behind the traits are chosen here and nowhere else.

mod model_calls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
pub use model_calls::ModelCalls;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{self, Authenticator, Policy, TokenKeys, TokenVerifier};
use crate::capability::data::{DataStore, PostgRest, Unconfigured};
use crate::capability::llm::LanguageModel;
use crate::capability::llm::bedrock::{Bedrock, BedrockOptions, Guardrail};
use crate::capability::llm::bounded::Bounded;
use crate::capability::llm::fallback::Fallback;
use crate::capability::llm::offline::Offline;
use crate::capability::llm::openai::{OpenAi, OpenAiOptions};
use crate::capability::llm::retry::Retrying;
use crate::capability::llm::scripted::Scripted;
use crate::clock::Clock;
use crate::config::{Config, LlmConfig, LlmProvider, Stage};
use crate::conversation::fitted::Fitted;
use crate::conversation::{self, Conversations};
use crate::plugin::engine::engine;
use crate::plugin::{Registry, Runtime, Services};
use crate::supervisor::Supervisor;

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
    /// When a question is asked. Tokens have the real time, whatever it says.
    pub clock: Clock,
    /// Cancelled when the server is told to stop.
    pub shutdown: CancellationToken,
    turns: Arc<Semaphore>,
    health: Mutex<Option<(Instant, Vec<String>)>>,
}

impl App {
    /// Builds everything. Compiles the plugins that the cache doesn't have.
    pub async fn build(config: Config) -> Result<Self> {
        let model = model(&config, &ModelCalls::default())?;
        Self::with_model(config, model).await
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
        let shutdown = CancellationToken::new();
        let options = conversation::Options {
            kept: config.supabase.is_some(),
            // It writes by rules, and has none for this.
            summarised: model.id() != Offline.id(),
            window: config.llm.context_tokens,
            stop: shutdown.clone(),
        };
        let model = Arc::new(Fitted::new(model, config.llm.context_tokens));
        let services = Services { model, data, writes: TaskTracker::new() };
        let conversations = Conversations::new(&services, options);
        let (runtime, registry) = plugins(&config).await?;
        let supervisor = Supervisor::new(runtime, registry, services);
        Ok(Self {
            authenticator: authenticator(&config),
            conversations,
            turns: Arc::new(Semaphore::new(config.plugins.max_turns as usize)),
            supervisor,
            clock: Clock::default(),
            shutdown,
            health: Mutex::default(),
            config,
        })
    }

    /// Room for one more turn, unless the server is full or about to stop.
    pub fn admit(&self) -> Option<OwnedSemaphorePermit> {
        if self.shutdown.is_cancelled() {
            return None;
        }
        Arc::clone(&self.turns).try_acquire_owned().ok()
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
            Err(_) => problems.push("supabase: no answer within 2 s".to_owned()),
        }
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

async fn plugins(config: &Config) -> Result<(Runtime, Registry)> {
    let (slots, cache, folder) =
        (config.plugins.max_turns, config.paths.cache.clone(), config.plugins.directory.clone());
    // Compiling takes a while when the cache is cold.
    let load = move || -> Result<(Runtime, Registry)> {
        let cache = std::path::absolute(&cache)?;
        let engine =
            engine(slots, Some(&cache)).map_err(|error| anyhow!("the WebAssembly engine doesn't start: {error:#}"))?;
        let registry = Registry::load(&engine, &folder)?;
        Ok((Runtime::new(engine, slots), registry))
    };
    tokio::task::spawn_blocking(load).await?
}

/// The model that a configuration names, with all that is around it.
pub fn model(config: &Config, calls: &ModelCalls) -> Result<Arc<dyn LanguageModel>> {
    let llm = &config.llm;
    Ok(match &llm.provider {
        LlmProvider::Bedrock => bedrock(llm, calls),
        LlmProvider::OpenAi { base_url, model } => {
            let (api_key, timeouts) = (llm.openai_key.clone(), calls.openai);
            let options = OpenAiOptions { api_key, timeouts, ..OpenAiOptions::new(base_url, model) };
            let model = Retrying::new(Arc::new(OpenAi::new(options)?), calls.retry);
            Arc::new(Bounded::new(Arc::new(model), calls.limit))
        }
        LlmProvider::Offline => {
            if llm.is_default {
                tracing::info!("no AWS credentials in the environment: answering with the offline model");
            }
            Arc::new(Offline)
        }
        LlmProvider::Scripted { script } => {
            let text = std::fs::read_to_string(script).with_context(|| format!("LLM_SCRIPT {}", script.display()))?;
            Arc::new(Scripted::from_json(&text).with_context(|| format!("LLM_SCRIPT {}", script.display()))?)
        }
    })
}

/// The models on Bedrock: each retried, the second in place of the first, all of it bounded.
fn bedrock(llm: &LlmConfig, calls: &ModelCalls) -> Arc<dyn LanguageModel> {
    let model = |id: &str| -> Arc<dyn LanguageModel> {
        let guardrail = llm.guardrail.clone().map(|config| Guardrail { id: config.id, version: config.version });
        let options = BedrockOptions {
            region: llm.region.clone(),
            profile: llm.profile.clone(),
            endpoint_url: llm.endpoint.clone(),
            guardrail,
            timeouts: calls.bedrock,
            ..BedrockOptions::new(id)
        };
        let model = match &calls.aws {
            Some(aws) => Bedrock::with_config(aws, options),
            None => Bedrock::new(options),
        };
        Arc::new(Retrying::new(Arc::new(model), calls.retry))
    };
    let first = model(&llm.model_id);
    let model = match &llm.fallback_model_id {
        Some(id) => Arc::new(Fallback::new(first, model(id))),
        None => first,
    };
    Arc::new(Bounded::new(model, calls.limit))
}

fn data(config: &Config) -> Result<Arc<dyn DataStore>> {
    Ok(match &config.supabase {
        Some(supabase) => Arc::new(PostgRest::new(&supabase.url, &supabase.publishable_key)?),
        None => Arc::new(Unconfigured),
    })
}

fn authenticator(config: &Config) -> Authenticator {
    let supabase = config.supabase.as_ref();
    let issuer = supabase.map(|supabase| auth::issuer(&supabase.url)).unwrap_or_default();
    let secret = supabase.and_then(|supabase| supabase.jwt_secret.clone());
    let verifier = secret.clone().map(|secret| TokenVerifier::new(issuer.clone(), &TokenKeys::SharedSecret(secret)));
    let policy = match config.stage {
        Stage::Development => Policy::TokenOptional { system_user: config.auth.system_user, issuer, secret },
        Stage::Beta | Stage::Gamma | Stage::Production => Policy::TokenRequired,
    };
    Authenticator::new(verifier, policy)
}
