//! The API against its own description, and the pages that show it.

use std::fs;
use std::path::Path;
use std::process::Output;

use canvalo_tests::python::python;
use canvalo_tests::{Server, new_user};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::process::Command;
use uuid::Uuid;

use crate::conversation::greets;
use crate::scripts::{overdue, script};

const ADMIN_API_KEY: &str = "0123456789abcdef0123456789abcdef";
const METRICS_TOKEN: &str = "fedcba9876543210fedcba9876543210";

/// A server that stands for one in production: a token is needed. It has nothing against many requests.
const PRODUCTION: &[(&str, &str)] = &[
    ("ENVIRONMENT", "production"),
    ("RATE_LIMIT_USER_PER_MINUTE", "1000000"),
    ("RATE_LIMIT_ADDRESS_PER_MINUTE", "1000000"),
    ("RATE_LIMIT_ADMIN_PER_MINUTE", "1000000"),
    ("CANVALO_MAX_TURNS_PER_USER", "64"),
    ("ADMIN_API_KEY", ADMIN_API_KEY),
    ("METRICS_TOKEN", METRICS_TOKEN),
    ("LLM_PROVIDER", "bedrock"),
    ("AWS_REGION", "us-east-1"),
];

/// Runs schemathesis against a server, as a user and as its operator.
async fn schemathesis(server: &Server, user: Uuid) -> Output {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let make = move || python(&environment, include_str!("openapi/requirements.txt"));
    let python = tokio::task::spawn_blocking(make).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    fs::write(&config, include_str!("openapi/schemathesis.toml").replace("$USER_ID", &user.to_string())).unwrap();
    let mut command = Command::new(python);
    command.args(["-c", "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"]);
    command.arg("--config-file").arg(config).args(["run", "--no-color", &format!("{}/openapi.json", server.url)]);
    command
        .env_clear()
        .env("TOKEN", server.world.token(user))
        .env("ADMIN_API_KEY", ADMIN_API_KEY)
        .env("METRICS_TOKEN", METRICS_TOKEN)
        .env("PYTHONHASHSEED", "0")
        .env("NO_PROXY", "*");
    command.current_dir(folder.path()).kill_on_drop(true).output().await.unwrap()
}

#[tokio::test]
async fn schemathesis_finds_no_server_error_and_nothing_that_the_document_does_not_say() {
    let server = Server::with(script(overdue()), PRODUCTION).await;
    let run = schemathesis(&server, new_user()).await;
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("No issues found"), "{said}");
}

async fn get(server: &Server, path: &str) -> (HeaderMap, Vec<u8>) {
    let response = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    (response.headers().clone(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn the_pages_are_served_in_production_and_load_nothing_from_elsewhere() {
    let server = Server::with(greets(), PRODUCTION).await;
    for page in ["/docs", "/redoc"] {
        let (headers, body) = get(&server, page).await;
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        let html = String::from_utf8(body).unwrap();
        assert!(!html.contains("//") && !html.contains("<style"), "{html}");
        assert_eq!(html.matches("<script").count(), html.matches("\"></script>").count(), "no script in it: {html}");
        let addresses = ["src=\"", "href=\"", "spec-url=\""].into_iter().flat_map(|name| html.split(name).skip(1));
        let addresses: Vec<&str> = addresses.map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(addresses.len() >= 3, "{html}");
        for address in addresses {
            let (headers, body) = get(&server, address).await;
            assert!(!body.is_empty(), "{address}");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            let gzip = headers.get("content-encoding").is_some();
            assert_eq!(gzip, body.starts_with(&[0x1f, 0x8b]), "{address}");
            let expected = match address.rsplit('.').next() {
                Some("js") => "text/javascript",
                Some("css") => "text/css",
                Some("png") => "image/png",
                _ => "application/json",
            };
            assert_eq!(headers["content-type"], expected, "{address}");
        }
    }
    let (_, initializer) = get(&server, "/docs/swagger-initializer.js").await;
    let initializer = String::from_utf8(initializer).unwrap();
    assert!(initializer.contains("\"/openapi.json\"") && !initializer.contains("http"), "{initializer}");
    for path in
        ["/docs/", "/docs/index.html", "/docs/oauth2-redirect.html", "/docs/..%2fCargo.toml", "/docs/%FF", "/redoc/x"]
    {
        assert_eq!(reqwest::get(format!("{}{path}", server.url)).await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn what_the_index_links_to_is_there() {
    let server = Server::with_model(greets()).await;
    let (_, index) = get(&server, "/").await;
    let index: Value = serde_json::from_slice(&index).unwrap();
    for (name, path) in [("docs", "/docs"), ("redoc", "/redoc"), ("openapi", "/openapi.json"), ("health", "/health")] {
        assert_eq!(index["links"][name], path);
        get(&server, path).await;
    }
}
