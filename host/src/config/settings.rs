//! The settings, a struct per concern, and how each is read.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use reqwest::Url;
use rust_decimal::Decimal;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use super::environment::Reader;
use super::{Config, Stage, limits, telemetry};
use crate::capability::llm::budget::DayLimits;

/// OpenAI's own address.
const OPENAI: &str = "https://api.openai.com/v1";

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `API_HOST`: the address to listen on. Default `127.0.0.1`; a container needs `0.0.0.0`.
    pub host: IpAddr,
    /// `API_PORT`: the port to listen on, 0 for any that is free. Default 8000.
    pub port: u16,
}

/// The Supabase project.
#[derive(Debug, Clone)]
pub struct SupabaseConfig {
    /// `SUPABASE_URL`: `https://<project>.supabase.co`, without a slash at the end.
    pub url: String,
    /// `SUPABASE_PUB_KEY`, or its older name `SUPABASE_ANON_KEY`: the publishable key.
    pub publishable_key: SecretString,
    /// `SUPABASE_JWT_SECRET`: the project's shared (legacy) secret, of at least 32 bytes. With it, HS256 tokens are taken as
    /// well as those signed with a key that the project publishes; and in development, tokens are made.
    pub jwt_secret: Option<SecretString>,
}

/// Who may do what.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// `ADMIN_API_KEY`: what operators send, of at least 32 bytes. Required outside development.
    pub admin_key: Option<SecretString>,
    /// `SYSTEM_USER_ID`: the user of a request that names none, in development. Default the nil UUID.
    pub system_user: Uuid,
}

/// The language model.
#[derive(Debug, Clone)]
pub struct LlmConfig {
    /// `LLM_PROVIDER`: bedrock, openai, offline or scripted. Default bedrock where the environment holds AWS credentials, else
    /// offline.
    pub provider: LlmProvider,
    /// Whether the provider was chosen here, as `LLM_PROVIDER` is not set. A start in offline then says why.
    pub is_default: bool,
    /// `BEDROCK_MODEL_ID`. Default `amazon.nova-lite-v1:0`.
    pub model_id: String,
    /// `BEDROCK_FALLBACK_MODEL_ID`: the model that is asked when the first one is throttled or unavailable, as long as the
    /// user has seen nothing of an answer. None without it.
    pub fallback_model_id: Option<String>,
    /// What reads along. None without `BEDROCK_GUARDRAIL_ID`.
    pub guardrail: Option<GuardrailConfig>,
    /// `LLM_CONTEXT_TOKENS`: the model's window, 8,000 to 1,000,000 tokens, its answer included. No call is longer. Default
    /// 32,000: as much as most local models take, and in the 300,000 of `nova-lite` every long conversation would cost
    /// more and gain little. A server with a smaller window forgets the beginning without a word, so it must be told
    /// here; under 16,000, answers from many rows don't fit.
    pub context_tokens: u32,
    /// `LLM_TURN_TOKENS`: the tokens, read and written, that one message may use over all its model calls, 20,000 to
    /// 10,000,000. Default 200,000: an answer of three agents takes some 40,000.
    pub turn_tokens: u64,
    /// `LLM_DAILY_TOKENS` and `LLM_DAILY_COST_USD`: what each user may use on one day, in UTC. No limit without them: how
    /// much is right depends on the model's price and on what users do.
    pub day: DayLimits,
    /// `LLM_PRICES`: a TOML file with prices of models, which come before those that the host knows.
    pub prices: Option<PathBuf>,
    /// `AWS_REGION`, or `AWS_DEFAULT_REGION`. AWS's own sources apply without it.
    pub region: Option<String>,
    /// `AWS_PROFILE`: a profile of the AWS configuration files.
    pub profile: Option<String>,
    /// `BEDROCK_ENDPOINT_URL`: another address for Bedrock, as a private endpoint has one.
    pub endpoint: Option<String>,
    /// `OPENAI_API_KEY`: what the server of `LLM_PROVIDER=openai` knows the host by. OpenAI needs one, local servers don't.
    pub openai_key: Option<SecretString>,
}

/// A guardrail of Amazon Bedrock, for both models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailConfig {
    /// `BEDROCK_GUARDRAIL_ID`: its id or ARN.
    pub id: String,
    /// `BEDROCK_GUARDRAIL_VERSION`: `DRAFT`, or the number of a version.
    pub version: String,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LlmProvider {
    /// Amazon Bedrock.
    Bedrock,
    /// A server that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp.
    OpenAi {
        /// `OPENAI_BASE_URL`: its address, up to the version and without a slash at the end. Default
        /// `https://api.openai.com/v1`.
        base_url: String,
        /// `OPENAI_MODEL`: the model, as the server calls it.
        model: String,
    },
    /// No model: a deterministic stand-in that needs no credentials.
    Offline,
    /// Answers from a file, for tests.
    Scripted {
        /// `LLM_SCRIPT`: the file.
        script: PathBuf,
    },
}

/// The agents.
#[derive(Debug, Clone)]
pub struct PluginConfig {
    /// `CANVALO_PLUGIN_DIR`: where the plugins lie. Default `../plugins` as seen from the executable.
    pub directory: PathBuf,
    /// `CANVALO_MAX_TURNS`: how many agents may run at the same time, 1 to 4096. Default 64. Each may take 64 MiB.
    pub max_turns: u32,
}

/// Directories of the host's own.
#[derive(Debug, Clone)]
pub struct PathConfig {
    /// `CANVALO_HOME`: the private database and what else the host keeps. Default `.canvalo`.
    pub home: PathBuf,
    /// `CANVALO_CACHE_DIR`: compiled plugins. Default `<CANVALO_HOME>/cache`.
    pub cache: PathBuf,
}

/// Reads all settings; where one is wrong a default stands in, and the reader knows.
pub(super) fn read(reader: &mut Reader<'_>) -> Config {
    let home = reader.text("CANVALO_HOME").map_or_else(|| PathBuf::from(".canvalo"), PathBuf::from);
    let cache = reader.text("CANVALO_CACHE_DIR").map_or_else(|| home.join("cache"), PathBuf::from);
    let stage = reader.parsed("ENVIRONMENT", stage).unwrap_or(Stage::Development);
    Config {
        stage,
        server: ServerConfig {
            host: reader.parsed("API_HOST", host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: reader
                .parsed("API_PORT", |port| port.parse().map_err(|_| "a port, 0 to 65535".into()))
                .unwrap_or(8000),
        },
        supabase: supabase(reader),
        auth: AuthConfig {
            admin_key: reader.secret("ADMIN_API_KEY"),
            system_user: reader
                .parsed("SYSTEM_USER_ID", |id| Uuid::try_parse(id).map_err(|_| "a UUID".into()))
                .unwrap_or_default(),
        },
        limits: limits::limits(reader, stage),
        cors: limits::cors(reader, stage),
        llm: llm(reader),
        plugins: PluginConfig {
            directory: reader.text("CANVALO_PLUGIN_DIR").map_or_else(plugin_directory, PathBuf::from),
            max_turns: reader.parsed("CANVALO_MAX_TURNS", max_turns).unwrap_or(64),
        },
        paths: PathConfig { home, cache },
        log_level: reader.parsed("LOG_LEVEL", log_level).unwrap_or_else(|| "info".to_owned()),
        telemetry: telemetry::read(reader),
        time_zone: reader
            .parsed("TIME_ZONE", |zone| {
                zone.parse().map_err(|_| "an IANA time zone, such as America/New_York or UTC".into())
            })
            .unwrap_or(chrono_tz::UTC),
    }
}

fn stage(name: &str) -> Result<Stage, String> {
    [Stage::Development, Stage::Beta, Stage::Gamma, Stage::Production]
        .into_iter()
        .find(|stage| stage.as_str() == name)
        .ok_or_else(|| "development, beta, gamma or production".to_owned())
}

fn host(host: &str) -> Result<IpAddr, String> {
    match host {
        "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        host => host.parse().map_err(|_| "an IP address, such as 127.0.0.1 or 0.0.0.0".to_owned()),
    }
}

fn max_turns(number: &str) -> Result<u32, String> {
    number.parse().ok().filter(|n| (1..=4096).contains(n)).ok_or_else(|| "a number from 1 to 4096".to_owned())
}

fn context_tokens(number: &str) -> Result<u32, String> {
    let tokens = number.parse().ok().filter(|n| (8_000..=1_000_000).contains(n));
    tokens.ok_or_else(|| "a number of tokens from 8000 to 1000000".to_owned())
}

fn turn_tokens(number: &str) -> Result<u64, String> {
    let tokens = number.parse().ok().filter(|n| (20_000..=10_000_000).contains(n));
    tokens.ok_or_else(|| "a number of tokens from 20000 to 10000000".to_owned())
}

/// A single call may need some 30,000.
fn daily_tokens(number: &str) -> Result<u64, String> {
    number.parse().ok().filter(|n| *n >= 50_000).ok_or_else(|| "a number of tokens from 50000".to_owned())
}

fn daily_cost(dollars: &str) -> Result<Decimal, String> {
    let cost = dollars.parse().ok().filter(|cost| *cost > Decimal::ZERO);
    cost.ok_or_else(|| "US dollars above 0, such as 0.50".to_owned())
}

/// A bare word must be a level: the filter's own syntax would take any other for the name of a module.
fn log_level(level: &str) -> Result<String, String> {
    let level = level.to_ascii_lowercase();
    let level = if level == "warning" { "warn".to_owned() } else { level };
    let known = |word: &str| ["error", "warn", "info", "debug", "trace", "off"].contains(&word.trim());
    let valid = level.split(',').all(|part| known(part) || part.contains('=')) && EnvFilter::try_new(&level).is_ok();
    valid.then_some(level).ok_or_else(|| "error, warn, info, debug, trace or off".to_owned())
}

/// An http or https address, without a slash at the end.
fn address(address: &str) -> Result<String, String> {
    let takes =
        || "an address like https://project.supabase.co: http or https, a host, and nothing behind it".to_owned();
    let url = Url::parse(address).map_err(|_| takes())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain {
        return Err(takes());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn supabase(reader: &mut Reader<'_>) -> Option<SupabaseConfig> {
    let is_set = reader.is_set("SUPABASE_URL");
    let url = reader.parsed("SUPABASE_URL", address);
    let publishable_key = reader.secret("SUPABASE_PUB_KEY").or_else(|| reader.secret("SUPABASE_ANON_KEY"));
    match (is_set, &publishable_key) {
        (true, None) => {
            reader.problem("SUPABASE_PUB_KEY is not set: it is the publishable key of the project at SUPABASE_URL")
        }
        (false, Some(_)) => {
            reader.problem("SUPABASE_URL is not set, but the project's publishable key is: set both or none")
        }
        _ => {}
    }
    let jwt_secret = reader.secret("SUPABASE_JWT_SECRET");
    Some(SupabaseConfig { url: url?, publishable_key: publishable_key?, jwt_secret })
}

fn llm(reader: &mut Reader<'_>) -> LlmConfig {
    let named = reader.parsed("LLM_PROVIDER", |name| match name {
        "bedrock" | "openai" | "offline" | "scripted" => Ok(name.to_owned()),
        _ => Err("bedrock, openai, offline or scripted".to_owned()),
    });
    let script = reader.text("LLM_SCRIPT").map(PathBuf::from);
    let provider = match (named.as_deref(), script) {
        (Some("bedrock"), _) => LlmProvider::Bedrock,
        (Some("openai"), _) => openai(reader),
        (Some("scripted"), Some(script)) => LlmProvider::Scripted { script },
        (Some("scripted"), None) => {
            reader.problem("LLM_SCRIPT is not set: LLM_PROVIDER=scripted answers from the file it names");
            LlmProvider::Offline
        }
        (Some(_), _) => LlmProvider::Offline,
        (None, _) if has_aws_credentials(reader) => LlmProvider::Bedrock,
        (None, _) => LlmProvider::Offline,
    };
    let model_id = reader.text("BEDROCK_MODEL_ID").unwrap_or_else(|| "amazon.nova-lite-v1:0".to_owned());
    LlmConfig {
        provider,
        is_default: !reader.is_set("LLM_PROVIDER"),
        fallback_model_id: reader.parsed("BEDROCK_FALLBACK_MODEL_ID", |fallback| match fallback == model_id {
            true => Err("another model than BEDROCK_MODEL_ID".to_owned()),
            false => Ok(fallback.to_owned()),
        }),
        guardrail: guardrail(reader),
        model_id,
        context_tokens: reader.parsed("LLM_CONTEXT_TOKENS", context_tokens).unwrap_or(32_000),
        turn_tokens: reader.parsed("LLM_TURN_TOKENS", turn_tokens).unwrap_or(200_000),
        day: DayLimits {
            tokens: reader.parsed("LLM_DAILY_TOKENS", daily_tokens),
            cost_usd: reader.parsed("LLM_DAILY_COST_USD", daily_cost),
        },
        prices: reader.text("LLM_PRICES").map(PathBuf::from),
        region: reader.text("AWS_REGION").or_else(|| reader.text("AWS_DEFAULT_REGION")),
        profile: reader.text("AWS_PROFILE"),
        endpoint: reader.parsed("BEDROCK_ENDPOINT_URL", address),
        openai_key: reader.secret("OPENAI_API_KEY"),
    }
}

/// Only read where it is chosen: other programs use the same variables.
fn openai(reader: &mut Reader<'_>) -> LlmProvider {
    let takes = "an address like http://localhost:11434/v1: http or https, and nothing behind the path";
    let base_url = reader.parsed("OPENAI_BASE_URL", |url| address(url).map_err(|_| takes.to_owned()));
    let model = reader.text("OPENAI_MODEL").unwrap_or_else(|| {
        reader.problem(
            "OPENAI_MODEL is not set: LLM_PROVIDER=openai needs the name of a model, as the server at OPENAI_BASE_URL \
             calls it",
        );
        String::new()
    });
    LlmProvider::OpenAi { base_url: base_url.unwrap_or_else(|| OPENAI.to_owned()), model }
}

fn guardrail(reader: &mut Reader<'_>) -> Option<GuardrailConfig> {
    let is_number = |text: &str| text.len() <= 8 && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    let (has_id, has_version) = (reader.is_set("BEDROCK_GUARDRAIL_ID"), reader.is_set("BEDROCK_GUARDRAIL_VERSION"));
    if has_id != has_version {
        let missing = if has_id { "BEDROCK_GUARDRAIL_VERSION" } else { "BEDROCK_GUARDRAIL_ID" };
        reader.problem(format!("{missing} is not set: a guardrail has an id and a version"));
    }
    let version =
        reader.parsed("BEDROCK_GUARDRAIL_VERSION", |version| match version == "DRAFT" || is_number(version) {
            true => Ok(version.to_owned()),
            false => Err("DRAFT or the number of a version".to_owned()),
        });
    Some(GuardrailConfig { id: reader.text("BEDROCK_GUARDRAIL_ID")?, version: version? })
}

/// Whether the environment tells AWS's tools where credentials are. Files and instance roles are not looked for: that
/// takes a second or more where there are none.
fn has_aws_credentials(reader: &Reader<'_>) -> bool {
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]
    .iter()
    .any(|name| reader.is_set(name))
}

fn plugin_directory() -> PathBuf {
    let executable = std::env::current_exe().ok();
    let beside = executable.as_deref().and_then(|path| path.parent()).map(|directory| directory.join("../plugins"));
    beside.unwrap_or_else(|| PathBuf::from("plugins"))
}
