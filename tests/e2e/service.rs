//! What the service says of itself.

use std::sync::Arc;

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Server, World, agent_names};
use serde_json::Value;

async fn get(server: &Server, path: &str) -> (String, Value) {
    let text = reqwest::get(format!("{}{path}", server.url)).await.unwrap().text().await.unwrap();
    (text.clone(), serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_healthy_server_says_so_with_the_frontends_fields_and_without_a_secret() {
    let server = Server::start().await;
    let (text, health) = get(&server, "/health").await;
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["supabase_configured"], true);
    assert_eq!(health["bedrock_model"], "amazon.nova-lite-v1:0");
    assert_eq!(health["environment"], "development");
    assert_eq!(health["agents_available"], agent_names().len());
    for secret in [server.world.jwt_secret(), server.world.publishable_key()] {
        assert!(!text.contains(secret));
    }
    let (_, index) = get(&server, "/").await;
    assert_eq!(index["service"], "canvalo");
    assert_eq!(index["links"]["health"], "/health");
}

#[tokio::test]
async fn a_server_without_its_database_or_its_agents_is_degraded_and_says_why() {
    World::get();
    let nowhere = [("SUPABASE_URL", "http://127.0.0.1:9"), ("CANVALO_PLUGIN_DIR", "/nonexistent")];
    let server = Server::with(Arc::new(Offline), &nowhere).await;
    let (_, health) = get(&server, "/health").await;
    assert_eq!(health["status"], "degraded");
    let problems = health["problems"].to_string();
    assert!(problems.contains("supabase:") && problems.contains("agents:"), "{problems}");
    assert!(!problems.contains("127.0.0.1"), "no address in it: {problems}");
}

#[tokio::test]
async fn an_unconfigured_server_starts_and_says_what_is_missing() {
    let unset = [("SUPABASE_URL", ""), ("SUPABASE_PUB_KEY", ""), ("SUPABASE_JWT_SECRET", "")];
    let server = Server::with(Arc::new(Offline), &unset).await;
    let (_, health) = get(&server, "/health").await;
    assert_eq!(health["supabase_configured"], false);
    let body = serde_json::json!({ "message": "hi" });
    let response =
        reqwest::Client::new().post(format!("{}/api/chat/stream", server.url)).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "CONFIGURATION_ERROR");
}
