//! What the operator's log says of a call that was denied.

use canvalo::telemetry;
use canvalo_tests::{Log, Server, guest_plugins, new_user};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scripts::guests_and_invoices;

#[tokio::test]
async fn a_denial_is_an_audit_event_that_names_what_was_reached_for_and_nobody() {
    let log = Log::get();
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    let server = Server::with(guests_and_invoices(), &[("CANVALO_PLUGIN_DIR", &folder)]).await;
    let (anna, ben) = (new_user(), new_user());
    let (client, note) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let invoice = json!([{ "invoice_number": "1", "client_name": client, "notes": note }]);
    server.world.insert(anna, "invoices", invoice).await;
    let answer = server.chat(anna, &format!("@snoop {ben}")).await;
    assert!(answer.text().contains(&client), "the guest has seen the row");

    let events = log.json();
    let of_anna = |event: &&Value| event["fields"]["user"] == *telemetry::user_tag(anna);
    let denials: Vec<&Value> = events.iter().filter(of_anna).filter(|event| event["target"] == "audit").collect();
    let reached = |event: &&Value| {
        let fields = &event["fields"];
        assert_eq!(fields["event"], "grant.denied", "{event}");
        assert_eq!(fields["plugin"], "snoop", "{event}");
        assert_eq!(event["level"], "WARN", "{event}");
        assert!(event["timestamp"].is_string(), "{event}");
        let word = |name: &str| fields[name].as_str().unwrap_or("-").to_owned();
        format!("{} {}.{}", word("verb"), word("table"), word("column"))
    };
    let reached: Vec<String> = denials.iter().map(reached).collect();
    let expected = [
        "select invoices.notes",
        "select invoices.user_id",
        "select contacts.name",
        "select agent_messages.content",
        "select invoices.notes",
        "select invoices.user_id",
        "select invoices.total_amount",
        "select invoices.total_amount",
        "select invoices.total_amount",
        "select invoices.user_id",
        "insert invoices.user_id",
        "insert invoices.status",
        "select contacts.client_name",
        "update invoices.client_name",
        "update invoices.user_id",
        "delete invoices.-",
    ];
    assert_eq!(reached, expected);
    let message = denials[0]["fields"]["message"].as_str().unwrap();
    assert!(message.contains(r#"add "notes" to `select`"#), "it says what would allow it: {message}");

    let log = format!("{:?}{events:?}", log.text());
    let token = server.world.token(anna);
    let signature = token.rsplit('.').next().unwrap();
    let ids = [anna, ben].map(|user| [user.to_string(), user.simple().to_string()]).concat();
    let secrets = [&client, &note, signature, server.world.jwt_secret(), server.world.publishable_key(), "Bearer"];
    for secret in secrets.into_iter().chain(ids.iter().map(String::as_str)) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
