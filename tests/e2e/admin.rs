//! What operators see and do.

mod access;
mod plugins;
mod stops;

use canvalo::capability::llm::LanguageModel;
use canvalo_tests::Server;
use reqwest::Method;
use serde_json::Value;
use std::sync::Arc;

pub(crate) const KEY: &str = "the-admin-key-of-the-tests-is-32-bytes-long";

/// Somebody with the key.
pub(crate) struct Operator<'a>(pub(crate) &'a Server);

/// A server with a key, and these variables.
pub(crate) async fn server(model: Arc<dyn LanguageModel>, variables: &[(&str, &str)]) -> Server {
    Server::with(model, &[&[("ADMIN_API_KEY", KEY)], variables].concat()).await
}

impl Operator<'_> {
    pub(crate) async fn call(&self, method: Method, path: &str) -> (u16, Value) {
        let request = self.0.client.request(method, format!("{}/api/admin/{path}", self.0.url)).bearer_auth(KEY);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::POST, path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The events of a query.
    pub(crate) async fn events(&self, query: &str) -> Vec<Value> {
        self.get(&format!("audit?{query}")).await["events"].as_array().expect("a list").clone()
    }
}
