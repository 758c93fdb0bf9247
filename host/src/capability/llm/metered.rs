//! A model whose calls are counted and paid for.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;

use super::budget::{Account, Amount};
use super::{CompletionEvent, CompletionRequest, CompletionStream, LanguageModel, LlmError, Scale, TokenUsage};

/// Tokens of answer that a call without a limit of its own is reckoned with.
const OUTPUT_TOKENS: u32 = 4_096;

/// A model as one agent calls it in one turn.
pub struct Metered {
    model: Arc<dyn LanguageModel>,
    payer: Payer,
}

/// On whose account a call goes.
#[derive(Clone)]
struct Payer {
    account: Arc<Account>,
    agent: Arc<str>,
    model: Arc<str>,
}

impl Metered {
    pub(super) fn new(model: Arc<dyn LanguageModel>, account: Arc<Account>, agent: &str) -> Self {
        let payer = Payer { account, agent: agent.into(), model: model.id().into() };
        Self { model, payer }
    }
}

#[async_trait]
impl LanguageModel for Metered {
    fn id(&self) -> &str {
        self.model.id()
    }

    fn scale(&self) -> Scale {
        self.model.scale()
    }

    async fn stream(&self, request: CompletionRequest) -> Result<CompletionStream, LlmError> {
        let mut call = Call::begin(&self.payer, self.scale(), &request)?;
        let stream = self.model.stream(request).await.inspect_err(|error| call.never_began(error))?;
        Ok(stream.inspect(move |event| call.hear(event)).boxed())
    }
}

/// A call under way. Dropped before its end, it was cancelled.
struct Call {
    payer: Payer,
    scale: Scale,
    reserved: Amount,
    /// Tokens of the request, estimated.
    input_tokens: u32,
    /// Characters of the answer so far.
    written: usize,
    is_over: bool,
}

impl Call {
    fn begin(payer: &Payer, scale: Scale, request: &CompletionRequest) -> Result<Self, LlmError> {
        let input_tokens = scale.input_tokens(request);
        let output_tokens = request.max_output_tokens.unwrap_or(OUTPUT_TOKENS);
        let price = payer.account.ledger().price(&payer.model);
        let reserved = payer.account.reserve(input_tokens, output_tokens, price)?;
        Ok(Self { payer: payer.clone(), scale, reserved, input_tokens, written: 0, is_over: false })
    }

    fn hear(&mut self, event: &Result<CompletionEvent, LlmError>) {
        match event {
            Ok(CompletionEvent::TextDelta(text)) => self.written += text.len(),
            Ok(CompletionEvent::Finished(completion)) => {
                let model = completion.model.as_ref().unwrap_or(&self.payer.model).clone();
                self.end(&model, completion.usage, "ok", false);
            }
            Err(error) => self.break_off(error.kind()),
        }
    }

    /// The provider gave nothing, and nothing is paid for.
    fn never_began(&mut self, error: &LlmError) {
        self.end(&self.payer.model.clone(), TokenUsage::default(), error.kind(), false);
    }

    /// What was used until then is what was sent and what came.
    fn break_off(&mut self, outcome: &'static str) {
        let (input_tokens, output_tokens) = (self.input_tokens, self.scale.tokens(self.written));
        let usage = TokenUsage { input_tokens, output_tokens, cached_input_tokens: 0, is_estimate: true };
        self.end(&self.payer.model.clone(), usage, outcome, true);
    }

    fn end(&mut self, model: &Arc<str>, usage: TokenUsage, outcome: &'static str, broke_off: bool) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let Payer { account, agent, .. } = &self.payer;
        let cost_usd = account.ledger().count(agent, model, usage, broke_off);
        account.settle(self.reserved, usage, cost_usd, broke_off);
        publish(agent, model, usage, cost_usd, outcome);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.break_off("cancelled");
    }
}

/// For operators, who see no users here: as many labels as there are agents and models.
fn publish(
    agent: &Arc<str>,
    model: &Arc<str>,
    usage: TokenUsage,
    cost_usd: Option<rust_decimal::Decimal>,
    outcome: &'static str,
) {
    let tokens =
        [("input", usage.input_tokens), ("output", usage.output_tokens), ("cached", usage.cached_input_tokens)];
    for (kind, count) in tokens.into_iter().filter(|(_, count)| *count > 0) {
        let (agent, model) = (Arc::clone(agent), Arc::clone(model));
        metrics::counter!("canvalo_llm_tokens_total", "agent" => agent, "model" => model, "kind" => kind)
            .increment(count.into());
    }
    let (of_agent, of_model) = (Arc::clone(agent), Arc::clone(model));
    metrics::counter!("canvalo_llm_calls_total", "agent" => of_agent, "model" => of_model, "outcome" => outcome)
        .increment(1);
    if let Some(cost) = cost_usd.and_then(|cost| f64::try_from(cost).ok()) {
        let (agent, model) = (Arc::clone(agent), Arc::clone(model));
        // A counter counts whole numbers only.
        metrics::gauge!("canvalo_llm_cost_usd_total", "agent" => agent, "model" => model).increment(cost);
    }
}
