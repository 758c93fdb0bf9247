//! A guest that is blocked in a host call.

use canvalo_tests::until;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_client_that_goes_away_while_the_guest_waits_for_the_host_frees_the_slot() {
    let (server, model, _plugins) = hostile_server_of(1).await;
    for round in 1..=3 {
        let response = server.send(new_user(), &json!({ "message": "@waits 20" })).await;
        until("asking the model", || model.in_flight() == 1).await;
        assert_eq!(server.app.supervisor.runtime().free_slots(), 0);

        drop(response);
        until("stopping the model", || model.in_flight() == 0).await;
        assert_eq!(model.cancelled(), round);
        until("freeing the slot", || server.app.supervisor.runtime().free_slots() == 1).await;
        assert_eq!(server.chat(new_user(), "overdue?").await.text(), "Two are late.");
    }
}
