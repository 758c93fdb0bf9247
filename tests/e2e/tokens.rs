//! Whose tokens a deployed server takes, over HTTP: those of its project's users, and nobody else's.

// What the verifier's own tests refuse, sent to a server.
#[path = "../../host/src/auth/verifier/tests/forgery.rs"]
mod forgery;
mod project;

use std::time::{Duration, Instant};

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Server, new_user};
use jsonwebtoken::Algorithm;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::scripts::script;
use forgery::{ALGORITHMS, EC_KEY, SECRET};
use project::FakeProject;

const ADMIN_KEY: &str = "0123456789abcdef0123456789abcdef";

/// A server in production, of this project.
async fn production(project: &FakeProject, jwt_secret: &str) -> Server {
    let model = script(json!([{ "when": {}, "reply": { "text": "Hello!" } }]));
    let variables = [
        ("ENVIRONMENT", "production"),
        ("ADMIN_API_KEY", ADMIN_KEY),
        ("LLM_PROVIDER", "bedrock"),
        ("AWS_REGION", "us-east-1"),
        ("SUPABASE_URL", &project.url),
        ("SUPABASE_PUB_KEY", forgery::PUBLISHABLE_KEY),
        ("SUPABASE_JWT_SECRET", jwt_secret),
        // Who answers is no matter here.
        ("CANVALO_PLUGIN_DIR", "/nonexistent"),
    ];
    Server::with(model, &variables).await
}

struct Client {
    client: reqwest::Client,
    url: String,
}

impl Client {
    fn of(server: &Server) -> Self {
        Self { client: reqwest::Client::new(), url: server.url.clone() }
    }

    /// The same request to an endpoint that streams, one that reads and one that writes.
    fn requests(&self) -> [(&'static str, RequestBuilder); 3] {
        self.requests_with("")
    }

    fn requests_with(&self, query: &str) -> [(&'static str, RequestBuilder); 3] {
        let url = |path: &str| format!("{}{path}{query}", self.url);
        [
            ("chat", self.client.post(url("/api/chat/stream")).json(&json!({ "message": "hi" }))),
            ("list", self.client.get(url("/api/conversations"))),
            ("create", self.client.post(url("/api/conversations")).json(&json!({ "title": "x" }))),
        ]
    }

    async fn chat(&self, token: &str) -> (StatusCode, String) {
        let [(_, chat), ..] = self.requests();
        let response = chat.bearer_auth(token).send().await.unwrap();
        let status = response.status();
        (status, if status == 200 { "taken".to_owned() } else { code(response).await })
    }
}

async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn nothing_of_a_request_is_looked_at_before_its_token() {
    let project = FakeProject::start().await;
    let server = production(&project, SECRET).await;
    let client = Client::of(&server);
    let post = |path: &str, body: &str| {
        let request = client.client.post(format!("{}{path}", server.url)).header("content-type", "application/json");
        request.body(body.to_owned()).send()
    };
    for path in ["/api/chat/stream", "/api/conversations"] {
        for body in ["", "{", "[]", r#"{"user_id":7}"#, &"x".repeat(10_000)] {
            let refused = post(path, body).await.unwrap();
            assert_eq!((refused.status(), code(refused).await.as_str()), (StatusCode::UNAUTHORIZED, "MISSING_TOKEN"));
        }
    }
    for path in ["/api/conversations?limit=many", "/api/conversations/7"] {
        let refused = client.client.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(code(refused).await, "MISSING_TOKEN", "{path}");
    }
}

#[tokio::test]
async fn every_bad_token_is_refused_by_every_endpoint_before_anything_is_asked_of_the_project() {
    let project = FakeProject::start().await;
    let server = production(&project, SECRET).await;
    let client = Client::of(&server);
    for algorithm in ALGORITHMS {
        for (what, token, expected) in project.tokens.refused(algorithm) {
            for (endpoint, request) in client.requests() {
                let refused = request.header("Authorization", format!("Bearer {token}")).send().await.unwrap();
                assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{algorithm:?}, {endpoint}: {what}");
                assert_eq!(refused.headers()["www-authenticate"], "Bearer");
                assert_eq!(code(refused).await, expected, "{algorithm:?}, {endpoint}: {what}");
            }
        }
    }
    assert_eq!(project.calls(), 0);
    // And what is not refused gets there.
    for algorithm in ALGORITHMS {
        let before = project.calls();
        for (endpoint, request) in client.requests() {
            let taken = request.bearer_auth(project.tokens.good(algorithm)).send().await.unwrap();
            assert_ne!(taken.status(), StatusCode::UNAUTHORIZED, "{algorithm:?}, {endpoint}");
            taken.text().await.unwrap();
        }
        assert!(project.calls() > before, "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_token_counts_only_once_and_in_its_header() {
    let project = FakeProject::start().await;
    let server = production(&project, "").await;
    let client = Client::of(&server);
    let good = project.tokens.good(Algorithm::ES256);
    let bearer = format!("Bearer {good}");
    for (endpoint, request) in client.requests() {
        let again = || request.try_clone().unwrap();
        for (what, request, expected) in [
            ("nowhere", again(), "MISSING_TOKEN"),
            ("as the key", again().header("apikey", &good), "MISSING_TOKEN"),
            ("in a cookie", again().header("cookie", format!("sb-access-token={good}")), "MISSING_TOKEN"),
            ("twice", again().header("Authorization", &bearer).header("Authorization", &bearer), "MALFORMED_TOKEN"),
            (
                "and another",
                again().header("Authorization", "Bearer a.b.c").header("Authorization", &bearer),
                "MALFORMED_TOKEN",
            ),
            ("with another scheme", again().header("Authorization", format!("Basic {good}")), "MALFORMED_TOKEN"),
            ("in a list", again().header("Authorization", format!("{bearer}, {bearer}")), "MALFORMED_TOKEN"),
        ] {
            let refused = request.send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{endpoint}: {what}");
            assert_eq!(code(refused).await, expected, "{endpoint}: {what}");
        }
    }
    for (endpoint, request) in client.requests_with(&format!("?access_token={good}&token={good}&apikey={good}")) {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{endpoint}");
        assert_eq!(code(refused).await, "MISSING_TOKEN", "{endpoint}: in the query");
    }
    assert_eq!(project.calls(), 0);
}

#[tokio::test]
async fn a_server_takes_the_algorithms_it_is_set_up_for_and_no_other() {
    let project = FakeProject::start().await;
    let taken = async |server: &Server| {
        let client = Client::of(server);
        let mut taken = Vec::new();
        for algorithm in ALGORITHMS {
            taken.push(client.chat(&project.tokens.good(algorithm)).await.1);
        }
        taken
    };
    let published = production(&project, "").await;
    assert_eq!(taken(&published).await, ["taken", "taken", "INVALID_TOKEN"]);
    project.publish(json!({ "keys": [] }));
    let shared = production(&project, SECRET).await;
    assert_eq!(taken(&shared).await, ["INVALID_TOKEN", "INVALID_TOKEN", "taken"]);
}

#[tokio::test]
async fn while_the_keys_can_not_be_fetched_the_answer_is_to_come_again_and_the_server_recovers_by_itself() {
    let project = FakeProject::start().await;
    project.down(true);
    let server = production(&project, "").await;
    let client = Client::of(&server);
    let good = project.tokens.good(Algorithm::ES256);
    for (endpoint, request) in client.requests() {
        let refused = request.bearer_auth(&good).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{endpoint}");
        assert!(refused.headers().contains_key("retry-after"), "{endpoint}");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["error"]["code"], "AUTH_UNAVAILABLE", "{endpoint}");
        assert_eq!(body["error"]["retryable"], true, "{endpoint}");
    }
    assert_eq!(project.calls(), 0);
    let health: Value = reqwest::get(format!("{}/health", server.url)).await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "degraded");
    assert!(health["problems"].to_string().contains("auth: the keys of users' tokens can't be fetched"), "{health}");
    assert!(!health.to_string().contains("127.0.0.1"), "{health}");

    project.down(false);
    let started = Instant::now();
    while client.chat(&good).await.0 != StatusCode::OK {
        assert!(started.elapsed() < Duration::from_secs(30), "it doesn't recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_new_key_is_taken_at_its_first_token_without_a_restart() {
    let project = FakeProject::start().await;
    let all = project.tokens.key_set();
    project.publish(json!({ "keys": [all["keys"][1]] }));
    let server = production(&project, "").await;
    let client = Client::of(&server);
    assert_eq!(client.chat(&project.tokens.good(Algorithm::RS256)).await.1, "taken");
    assert_eq!(all["keys"][0]["kid"], EC_KEY);
    project.publish(all);
    assert_eq!(client.chat(&project.tokens.good(Algorithm::ES256)).await.1, "taken");
}

#[tokio::test]
async fn tokens_of_the_shared_secret_work_all_the_way_to_the_rows() {
    let world = canvalo_tests::World::get();
    let variables = [("SUPABASE_JWT_SECRET", world.jwt_secret()), ("CANVALO_PLUGIN_DIR", "/nonexistent")];
    let server = Server::with(std::sync::Arc::new(Offline), &variables).await;
    let user = new_user();
    let client = reqwest::Client::new();
    let url = format!("{}/api/conversations", server.url);
    for token in [world.legacy_token(user), world.token(user)] {
        let made = client.post(&url).bearer_auth(&token).json(&json!({ "title": "Paint" })).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
    }
    // In development the host makes one itself.
    let list = client.get(format!("{url}?user_id={user}")).send().await.unwrap();
    assert_eq!(list.json::<Value>().await.unwrap()["total"], 2);
}

#[tokio::test]
async fn the_health_of_a_production_server_shows_no_secret() {
    let project = FakeProject::start().await;
    let server = production(&project, SECRET).await;
    let health = reqwest::get(format!("{}/health", server.url)).await.unwrap().text().await.unwrap();
    assert!(health.contains("\"production\""), "{health}");
    for secret in [SECRET, ADMIN_KEY, forgery::PUBLISHABLE_KEY, EC_KEY, project.url.as_str()] {
        assert!(!health.contains(secret), "{health}");
    }
}
