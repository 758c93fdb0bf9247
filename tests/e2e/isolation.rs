//! Many users at once.

use canvalo_tests::{Server, new_user};
use futures::future::join_all;

use crate::scripts::some_invoices;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_chats_of_ten_users_at_once_show_each_only_their_own() {
    let server = Server::start().await;
    let users: Vec<_> = (0..10).map(|number| (new_user(), format!("Client{number}x"))).collect();
    for (user, client) in &users {
        some_invoices(server.world, *user, client).await;
    }

    let chats = (0..50).map(|chat| {
        let (user, client) = &users[chat % users.len()];
        let server = &server;
        async move { (client, server.chat(*user, "Show me all overdue invoices").await) }
    });
    for (client, answer) in join_all(chats).await {
        assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
        let text = answer.text();
        assert!(text.contains(&format!("{client}-1")) && text.contains("$1,350.49"), "{client}:\n{text}");
        for (_, other) in users.iter().filter(|(_, other)| other != client) {
            assert!(!text.contains(other.as_str()), "{client} sees {other}:\n{text}");
        }
    }
    assert_eq!(server.app.supervisor.runtime().free_slots(), 64);
}
