//! What must be in nothing that leaves the host for its operators.

use canvalo::capability::llm::offline::Offline;
use canvalo_tests::new_user;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

use crate::watched::{Asked, DEPLOYED, Watched, deployed};

#[tokio::test]
async fn no_prompt_answer_row_argument_token_or_user_is_in_traces_lines_or_figures() {
    let watched = Watched::get();
    let server = deployed(Arc::new(Offline)).await;
    let (asked, user) = (Asked::new(), new_user());
    let [client, note, said] = [(); 3].map(|()| format!("w{}", Uuid::new_v4().simple()));
    let invoice = json!([{
        "invoice_number": "1", "client_name": client, "notes": note, "issue_date": "2024-01-01",
        "due_date": "2024-02-01", "subtotal": 4711.25, "total_amount": 4711.25, "amount_paid": 0, "status": "sent",
    }]);
    server.world.insert(user, "invoices", invoice).await;
    let message = format!("Show me all overdue invoices {said}");
    let answered = asked.chat(&server, user, &message).await.text().await.unwrap();
    assert!(answered.contains(&client), "the user reads it: {answered}");
    let whole = |spans: &[Span]| {
        spans.iter().any(|span| span.name.starts_with("POST"))
            && spans.iter().any(|span| span.name.starts_with("execute_tool"))
    };
    watched.trace(&asked, whole).await;
    watched.flush().await;

    let metrics = reqwest::Client::new().get(format!("{}/metrics", server.url)).bearer_auth(DEPLOYED[2].1);
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("canvalo_"), "{metrics}");
    let exported: Vec<u8> = watched.received.exports().iter().flat_map(|export| export.body.to_vec()).collect();
    let all = format!("{}{}{metrics}", String::from_utf8_lossy(&exported), watched.log());
    let token = server.world.token(user);
    let signature = token.rsplit('.').next().unwrap();
    let (id, simple) = (user.to_string(), user.simple().to_string());
    let secrets = [&client, &note, &said, "4711.25", "4,711.25", &id, &simple, signature, "Bearer"];
    let host = [server.world.jwt_secret(), server.world.publishable_key(), DEPLOYED[1].1, DEPLOYED[2].1];
    for secret in secrets.into_iter().chain(host) {
        assert!(!all.contains(secret), "{secret} is in it");
    }
}
