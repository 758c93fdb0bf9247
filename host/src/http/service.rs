//! `GET /` and `GET /health`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::document::refusals::Refusals;
use crate::app::App;

/// What this service is and where to go from here.
#[derive(Serialize, ToSchema)]
pub(super) struct Index {
    /// Its name.
    service: &'static str,
    /// Its version.
    version: &'static str,
    /// The paths that there are.
    links: Links,
}

/// Paths of this service.
#[derive(Serialize, ToSchema)]
struct Links {
    health: &'static str,
    chat: &'static str,
    conversations: &'static str,
    docs: &'static str,
    redoc: &'static str,
    openapi: &'static str,
}

/// How the service is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `healthy`, or `degraded` when something that it depends on doesn't work.
    status: Status,
    /// Whether it was told a Supabase project.
    supabase_configured: bool,
    /// The model on Amazon Bedrock, whether it is the one that answers or not.
    bedrock_model: String,
    /// `development`, `beta`, `gamma` or `production`.
    environment: &'static str,
    /// How many agents can be asked.
    agents_available: usize,
    /// The model that answers.
    llm: String,
    /// The service's version.
    version: &'static str,
    /// What doesn't work, a line each.
    problems: Vec<String>,
}

/// Whether it works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Healthy,
    Degraded,
}

const INDEX: Index = Index {
    service: "canvalo",
    version: env!("CARGO_PKG_VERSION"),
    links: Links {
        health: "/health",
        chat: "/api/chat/stream",
        conversations: "/api/conversations",
        docs: "/docs",
        redoc: "/redoc",
        openapi: "/openapi.json",
    },
};

/// Says what this service is and where to go from here.
#[utoipa::path(
    get,
    path = "/",
    operation_id = "index",
    tag = "service",
    responses((status = 200, description = "Name, version, links.", body = Index, example = json!(INDEX)), Refusals<()>),
)]
pub(super) async fn index() -> Json<Index> {
    Json(INDEX)
}

/// Says whether it works.
///
/// Always 200: a load balancer must not take a server out because a dependency is down.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "service",
    responses((status = 200, description = "How it is.", body = Health, example = json!(Health::example())), Refusals<()>),
)]
pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let problems = app.problems().await;
    Json(Health {
        status: if problems.is_empty() { Status::Healthy } else { Status::Degraded },
        supabase_configured: app.config.supabase.is_some(),
        bedrock_model: app.config.llm.model_id.clone(),
        environment: app.config.stage.as_str(),
        agents_available: app.supervisor.registry().plugins().len(),
        llm: app.supervisor.services().model.id().to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        problems,
    })
}

impl Health {
    fn example() -> Self {
        Self {
            status: Status::Healthy,
            supabase_configured: true,
            bedrock_model: "amazon.nova-lite-v1:0".to_owned(),
            environment: "production",
            agents_available: 9,
            llm: "amazon.nova-lite-v1:0".to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            problems: Vec::new(),
        }
    }
}
