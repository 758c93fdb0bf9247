//! What the model calls of a turn used, counted while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use utoipa::ToSchema;

use super::TokenUsage;
use super::prices::{Price, Prices};

/// The calls of one turn, by agent and model. Shared by whoever calls a model for it and whoever wants to know.
pub struct Ledger {
    prices: Arc<Prices>,
    lines: Mutex<Vec<Line>>,
    running: TaskTracker,
}

struct Line {
    agent: Arc<str>,
    model: Arc<str>,
    price: Option<Price>,
    tally: Tally,
}

/// A sum of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tally {
    /// Calls, those that failed or were broken off included.
    pub calls: u32,
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of the tokens read, those from the provider's cache.
    pub cached_input_tokens: u64,
    /// What they cost in US dollars, as far as the price table knows. None when it doesn't know a model.
    #[serde(serialize_with = "exact")]
    #[schema(value_type = Option<f64>, required = true)]
    pub cost_usd: Option<Decimal>,
    /// Whether a call was broken off, whose tokens nobody was told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub estimated: bool,
}

/// What a turn used so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usage {
    /// All of it.
    #[serde(flatten)]
    pub total: Tally,
    /// Its parts, in the order of their first calls.
    pub by_agent: Vec<Share>,
}

/// What one agent used of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    /// The agent's name; `supervisor`, or `conversation` for a summary.
    #[schema(value_type = String)]
    pub agent_type: Arc<str>,
    /// The model that answered.
    #[schema(value_type = String)]
    pub model: Arc<str>,
    /// What it used.
    #[serde(flatten)]
    pub tally: Tally,
}

impl Default for Tally {
    fn default() -> Self {
        let cost_usd = Some(Decimal::ZERO);
        Self { calls: 0, input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, cost_usd, estimated: false }
    }
}

impl Tally {
    /// Tokens read and written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(other.cached_input_tokens);
        self.cost_usd = self.cost_usd.zip(other.cost_usd).map(|(one, another)| one.saturating_add(another));
        self.estimated |= other.estimated;
    }
}

impl Ledger {
    /// An empty one. Costs are reckoned with these prices.
    pub fn new(prices: Arc<Prices>) -> Arc<Self> {
        Arc::new(Self { prices, lines: Mutex::default(), running: TaskTracker::new() })
    }

    /// Tokens read and written so far.
    pub fn tokens(&self) -> u64 {
        self.lines().iter().map(|line| line.tally.tokens()).sum()
    }

    /// Calls that are over.
    pub fn calls(&self) -> u32 {
        self.lines().iter().map(|line| line.tally.calls).sum()
    }

    /// What was used so far.
    pub fn usage(&self) -> Usage {
        let lines = self.lines();
        let mut total = Tally::default();
        lines.iter().for_each(|line| total.add(&line.tally));
        let share = |line: &Line| Share {
            agent_type: Arc::clone(&line.agent),
            model: Arc::clone(&line.model),
            tally: line.tally,
        };
        Usage { total, by_agent: lines.iter().map(share).collect() }
    }

    /// Counts a call. Returns its cost in US dollars, if the model's price is known.
    pub(super) fn count(
        &self,
        agent: &Arc<str>,
        model: &Arc<str>,
        usage: TokenUsage,
        estimated: bool,
    ) -> Option<Decimal> {
        let mut lines = self.lines();
        let known = lines.iter().position(|line| line.agent == *agent && line.model == *model);
        let at = known.unwrap_or_else(|| {
            let (agent, model, price) = (Arc::clone(agent), Arc::clone(model), self.price(model));
            lines.push(Line { agent, model, price, tally: Tally::default() });
            lines.len() - 1
        });
        let line = &mut lines[at];
        let cost_usd = line.price.map(|price| price.of(usage));
        line.tally.add(&Tally {
            calls: 1,
            input_tokens: usage.input_tokens.into(),
            output_tokens: usage.output_tokens.into(),
            cached_input_tokens: usage.cached_input_tokens.into(),
            cost_usd,
            estimated,
        });
        cost_usd
    }

    /// What a model costs.
    pub(super) fn price(&self, model: &str) -> Option<Price> {
        self.prices.of(model)
    }

    /// Says that calls may still come, until the token is dropped.
    pub fn running(&self) -> TaskTrackerToken {
        self.running.token()
    }

    /// Waits until no more calls come. A turn that is cancelled ends a moment after whoever cancelled it went on, and its
    /// last call is counted then.
    pub async fn settled(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A JSON number with all its digits, or null.
fn exact<S: Serializer>(cost: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = cost.map(|cost| cost.normalize().to_string().parse::<serde_json::Number>());
    number.transpose().map_err(serde::ser::Error::custom)?.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ledger() -> Arc<Ledger> {
        Ledger::new(Arc::new(Prices::bedrock()))
    }

    fn used(input_tokens: u32, output_tokens: u32) -> TokenUsage {
        TokenUsage { input_tokens, output_tokens, ..TokenUsage::default() }
    }

    #[test]
    fn calls_add_up_by_agent_and_model() {
        let ledger = ledger();
        let (lite, supervisor, invoices) = ("amazon.nova-lite-v1:0".into(), "supervisor".into(), "invoices".into());
        ledger.count(&supervisor, &lite, used(1_000, 10), false);
        ledger.count(&invoices, &lite, used(2_000, 20), false);
        ledger.count(&invoices, &lite, used(3_000, 30), true);
        assert_eq!((ledger.tokens(), ledger.calls()), (6_060, 3));
        let expected = json!({
            "calls": 3, "input_tokens": 6000, "output_tokens": 60, "cached_input_tokens": 0, "cost_usd": 0.0003744,
            "estimated": true,
            "by_agent": [
                {
                    "agent_type": "supervisor", "model": "amazon.nova-lite-v1:0",
                    "calls": 1, "input_tokens": 1000, "output_tokens": 10, "cached_input_tokens": 0, "cost_usd": 0.0000624,
                },
                {
                    "agent_type": "invoices", "model": "amazon.nova-lite-v1:0",
                    "calls": 2, "input_tokens": 5000, "output_tokens": 50, "cached_input_tokens": 0, "cost_usd": 0.000312,
                    "estimated": true,
                },
            ],
        });
        assert_eq!(serde_json::to_value(ledger.usage()).unwrap().to_string(), expected.to_string());
    }

    #[test]
    fn a_model_without_a_price_costs_null_and_makes_the_sum_unknown_too() {
        let ledger = ledger();
        assert_eq!(ledger.usage().total.cost_usd, Some(Decimal::ZERO), "no call costs nothing");
        ledger.count(&"invoices".into(), &"llama3.2".into(), used(1_000, 10), false);
        ledger.count(&"invoices".into(), &"amazon.nova-lite-v1:0".into(), used(1_000, 10), false);
        let usage = serde_json::to_value(ledger.usage()).unwrap();
        assert_eq!(usage["cost_usd"], json!(null));
        assert_eq!(usage["by_agent"][0]["cost_usd"], json!(null));
        assert_eq!(usage["by_agent"][1]["cost_usd"].to_string(), "0.0000624");
        assert_eq!(usage["input_tokens"], 2_000);
    }

    #[tokio::test]
    async fn it_is_settled_when_nothing_runs_for_it_any_more() {
        let ledger = ledger();
        ledger.settled().await;
        let running = ledger.running();
        let waits = tokio::spawn({
            let ledger = Arc::clone(&ledger);
            async move { ledger.settled().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        drop(running);
        waits.await.unwrap();
    }
}
