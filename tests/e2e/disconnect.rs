//! A client that goes away, and a server that is full.

use canvalo_tests::{Server, new_user, until};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::scripts::slow;

#[tokio::test]
async fn a_client_that_goes_away_mid_answer_stops_the_model_and_frees_the_slot() {
    let model = slow();
    let server = Server::with_model(model.clone()).await;
    let response = server.send(new_user(), &json!({ "message": "a long story" })).await;
    let mut stream = response.bytes_stream();
    let first = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("word0"), "{first:?}");
    assert_eq!(model.in_flight(), 1);
    assert_eq!(server.app.supervisor.runtime().free_slots(), 63);

    drop(stream);
    until("stopping the model", || model.in_flight() == 0).await;
    assert_eq!(model.cancelled(), 1);
    until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 64).await;
}

#[tokio::test]
async fn a_full_server_refuses_the_next_turn_with_503_and_takes_it_when_there_is_room() {
    let model = slow();
    let plugins = canvalo_tests::guest_plugins();
    let folder = plugins.path().display().to_string();
    let server = Server::with(model, &[("CANVALO_MAX_TURNS", "2"), ("CANVALO_PLUGIN_DIR", &folder)]).await;
    let body = json!({ "message": "a long story" });
    let first = server.send(new_user(), &body).await;
    let _second = server.send(new_user(), &body).await;

    let third = server.send(new_user(), &body).await;
    assert_eq!(third.status(), 503);
    assert_eq!(third.headers()["retry-after"], "2");
    let error: Value = third.json().await.unwrap();
    assert_eq!(error["error"]["code"], "BUSY");
    assert_eq!(error["error"]["retryable"], true);

    drop(first);
    until("making room", || server.app.supervisor.runtime().free_slots() == 1).await;
    assert_eq!(server.send(new_user(), &body).await.status(), 200);
}
