//! What was not granted.

use serde_json::json;

use super::*;

#[tokio::test]
async fn what_was_not_granted_is_denied_by_name_and_nothing_reaches_another_user() {
    let (server, _, _plugins) = hostile_server().await;
    let (anna, ben) = (new_user(), new_user());
    for (user, client) in [(anna, "Anna's client"), (ben, "Ben's client")] {
        let invoice = json!([{ "invoice_number": "1", "client_name": client, "notes": "private note" }]);
        server.world.insert(user, "invoices", invoice).await;
        server.world.insert(user, "contacts", json!([{ "name": "private contact" }])).await;
    }

    let answer = server.chat(anna, &format!("@snoop {ben}")).await;
    assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
    let text = answer.text();

    is_refused_with(finding(&text, "granted"), "Anna's client");
    for line in [
        "other column",
        "owner column",
        "other table",
        "conversations",
        "filter by other column",
        "filter by owner",
        "any other column",
        "order by other column",
        "aggregate other column",
        "group by owner",
        "insert for another",
        "insert other column",
        "insert elsewhere",
        "update",
        "give away",
        "delete",
    ] {
        is_refused_with(finding(&text, line), "Denied");
    }
    let denial = finding(&text, "other column");
    is_refused_with(denial, r#"add \"notes\" to `select` under [tables.invoices] in its plugin.toml"#);
    for (what, nothing) in [("environment", "[]"), ("network", "false"), ("file", "Err(")] {
        is_refused_with(finding(&text, what), nothing);
    }
    for secret in ["Ben's client", "private note", "private contact", &anna.to_string()] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
    for (user, client) in [(anna, "Anna's client"), (ben, "Ben's client")] {
        let rows = server.world.select(user, "invoices", "select=client_name").await;
        assert_eq!(rows, [json!({ "client_name": client })], "nothing was written");
    }
}

#[tokio::test]
async fn no_credential_is_in_anything_a_guest_can_reach() {
    let (server, model, _plugins) = hostile_server().await;
    let anna = new_user();
    let answer = server.chat(anna, "@snoop 00000000-0000-0000-0000-000000000001").await;
    let token = server.world.token(anna);
    let (header, signature) = (token.split('.').next().unwrap(), token.rsplit('.').next().unwrap());
    let reached = format!("{} {:?}", answer.text(), model.requests());
    for secret in [server.world.jwt_secret(), server.world.publishable_key(), header, signature, "Bearer", "eyJ"] {
        assert!(!reached.contains(secret), "{secret} is within a guest's reach");
    }
}
