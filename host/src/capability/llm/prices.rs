//! What models cost, as data: tables that come with the host, and the operator's own.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

use super::TokenUsage;

const BEDROCK: &str = include_str!("prices/bedrock.toml");
const OPENAI: &str = include_str!("prices/openai.toml");

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    #[serde(deserialize_with = "dollars")]
    pub input: Decimal,
    /// Tokens written.
    #[serde(deserialize_with = "dollars")]
    pub output: Decimal,
    /// Tokens read from the provider's cache; as `input` without it.
    #[serde(default, deserialize_with = "some_dollars")]
    pub cached_input: Option<Decimal>,
}

impl Price {
    /// What so many tokens cost, in US dollars.
    pub fn of(&self, usage: TokenUsage) -> Decimal {
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let fresh = self.input * Decimal::from(usage.input_tokens - cached);
        let cached = self.cached_input.unwrap_or(self.input) * Decimal::from(cached);
        let written = self.output * Decimal::from(usage.output_tokens);
        ((fresh + cached + written) * Decimal::new(1, 6)).normalize()
    }
}

/// Prices by model.
#[derive(Debug, Default)]
pub struct Prices(HashMap<String, Price>);

/// Why a price table can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PriceError(String);

impl Prices {
    /// The prices of models on Amazon Bedrock.
    pub fn bedrock() -> Self {
        Self::parse(BEDROCK).expect("a test reads the table")
    }

    /// OpenAI's prices. Other servers with its API have none that could be known here.
    pub fn openai() -> Self {
        Self::parse(OPENAI).expect("a test reads the table")
    }

    /// Reads a TOML table of `"model" = { input = "0.06", output = "0.24", cached_input = "0.015" }`.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let prices: HashMap<String, Price> = toml::from_str(text).map_err(|error| PriceError(error.to_string()))?;
        let is_paid_out = |price: &Price| {
            [price.input, price.output, price.cached_input.unwrap_or_default()].iter().any(Decimal::is_sign_negative)
        };
        match prices.iter().find(|(_, price)| is_paid_out(price)) {
            Some((model, _)) => Err(PriceError(format!("the price of {model} is below zero"))),
            None => Ok(Self(prices)),
        }
    }

    /// These prices, and those in the place of what is here for the same models.
    pub fn overridden(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The price of a model, by its name; of an ARN, by the name at its end. None for a model that is not listed.
    pub fn of(&self, model: &str) -> Option<Price> {
        let name = model.rsplit_once('/').filter(|_| model.starts_with("arn:")).map_or(model, |(_, name)| name);
        let listed = self.0.get(model).or_else(|| self.0.get(name));
        listed.or_else(|| self.0.get(undated(name)?)).copied()
    }
}

/// `gpt-4o` of `gpt-4o-2024-11-20`.
fn undated(model: &str) -> Option<&str> {
    let (name, date) = model.split_at_checked(model.len().checked_sub("-2024-11-20".len())?)?;
    let is_date = date.bytes().enumerate().all(|(at, byte)| match at {
        0 | 5 | 8 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_date.then_some(name)
}

/// Text, so that no figure passes through a binary float; a number is taken as it is written.
fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        _ => String::new(),
    };
    text.parse().map_err(|_| serde::de::Error::custom("a price is a decimal number such as \"0.06\""))
}

fn some_dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    dollars(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_tables_that_come_with_the_host_can_be_read_and_know_the_default_model() {
        let lite = Prices::bedrock().of("amazon.nova-lite-v1:0").unwrap();
        assert_eq!((lite.input, lite.output), (dollars("0.06"), dollars("0.24")));
        assert_eq!(lite.cached_input, Some(dollars("0.015")));
        assert!(Prices::openai().of("gpt-4o-mini").is_some());
        for prices in [Prices::bedrock(), Prices::openai()] {
            for (model, price) in prices.0 {
                let (cached, whole) = (price.cached_input.unwrap_or(price.input), price.input);
                assert!(!cached.is_zero() && cached <= whole && whole <= price.output, "{model}");
                assert!(price.output < dollars("100"), "{model} is priced per million tokens");
            }
        }
    }

    #[test]
    fn a_cost_is_exact_and_cached_tokens_are_a_part_of_those_read() {
        let usage =
            TokenUsage { input_tokens: 4_321, output_tokens: 87, cached_input_tokens: 4_000, ..TokenUsage::default() };
        let cost = Prices::bedrock().of("amazon.nova-lite-v1:0").unwrap().of(usage);
        // 321 × 0.06 + 4,000 × 0.015 + 87 × 0.24 = 100.14
        assert_eq!(cost.to_string(), "0.00010014");
        let more_cached_than_read =
            TokenUsage { input_tokens: 10, output_tokens: 0, cached_input_tokens: 20, ..TokenUsage::default() };
        let price = Price { input: dollars("1"), output: dollars("2"), cached_input: None };
        assert_eq!(price.of(more_cached_than_read), dollars("0.00001"));
    }

    #[test]
    fn a_model_is_found_by_what_a_provider_may_call_it_and_an_unknown_one_has_no_price() {
        let bedrock = Prices::bedrock();
        let profile = "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0";
        assert_eq!(bedrock.of(profile), bedrock.of("eu.amazon.nova-lite-v1:0"));
        assert_ne!(bedrock.of(profile), bedrock.of("amazon.nova-lite-v1:0"));
        let openai = Prices::openai();
        assert_eq!(openai.of("gpt-4o-2024-11-20"), openai.of("gpt-4o"));
        assert_ne!(openai.of("gpt-4o-2024-05-13"), openai.of("gpt-4o"));
        for unknown in ["", "llama3.2", "gpt-4o-2024-11-2x", "gpt-4o-mini-audio", "-2024-11-20", "日本語のモデル名前"]
        {
            assert_eq!(openai.of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_operators_prices_come_first_and_faults_in_them_are_named() {
        let own = r#"
            "amazon.nova-lite-v1:0" = { input = "0.05", output = 0.2 }
            "our-model" = { input = 1, output = "2" }
        "#;
        let prices = Prices::bedrock().overridden(Prices::parse(own).unwrap());
        assert_eq!(prices.of("amazon.nova-lite-v1:0").unwrap().output, dollars("0.2"));
        assert_eq!(prices.of("our-model").unwrap().input, Decimal::ONE);
        assert!(prices.of("amazon.nova-pro-v1:0").is_some());
        for (fault, named) in [
            (r#""m" = { input = "x", output = "1" }"#, "decimal"),
            (r#""m" = { input = "1" }"#, "output"),
            (r#""m" = { input = "1", output = "1", outputs = "1" }"#, "outputs"),
            (r#""m" = { input = "-1", output = "1" }"#, "below zero"),
        ] {
            let error = Prices::parse(fault).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
