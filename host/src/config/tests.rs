use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;

use super::*;
use crate::capability::llm::budget::DayLimits;

const JWT_SECRET: &str = "a-shared-secret-of-at-least-32-bytes";
const ADMIN_KEY: &str = "0123456789abcdef0123456789abcdef";

fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let variables: HashMap<_, _> = variables.iter().copied().collect();
    Config::read(&|name: &str| variables.get(name).map(|value| (*value).to_owned())).map_err(|error| error.problems)
}

fn deployed<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut variables = vec![
        ("ENVIRONMENT", "production"),
        ("SUPABASE_URL", "https://project.supabase.co"),
        ("SUPABASE_PUB_KEY", "sb_publishable_x"),
        ("SUPABASE_JWT_SECRET", JWT_SECRET),
        ("ADMIN_API_KEY", ADMIN_KEY),
        ("LLM_PROVIDER", "bedrock"),
    ];
    for (name, value) in changes {
        variables.retain(|(other, _)| other != name);
        variables.push((name, value));
    }
    variables
}

fn jwt(claims: &str) -> String {
    format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn an_empty_environment_is_a_development_host_with_the_defaults() {
    let config = read(&[]).unwrap();
    assert_eq!(config.stage, Stage::Development);
    assert_eq!((config.server.host.to_string().as_str(), config.server.port), ("127.0.0.1", 8000));
    assert!(config.supabase.is_none());
    assert!(config.auth.admin_key.is_none());
    assert_eq!(config.auth.system_user, uuid::Uuid::nil());
    assert_eq!(config.llm.provider, LlmProvider::Offline);
    assert!(config.llm.is_default);
    assert_eq!(config.llm.model_id, "amazon.nova-lite-v1:0");
    assert_eq!(config.llm.context_tokens, 32_000);
    assert!(config.plugins.directory.ends_with("../plugins"));
    assert_eq!(config.plugins.max_turns, 64);
    assert_eq!((config.limits.user_per_minute, config.limits.address_per_minute), (60_000, 60_000));
    assert_eq!((config.limits.turns_per_user, config.limits.trusted_proxies.len()), (4096, 0));
    assert_eq!(config.cors, CorsOrigins::Any);
    assert_eq!(config.paths.home, Path::new(".canvalo"));
    assert_eq!(config.paths.cache, Path::new(".canvalo/cache"));
    assert_eq!(config.log_level, "info");
    assert_eq!(config.time_zone, chrono_tz::UTC);
}

#[test]
fn every_variable_reaches_its_field() {
    let config = read(&[
        ("ENVIRONMENT", "beta"),
        ("API_HOST", "0.0.0.0"),
        ("API_PORT", "9000"),
        ("SUPABASE_URL", "http://127.0.0.1:54321/"),
        ("SUPABASE_ANON_KEY", "sb_publishable_x"),
        ("SUPABASE_JWT_SECRET", JWT_SECRET),
        ("ADMIN_API_KEY", ADMIN_KEY),
        ("SYSTEM_USER_ID", "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11"),
        ("LLM_PROVIDER", "scripted"),
        ("LLM_SCRIPT", "/tmp/script.json"),
        ("BEDROCK_MODEL_ID", "amazon.nova-pro-v1:0"),
        ("BEDROCK_FALLBACK_MODEL_ID", "amazon.nova-micro-v1:0"),
        ("BEDROCK_GUARDRAIL_ID", "gr1abc"),
        ("BEDROCK_GUARDRAIL_VERSION", "3"),
        ("BEDROCK_ENDPOINT_URL", "http://127.0.0.1:1234/"),
        ("LLM_CONTEXT_TOKENS", "128000"),
        ("LLM_TURN_TOKENS", "300000"),
        ("LLM_DAILY_TOKENS", "2000000"),
        ("LLM_DAILY_COST_USD", "1.50"),
        ("LLM_PRICES", "/etc/canvalo/prices.toml"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_PROFILE", "canvalo"),
        ("CANVALO_HOME", "/var/lib/canvalo"),
        ("CANVALO_PLUGIN_DIR", "/opt/plugins"),
        ("CANVALO_MAX_TURNS", "8"),
        ("CANVALO_MAX_TURNS_PER_USER", "2"),
        ("RATE_LIMIT_USER_PER_MINUTE", "30"),
        ("RATE_LIMIT_ADDRESS_PER_MINUTE", "300"),
        ("RATE_LIMIT_ADMIN_PER_MINUTE", "60"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32"),
        ("CORS_ORIGINS", "https://app.example.com, http://localhost:3000"),
        ("LOG_LEVEL", "WARNING"),
        ("TIME_ZONE", "America/New_York"),
    ])
    .unwrap();
    assert_eq!(config.stage, Stage::Beta);
    assert_eq!((config.server.host.to_string().as_str(), config.server.port), ("0.0.0.0", 9000));
    let supabase = config.supabase.unwrap();
    assert_eq!(supabase.url, "http://127.0.0.1:54321");
    assert_eq!(supabase.publishable_key.expose_secret(), "sb_publishable_x");
    assert_eq!(supabase.jwt_secret.unwrap().expose_secret(), JWT_SECRET);
    assert_eq!(config.auth.admin_key.unwrap().expose_secret(), ADMIN_KEY);
    assert_eq!(config.auth.system_user.to_string(), "6f1c1c8e-0b8a-4c1e-9d53-0c7f0a4f3b11");
    assert_eq!(config.llm.provider, LlmProvider::Scripted { script: "/tmp/script.json".into() });
    assert!(!config.llm.is_default);
    assert_eq!(config.llm.model_id, "amazon.nova-pro-v1:0");
    assert_eq!(config.llm.fallback_model_id.as_deref(), Some("amazon.nova-micro-v1:0"));
    let guardrail = config.llm.guardrail.unwrap();
    assert_eq!((guardrail.id.as_str(), guardrail.version.as_str()), ("gr1abc", "3"));
    assert_eq!((config.llm.context_tokens, config.llm.turn_tokens), (128_000, 300_000));
    let day = DayLimits { tokens: Some(2_000_000), cost_usd: Some("1.5".parse().unwrap()) };
    assert_eq!((config.llm.day, config.llm.prices.as_deref()), (day, Some(Path::new("/etc/canvalo/prices.toml"))));
    assert_eq!(config.llm.endpoint.as_deref(), Some("http://127.0.0.1:1234"));
    assert_eq!(config.llm.region.as_deref(), Some("eu-central-1"));
    assert_eq!(config.llm.profile.as_deref(), Some("canvalo"));
    assert_eq!(config.plugins.directory, Path::new("/opt/plugins"));
    assert_eq!(config.plugins.max_turns, 8);
    let limits = config.limits;
    assert_eq!((limits.user_per_minute, limits.address_per_minute, limits.turns_per_user), (30, 300, 2));
    assert_eq!(limits.admin_per_minute, 60);
    let proxies: Vec<String> = limits.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
    let origins = ["https://app.example.com".to_owned(), "http://localhost:3000".to_owned()];
    assert_eq!(config.cors, CorsOrigins::Only(origins.to_vec()));
    assert_eq!(config.paths.home, Path::new("/var/lib/canvalo"));
    assert_eq!(config.paths.cache, Path::new("/var/lib/canvalo/cache"));
    assert_eq!(config.log_level, "warn");
    assert_eq!(config.time_zone, chrono_tz::America::New_York);
}

#[test]
fn a_value_that_cannot_be_used_is_a_problem_and_never_a_default() {
    for (name, value) in [
        ("ENVIRONMENT", "prod"),
        ("ENVIRONMENT", "Production"),
        ("API_HOST", "example.com"),
        ("API_PORT", "99999"),
        ("API_PORT", "-1"),
        ("API_PORT", "http"),
        ("SYSTEM_USER_ID", "system"),
        ("LLM_PROVIDER", "gpt"),
        ("LLM_PROVIDER", "OpenAI"),
        ("BEDROCK_ENDPOINT_URL", "localhost"),
        ("LLM_CONTEXT_TOKENS", "4096"),
        ("LLM_CONTEXT_TOKENS", "32k"),
        ("LLM_TURN_TOKENS", "1000"),
        ("LLM_DAILY_TOKENS", "0"),
        ("LLM_DAILY_TOKENS", "unlimited"),
        ("LLM_DAILY_COST_USD", "0"),
        ("LLM_DAILY_COST_USD", "-1"),
        ("LLM_DAILY_COST_USD", "$1"),
        ("CANVALO_MAX_TURNS", "0"),
        ("CANVALO_MAX_TURNS", "many"),
        ("CANVALO_MAX_TURNS_PER_USER", "0"),
        ("RATE_LIMIT_USER_PER_MINUTE", "0"),
        ("RATE_LIMIT_ADDRESS_PER_MINUTE", "1000001"),
        ("RATE_LIMIT_ADMIN_PER_MINUTE", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("CORS_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "https://app.example.com/path"),
        ("CORS_ORIGINS", "https://*.example.com"),
        ("CORS_ORIGINS", "https://app.example.com,*"),
        ("CORS_ORIGINS", "null"),
        ("BEDROCK_FALLBACK_MODEL_ID", "amazon.nova-lite-v1:0"),
        ("LOG_LEVEL", "loud"),
        ("LOG_LEVEL", "info,loud"),
        ("LOG_LEVEL", "canvalo=loud"),
        ("TIME_ZONE", "Mars/Olympus"),
    ] {
        let problems = read(&[(name, value)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{name}={value}: {problems:?}");
        assert!(problems[0].starts_with(&format!("{name} is {value:?}, but must be ")), "{problems:?}");
    }
    for url in [
        "project.supabase.co",
        "localhost:54321",
        "ftp://x",
        "https://",
        "https://a@x.co",
        "https://:b@x.co",
        "https://x.co?a=b",
        "https://x.co/#a",
    ] {
        let problems = read(&[("SUPABASE_URL", url), ("SUPABASE_PUB_KEY", "k")]).unwrap_err();
        assert_eq!(problems.len(), 1, "{url}: {problems:?}");
        assert!(problems[0].starts_with("SUPABASE_URL is "), "{problems:?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let variables: HashMap<_, _> =
        [("API_PORT", "99999"), ("TIME_ZONE", "x"), ("LLM_PROVIDER", "scripted"), ("SUPABASE_URL", "https://x.co")]
            .into();
    let error = Config::read(&|name: &str| variables.get(name).map(|value| (*value).to_owned())).unwrap_err();
    assert_eq!(error.problems.len(), 4, "{error}");
    let shown = error.to_string();
    for name in ["API_PORT", "TIME_ZONE", "LLM_SCRIPT", "SUPABASE_PUB_KEY"] {
        assert!(shown.contains(&format!("\n  - {name} is")), "{shown}");
    }
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let config = read(&[("API_PORT", ""), ("ADMIN_API_KEY", "  "), ("SUPABASE_URL", "")]).unwrap();
    assert_eq!(config.server.port, 8000);
    assert!(config.auth.admin_key.is_none() && config.supabase.is_none());
}

#[test]
fn one_half_of_supabase_is_a_problem() {
    assert!(read(&[("SUPABASE_URL", "https://x.co")]).unwrap_err()[0].starts_with("SUPABASE_PUB_KEY is not set"));
    assert!(read(&[("SUPABASE_PUB_KEY", "k")]).unwrap_err()[0].starts_with("SUPABASE_URL is not set"));
}

#[test]
fn a_guardrail_has_an_id_and_a_version() {
    let problem = |variables: &[_]| read(variables).unwrap_err().concat();
    let (id, version) = (("BEDROCK_GUARDRAIL_ID", "gr1abc"), ("BEDROCK_GUARDRAIL_VERSION", "DRAFT"));
    assert!(problem(&[id]).starts_with("BEDROCK_GUARDRAIL_VERSION is not set"));
    assert!(problem(&[version]).starts_with("BEDROCK_GUARDRAIL_ID is not set"));
    for wrong in ["0", "latest", "123456789"] {
        assert!(
            problem(&[id, ("BEDROCK_GUARDRAIL_VERSION", wrong)]).contains("must be DRAFT or the number"),
            "{wrong}"
        );
    }
    assert_eq!(read(&[id, version]).unwrap().llm.guardrail.unwrap().version, "DRAFT");
    assert_eq!(read(&[]).unwrap().llm.guardrail, None);
}

#[test]
fn bedrock_is_the_default_where_the_environment_has_aws_credentials() {
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ] {
        let config = read(&[(name, "x")]).unwrap();
        assert_eq!((config.llm.provider, config.llm.is_default), (LlmProvider::Bedrock, true), "{name}");
    }
    let config = read(&[("AWS_PROFILE", "x"), ("LLM_PROVIDER", "offline")]).unwrap();
    assert_eq!((config.llm.provider, config.llm.is_default), (LlmProvider::Offline, false));
}

const OPENAI: [(&str, &str); 2] = [("LLM_PROVIDER", "openai"), ("OPENAI_MODEL", "qwen3:8b")];

fn openai(changes: &[(&'static str, &'static str)]) -> Result<Config, Vec<String>> {
    read(&[&OPENAI, changes].concat())
}

#[test]
fn openai_is_an_address_a_model_and_maybe_a_key() {
    let with_key = openai(&[("OPENAI_API_KEY", "sk-1")]).unwrap().llm;
    let at = |base_url: &str| LlmProvider::OpenAi { base_url: base_url.into(), model: "qwen3:8b".into() };
    assert_eq!(with_key.provider, at("https://api.openai.com/v1"));
    assert_eq!(with_key.openai_key.unwrap().expose_secret(), "sk-1");
    let local = openai(&[("OPENAI_BASE_URL", "http://localhost:11434/v1/")]).unwrap().llm;
    assert_eq!(local.provider, at("http://localhost:11434/v1"));
    assert!(local.openai_key.is_none());
}

#[test]
fn openai_without_what_it_needs_is_told_as_one() {
    let problems = read(&[("LLM_PROVIDER", "openai"), ("OPENAI_BASE_URL", "localhost:11434")]).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].starts_with("OPENAI_BASE_URL is \"localhost:11434\", but must be an address like http://loc"));
    assert!(problems[1].starts_with("OPENAI_MODEL is not set"));
    assert!(problems[2].starts_with("OPENAI_API_KEY is not set"), "{problems:?}");
    // Other programs' settings are no concern of a host that doesn't use them.
    assert!(read(&[("OPENAI_BASE_URL", "localhost:11434"), ("OPENAI_API_KEY", "a b")]).is_ok());
}

#[test]
fn a_key_of_openai_never_travels_in_the_clear_over_other_peoples_networks() {
    for public in [
        "http://api.example.com/v1",
        "http://93.184.216.34/v1",
        "http://[2606:2800::1]/v1",
        "http://a.local.example.com/v1",
    ] {
        let problems = openai(&[("OPENAI_BASE_URL", public), ("OPENAI_API_KEY", "sk-HIDDEN")]).unwrap_err();
        assert!(
            problems.len() == 1 && problems[0].starts_with("OPENAI_BASE_URL must begin with https"),
            "{problems:?}"
        );
        assert!(!problems[0].contains("HIDDEN"));
        assert!(openai(&[("OPENAI_BASE_URL", public)]).is_ok(), "without a key");
    }
    for own in [
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080/v1",
        "http://[::1]:8080/v1",
        "http://192.168.1.20:8000/v1",
        "http://10.0.0.7/v1",
        "http://[fd00::7]/v1",
        "http://ollama:11434/v1",
        "http://host.docker.internal:11434/v1",
        "http://vllm.default.svc.cluster.local/v1",
        "https://api.example.com/v1",
    ] {
        assert!(openai(&[("OPENAI_BASE_URL", own), ("OPENAI_API_KEY", "sk-1")]).is_ok(), "{own}");
    }
    let problems = openai(&[("OPENAI_API_KEY", "sk HIDDEN")]).unwrap_err();
    assert!(problems[0].starts_with("OPENAI_API_KEY holds characters") && !problems[0].contains("HIDDEN"));
    assert!(!format!("{:?}", openai(&[("OPENAI_API_KEY", "sk-HIDDEN")]).unwrap()).contains("HIDDEN"));
}

#[test]
fn a_deployed_host_may_answer_with_openai_and_never_in_the_clear() {
    let deployed = |url| {
        let openai = [("LLM_PROVIDER", "openai"), ("OPENAI_MODEL", "m"), ("OPENAI_BASE_URL", url)];
        read(&deployed(&openai))
    };
    assert!(deployed("http://vllm:8000/v1").is_ok());
    assert!(deployed("https://models.example.com/v1").is_ok());
    let problems = deployed("http://models.example.com/v1").unwrap_err();
    assert!(problems.len() == 1 && problems[0].starts_with("OPENAI_BASE_URL must begin with https"), "{problems:?}");
}

#[test]
fn deployed_stages_refuse_what_would_weaken_them() {
    assert!(read(&deployed(&[])).is_ok());
    for stage in ["beta", "gamma", "production"] {
        let legacy = "needs none: remove it";
        for (change, problem, remedy) in [
            (("SUPABASE_SERVICE_KEY", "sb_secret_x"), "SUPABASE_SERVICE_KEY is set", "remove it"),
            (("SUPABASE_PUB_KEY", "sb_secret_x"), "SUPABASE_PUB_KEY is a secret key", "use the publishable (anon) key"),
            (
                ("SUPABASE_PUB_KEY", &jwt(r#"{"role":"service_role"}"#)),
                "SUPABASE_PUB_KEY is a secret key",
                "use the publishable (anon) key",
            ),
            (("SUPABASE_JWT_SECRET", "short"), "SUPABASE_JWT_SECRET must be", legacy),
            (
                ("SUPABASE_JWT_SECRET", "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"),
                "SUPABASE_JWT_SECRET must be",
                legacy,
            ),
            (
                ("SUPABASE_JWT_SECRET", &jwt(r#"{"role":"anon","iss":"supabase"}"#)),
                "SUPABASE_JWT_SECRET must be",
                legacy,
            ),
            (
                ("SUPABASE_JWT_SECRET", r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a"}]}"#),
                "SUPABASE_JWT_SECRET must be",
                legacy,
            ),
            (
                ("SUPABASE_JWT_SECRET", "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD"),
                "SUPABASE_JWT_SECRET must be",
                legacy,
            ),
            (("SUPABASE_URL", "http://project.supabase.co"), "SUPABASE_URL must begin with https", "https://"),
            (("ADMIN_API_KEY", ""), "ADMIN_API_KEY is not set", "openssl rand -hex 32"),
            (
                ("ADMIN_API_KEY", "0123456789abcdef0123456789abcde"),
                "ADMIN_API_KEY is too short",
                "openssl rand -hex 32",
            ),
        ] {
            let problems = read(&deployed(&[("ENVIRONMENT", stage), change])).unwrap_err();
            assert_eq!(problems.len(), 1, "{stage} {change:?}: {problems:?}");
            assert!(problems[0].starts_with(problem) && problems[0].contains(remedy), "{problems:?}");
        }
        let problems = read(&deployed(&[("ENVIRONMENT", stage), ("SUPABASE_URL", ""), ("SUPABASE_PUB_KEY", "")]));
        let problems = problems.unwrap_err();
        assert!(problems[0].starts_with("SUPABASE_URL and SUPABASE_PUB_KEY are not set"), "{problems:?}");
        assert!(problems[0].contains("could verify none"), "{problems:?}");
    }
    assert!(read(&deployed(&[("SUPABASE_PUB_KEY", &jwt(r#"{"role":"anon"}"#))])).is_ok());
    // The project's published keys are enough to verify tokens with.
    assert!(read(&deployed(&[("SUPABASE_JWT_SECRET", "")])).unwrap().supabase.unwrap().jwt_secret.is_none());
}

#[test]
fn deployed_stages_have_limits_and_no_origin_until_one_is_named() {
    let config = read(&deployed(&[])).unwrap();
    let limits = config.limits;
    assert_eq!((limits.user_per_minute, limits.address_per_minute, limits.turns_per_user), (120, 1_200, 8));
    assert_eq!(limits.admin_per_minute, 120);
    assert_eq!(config.cors, CorsOrigins::Only(Vec::new()));
    let problems = read(&deployed(&[("CORS_ORIGINS", "*")])).unwrap_err();
    assert!(problems.len() == 1 && problems[0].contains("* is for development"), "{problems:?}");
}

#[test]
fn only_production_refuses_to_answer_without_a_model() {
    for (changes, problem) in [
        (&[("LLM_PROVIDER", "offline")][..], "LLM_PROVIDER is offline or scripted"),
        (&[("LLM_PROVIDER", "scripted"), ("LLM_SCRIPT", "x")], "LLM_PROVIDER is offline or scripted"),
        (&[("LLM_PROVIDER", "")], "LLM_PROVIDER is not set"),
    ] {
        let problems = read(&deployed(changes)).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with(problem), "{problems:?}");
        let mut beta = deployed(changes);
        beta.push(("ENVIRONMENT", "beta"));
        assert!(read(&beta).is_ok());
    }
}

#[test]
fn neither_debug_nor_problems_show_a_secret() {
    let secrets =
        ["sb_publishable_HIDDEN", "HIDDEN-of-the-project-that-is-32-bytes-long", "HIDDEN789abcdef0123456789abcdefXX"];
    let config = read(&deployed(&[
        ("SUPABASE_PUB_KEY", secrets[0]),
        ("SUPABASE_JWT_SECRET", secrets[1]),
        ("ADMIN_API_KEY", secrets[2]),
    ]));
    assert!(!format!("{:?}", config.unwrap()).contains("HIDDEN"));
    let problems = read(&deployed(&[
        ("SUPABASE_PUB_KEY", "sb_secret_HIDDEN"),
        ("SUPABASE_SERVICE_KEY", "HIDDEN"),
        ("SUPABASE_JWT_SECRET", "HIDDEN"),
        ("ADMIN_API_KEY", "HIDDEN"),
    ]))
    .unwrap_err();
    assert_eq!(problems.len(), 4);
    assert!(!format!("{problems:?}").contains("HIDDEN"));
    let problems = read(&[("SUPABASE_URL", "https://anna:HIDDEN@x.co"), ("SUPABASE_PUB_KEY", "k")]).unwrap_err();
    assert!(!problems[0].contains("HIDDEN"), "{problems:?}");
}

#[test]
fn the_environment_wins_over_the_dotenv_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    let process = || -> Environment { [("API_PORT".to_owned(), "9000".to_owned())].into_iter().collect() };
    assert_eq!(process().with_dotenv(&path).unwrap().get("API_PORT").as_deref(), Some("9000"));

    std::fs::write(&path, "# settings\nAPI_PORT=9001\nTIME_ZONE=\"Europe/Paris\"\n").unwrap();
    let config = Config::read(&process().with_dotenv(&path).unwrap()).unwrap();
    assert_eq!((config.server.port, config.time_zone), (9000, chrono_tz::Europe::Paris));

    std::fs::write(&path, "ADMIN_API_KEY='HIDDEN\nx").unwrap();
    let Err(error) = process().with_dotenv(&path) else { panic!("read") };
    assert!(error.to_string().contains(".env can't be read"), "{error}");
    assert!(!format!("{error} {error:?}").contains("HIDDEN"));
}
