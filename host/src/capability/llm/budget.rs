//! What model calls may use. What a call may need at most is set aside before it; what it didn't use comes back after it.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rust_decimal::Decimal;

use super::metered::Metered;
use super::prices::Price;
use super::usage::Ledger;
use super::{LanguageModel, LlmError, TokenUsage};

/// A limit that a call would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The tokens of one message.
    TurnTokens,
    /// A user's tokens of one day.
    DayTokens,
    /// What a user may cost on one day.
    DayCost,
}

impl Limit {
    /// As streams and metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TurnTokens => "turn_tokens",
            Self::DayTokens => "day_tokens",
            Self::DayCost => "day_cost",
        }
    }
}

/// What a user may use on one day. None is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayLimits {
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// US dollars. Models without a price count nothing.
    pub cost_usd: Option<Decimal>,
}

impl DayLimits {
    /// Whether there is any.
    pub fn are_set(&self) -> bool {
        self.tokens.is_some() || self.cost_usd.is_some()
    }
}

/// Tokens and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Tokens, read and written.
    pub tokens: u64,
    /// US dollars, as far as prices are known.
    pub cost_usd: Decimal,
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        let tokens = self.tokens.saturating_add(other.tokens);
        Self { tokens, cost_usd: self.cost_usd.saturating_add(other.cost_usd) }
    }

    fn minus(self, other: Self) -> Self {
        let tokens = self.tokens.saturating_sub(other.tokens);
        Self { tokens, cost_usd: self.cost_usd.saturating_sub(other.cost_usd).max(Decimal::ZERO) }
    }
}

/// One user's day, shared by all of the user's turns.
#[derive(Debug, Default)]
pub struct Day {
    limits: DayLimits,
    /// What was used, and what calls under way may still use.
    used: Mutex<(Amount, Amount)>,
}

impl Day {
    /// A day of which nothing is used.
    pub fn new(limits: DayLimits) -> Self {
        Self { limits, used: Mutex::default() }
    }

    /// Takes in what other records say was used. What is counted here already may be among it.
    pub fn at_least(&self, recorded: Amount) {
        let mut used = self.used();
        used.0.tokens = used.0.tokens.max(recorded.tokens);
        used.0.cost_usd = used.0.cost_usd.max(recorded.cost_usd);
    }

    /// What was used so far.
    pub fn used_so_far(&self) -> Amount {
        self.used().0
    }

    fn reserve(&self, needed: Amount) -> Result<(), Limit> {
        let mut used = self.used();
        let then = used.0.plus(used.1).plus(needed);
        if self.limits.tokens.is_some_and(|limit| then.tokens > limit) {
            return Err(Limit::DayTokens);
        }
        if self.limits.cost_usd.is_some_and(|limit| then.cost_usd > limit) {
            return Err(Limit::DayCost);
        }
        used.1 = used.1.plus(needed);
        Ok(())
    }

    fn settle(&self, reserved: Amount, taken: Amount) {
        let mut used = self.used();
        used.1 = used.1.minus(reserved);
        used.0 = used.0.plus(taken);
    }

    fn used(&self) -> MutexGuard<'_, (Amount, Amount)> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one turn uses and may use: the ledger it is counted in, its own budget, and its user's day.
pub struct Account {
    ledger: Arc<Ledger>,
    /// Tokens that are left to the turn.
    left: Mutex<u64>,
    day: Option<Arc<Day>>,
    refused: OnceLock<Limit>,
}

impl Account {
    /// A turn that may use so many tokens. Without a day, the turn's own budget is the only one.
    pub fn new(ledger: Arc<Ledger>, tokens: u64, day: Option<Arc<Day>>) -> Arc<Self> {
        Arc::new(Self { ledger, left: Mutex::new(tokens), day, refused: OnceLock::new() })
    }

    /// Where the turn's calls are counted.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The limit that a call was refused for, if one was.
    pub fn refused(&self) -> Option<Limit> {
        self.refused.get().copied()
    }

    /// A model whose calls are this agent's, in this turn: counted, and refused when they would be too much.
    pub fn meter(self: &Arc<Self>, model: &Arc<dyn LanguageModel>, agent: &str) -> Arc<dyn LanguageModel> {
        Arc::new(Metered::new(Arc::clone(model), Arc::clone(self), agent))
    }

    /// Sets aside what a call may use at most.
    pub(super) fn reserve(&self, input: u32, output: u32, price: Option<Price>) -> Result<Amount, LlmError> {
        let most = TokenUsage { input_tokens: input, output_tokens: output, ..TokenUsage::default() };
        let needed = amount(most, price.map(|price| price.of(most)));
        let reserved = self.take(needed.tokens).and_then(|()| {
            let Some(day) = &self.day else { return Ok(()) };
            day.reserve(needed).inspect_err(|_| self.give_back(needed.tokens))
        });
        reserved.map(|()| needed).map_err(|limit| {
            if self.refused.set(limit).is_ok() {
                metrics::counter!("canvalo_limits_hit_total", "limit" => limit.as_str()).increment(1);
            }
            LlmError::BudgetSpent(format!("{}: the call may need {} tokens", limit.as_str(), needed.tokens))
        })
    }

    /// Puts what a call used in the place of what was set aside for it. A call that broke off costs the turn all that it
    /// might have used, as nobody knows what it did.
    pub(super) fn settle(&self, reserved: Amount, usage: TokenUsage, cost_usd: Option<Decimal>, broke_off: bool) {
        let used = amount(usage, cost_usd);
        if !broke_off {
            let mut left = self.left();
            *left = left.saturating_add(reserved.tokens).saturating_sub(used.tokens);
        }
        if let Some(day) = &self.day {
            day.settle(reserved, used);
        }
    }

    fn take(&self, tokens: u64) -> Result<(), Limit> {
        let mut left = self.left();
        *left = left.checked_sub(tokens).ok_or(Limit::TurnTokens)?;
        Ok(())
    }

    fn give_back(&self, tokens: u64) {
        *self.left() += tokens;
    }

    fn left(&self) -> MutexGuard<'_, u64> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn amount(usage: TokenUsage, cost_usd: Option<Decimal>) -> Amount {
    let tokens = u64::from(usage.input_tokens) + u64::from(usage.output_tokens);
    Amount { tokens, cost_usd: cost_usd.unwrap_or_default() }
}

#[cfg(test)]
mod tests;
