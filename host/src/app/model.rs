//! The model that answers: a provider, with all that is around it, and what it costs.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::ModelCalls;
use crate::capability::llm::LanguageModel;
use crate::capability::llm::bedrock::{Bedrock, BedrockOptions, Guardrail};
use crate::capability::llm::bounded::Bounded;
use crate::capability::llm::fallback::Fallback;
use crate::capability::llm::observed::Observed;
use crate::capability::llm::offline::Offline;
use crate::capability::llm::openai::{OpenAi, OpenAiOptions};
use crate::capability::llm::prices::Prices;
use crate::capability::llm::retry::Retrying;
use crate::capability::llm::scripted::Scripted;
use crate::config::{Config, LlmConfig, LlmProvider};

/// The model that a configuration names, with all that is around it.
pub fn model(config: &Config, calls: &ModelCalls) -> Result<Arc<dyn LanguageModel>> {
    let llm = &config.llm;
    Ok(match &llm.provider {
        LlmProvider::Bedrock => bedrock(llm, calls),
        LlmProvider::OpenAi { base_url, model } => {
            let (api_key, timeouts) = (llm.openai_key.clone(), calls.openai);
            let options = OpenAiOptions { api_key, timeouts, ..OpenAiOptions::new(base_url, model) };
            let model = Retrying::new(Arc::new(OpenAi::new(options)?), calls.retry);
            Arc::new(Bounded::new(observed(Arc::new(model), llm), calls.limit))
        }
        LlmProvider::Offline => {
            if llm.is_default {
                tracing::info!("no AWS credentials in the environment: answering with the offline model");
            }
            observed(Arc::new(Offline), llm)
        }
        LlmProvider::Scripted { script } => {
            let text = std::fs::read_to_string(script).with_context(|| format!("LLM_SCRIPT {}", script.display()))?;
            let model = Scripted::from_json(&text).with_context(|| format!("LLM_SCRIPT {}", script.display()))?;
            observed(Arc::new(model), llm)
        }
    })
}

/// What the models cost that this host may ask, as far as anybody told it.
pub(super) fn prices(llm: &LlmConfig) -> Result<Prices> {
    let known = match &llm.provider {
        LlmProvider::Bedrock => Prices::bedrock(),
        LlmProvider::OpenAi { base_url, .. } if base_url.starts_with("https://api.openai.com/") => Prices::openai(),
        LlmProvider::OpenAi { .. } | LlmProvider::Offline | LlmProvider::Scripted { .. } => Prices::default(),
    };
    let prices = match &llm.prices {
        None => known,
        Some(path) => {
            let named = || format!("LLM_PRICES {}", path.display());
            known.overridden(Prices::parse(&std::fs::read_to_string(path).with_context(named)?).with_context(named)?)
        }
    };
    // A limit in dollars would never be met by a model that costs nobody knows what.
    let asked = match &llm.provider {
        LlmProvider::Bedrock => vec![Some(&llm.model_id), llm.fallback_model_id.as_ref()],
        LlmProvider::OpenAi { model, .. } => vec![Some(model)],
        LlmProvider::Offline | LlmProvider::Scripted { .. } => Vec::new(),
    };
    let unknown = asked.into_iter().flatten().find(|model| prices.of(model).is_none());
    match unknown.filter(|_| llm.day.cost_usd.is_some()) {
        Some(model) => {
            Err(anyhow!("LLM_DAILY_COST_USD needs the price of {model}: say it in a file that LLM_PRICES names"))
        }
        None => Ok(prices),
    }
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
        // Each by itself, so that it can be seen which of them answered.
        observed(Arc::new(Retrying::new(Arc::new(model), calls.retry)), llm)
    };
    let first = model(&llm.model_id);
    let model = match &llm.fallback_model_id {
        Some(id) => Arc::new(Fallback::new(first, model(id))),
        None => first,
    };
    Arc::new(Bounded::new(model, calls.limit))
}

/// A model whose calls are seen, under its provider's name in OpenTelemetry's conventions.
pub(super) fn observed(model: Arc<dyn LanguageModel>, llm: &LlmConfig) -> Arc<dyn LanguageModel> {
    let provider = match llm.provider {
        LlmProvider::Bedrock => "aws.bedrock",
        LlmProvider::OpenAi { .. } => "openai",
        LlmProvider::Offline => "canvalo.offline",
        LlmProvider::Scripted { .. } => "canvalo.scripted",
    };
    Arc::new(Observed::new(model, provider))
}
