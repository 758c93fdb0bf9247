//! The environment's variables, all the way to the requests of a served question.

use std::process::Stdio;
use std::time::Duration;

use canvalo::auth::{self, dev_token};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::server::{Answer, BedrockServer};

const JWT_SECRET: &str = "a-shared-secret-of-at-least-32-bytes";
const SUPABASE: &str = "http://127.0.0.1:9";

/// A host without agents with these variables more, and its address.
async fn host(bedrock: &BedrockServer, home: &str, variables: &[(&str, &str)]) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canvalo"));
    command.arg("serve").env_clear().kill_on_drop(true).current_dir(home).stderr(Stdio::piped());
    command.envs([
        ("API_PORT", "0"),
        ("CANVALO_HOME", home),
        ("CANVALO_PLUGIN_DIR", home),
        ("SUPABASE_URL", SUPABASE),
        ("SUPABASE_PUB_KEY", "sb_publishable_x"),
        ("SUPABASE_JWT_SECRET", JWT_SECRET),
        ("BEDROCK_ENDPOINT_URL", &bedrock.url),
    ]);
    command.envs(variables.iter().copied());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = log.next_line().await.unwrap() {
        if let Some((_, address)) = line.split_once("listening on ") {
            let address = address.trim().to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
            return (child, address);
        }
    }
    panic!("the host did not start");
}

/// Says hello as a user.
async fn hello(url: &str) -> String {
    let secret = SecretString::from(JWT_SECRET);
    let token = dev_token::mint(&secret, &auth::issuer(SUPABASE), uuid::Uuid::new_v4(), Duration::from_secs(60));
    let request = reqwest::Client::new().post(format!("{url}/api/chat/stream")).json(&json!({"message": "hello"}));
    let response = request.bearer_auth(token.unwrap().expose_secret()).send().await.unwrap();
    response.text().await.unwrap()
}

#[tokio::test]
async fn a_served_question_is_retried_then_asked_of_the_fallback_model_under_the_guardrail() {
    let busy = || Answer::error(503, "ServiceUnavailableException", "later");
    let bedrock = BedrockServer::start(vec![busy(), busy(), busy(), Answer::text("Good morning.")]).await;
    let home = tempfile::tempdir().unwrap();
    let variables = [
        ("LLM_PROVIDER", "bedrock"),
        ("BEDROCK_MODEL_ID", "us.amazon.nova-pro-v1:0"),
        ("BEDROCK_FALLBACK_MODEL_ID", "us.amazon.nova-micro-v1:0"),
        ("BEDROCK_GUARDRAIL_ID", "gr1abc"),
        ("BEDROCK_GUARDRAIL_VERSION", "DRAFT"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ];
    let (_host, url) = host(&bedrock, home.path().to_str().unwrap(), &variables).await;

    let chunks = hello(&url).await;
    assert!(chunks.contains("Good morning.") && chunks.contains("\"complete\""), "{chunks}");

    let requests = bedrock.requests();
    let models: Vec<String> = requests.iter().map(|request| request.model().replace("%3A", ":")).collect();
    let first = "us.amazon.nova-pro-v1:0";
    assert_eq!(models, [first, first, first, "us.amazon.nova-micro-v1:0"]);
    let is_guarded = |body: &Value| body["guardrailConfig"]["guardrailIdentifier"] == "gr1abc";
    assert!(requests.iter().all(|request| is_guarded(&request.body)));
    let waits = [requests[1].at - requests[0].at, requests[2].at - requests[1].at].map(|wait| wait.as_secs_f64());
    assert!(waits[0] >= 0.5 && waits[1] >= 1.0, "{waits:?}");
}

#[tokio::test]
async fn a_profile_of_the_aws_files_gives_credentials_and_region_and_makes_bedrock_the_default() {
    let bedrock = BedrockServer::start(vec![Answer::text("Good morning.")]).await;
    let home = tempfile::tempdir().unwrap();
    let (config, credentials) = (home.path().join("config"), home.path().join("credentials"));
    std::fs::write(&config, "[default]\nregion = us-east-1\n[profile painting]\nregion = eu-west-1\n").unwrap();
    let keys = |profile: &str, id: &str| format!("[{profile}]\naws_access_key_id = {id}\naws_secret_access_key = x\n");
    std::fs::write(&credentials, [keys("default", "AKIDDEFAULT"), keys("painting", "AKIDPAINTING")].concat()).unwrap();
    let variables = [
        ("AWS_PROFILE", "painting"),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
    ];
    let (_host, url) = host(&bedrock, home.path().to_str().unwrap(), &variables).await;

    let chunks = hello(&url).await;
    assert!(chunks.contains("Good morning.") && chunks.contains("\"complete\""), "{chunks}");
    let head = &bedrock.requests()[0].head;
    let signed = head.lines().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap();
    assert!(signed.contains("Credential=AKIDPAINTING/") && signed.contains("/eu-west-1/bedrock/"), "{signed}");
}
