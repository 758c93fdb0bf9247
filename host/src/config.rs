//! The environment, read once.
//!
//! - [`environment`]: where variables come from, and how one is read.
//! - The rest, a struct per concern: what each variable means is said at its field.
//!
//! Nothing here falls back in silence: a value that can't be used is a problem, and all problems are told at once.

pub mod environment;
mod limits;
mod rules;
mod settings;
mod telemetry;

use std::fmt;

pub use environment::{DotenvError, Environment, Variables};
pub use limits::{CorsOrigins, LimitConfig};
pub use settings::{
    AuthConfig, GuardrailConfig, LlmConfig, LlmProvider, PathConfig, PluginConfig, ServerConfig, SupabaseConfig,
};

pub use telemetry::{Sampler, TelemetryConfig, TracesConfig};

use chrono_tz::Tz;
use environment::Reader;

/// Where the host runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A developer's machine: a token is optional.
    Development,
    /// The first deployed stage.
    Beta,
    /// The last stage before production.
    Gamma,
    /// Production.
    Production,
}

impl Stage {
    /// As `ENVIRONMENT` and the health check spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Beta => "beta",
            Self::Gamma => "gamma",
            Self::Production => "production",
        }
    }

    /// Whether real users are served: every stage but development.
    pub fn is_deployed(self) -> bool {
        self != Self::Development
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything that the host is told from outside. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ENVIRONMENT`: development (default), beta, gamma or production.
    pub stage: Stage,
    /// The HTTP server.
    pub server: ServerConfig,
    /// The Supabase project; none only in development, where the health check says so.
    pub supabase: Option<SupabaseConfig>,
    /// Who may do what.
    pub auth: AuthConfig,
    /// How much one user or one address may ask for.
    pub limits: LimitConfig,
    /// `CORS_ORIGINS`: whose pages may call this host from a browser. Default any in development, none elsewhere.
    pub cors: CorsOrigins,
    /// The language model.
    pub llm: LlmConfig,
    /// The agents.
    pub plugins: PluginConfig,
    /// Directories of the host's own.
    pub paths: PathConfig,
    /// `LOG_LEVEL`: error, warn, info (default), debug, trace or off, or directives as in `info,canvalo=debug`.
    pub log_level: String,
    /// Traces and metrics.
    pub telemetry: TelemetryConfig,
    /// `TIME_ZONE`: the IANA name of the time zone in which agents reckon days. Default `UTC`.
    pub time_zone: Tz,
}

impl Config {
    /// Reads the configuration, or says everything that is wrong with it.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(variables);
        let config = settings::read(&mut reader);
        rules::check(&config, &mut reader);
        match reader.problems.is_empty() {
            true => Ok(config),
            false => Err(ConfigError { problems: reader.problems }),
        }
    }
}

/// Why the host can't start with this environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// One sentence each: which variable, what is wrong, what would be right. No secret is quoted.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
