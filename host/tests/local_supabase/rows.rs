//! Rows through REST: each user's own and nobody else's, and what the database keeps up by itself.

use canvalo::dev::{FIRST_SEEDED_USER, SECOND_SEEDED_USER};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{User, first, nobody_else, shared, superuser};

const SEEDED: [&str; 9] =
    ["contacts", "projects", "invoices", "proposals", "appointments", "reviews", "campaigns", "tasks", "goals"];
const FOREIGN_INVOICE: &str = "b0000000-0003-4000-8000-000000000002";
const FOREIGN_CONTACT: &str = "b0000000-0001-4000-8000-000000000001";

#[tokio::test]
async fn a_user_reads_their_own_rows_and_none_of_another() {
    for table in SEEDED {
        for (user, other) in [(FIRST_SEEDED_USER, SECOND_SEEDED_USER), (SECOND_SEEDED_USER, FIRST_SEEDED_USER)] {
            let reader = User::new(user);
            let rows = reader.get(&format!("{table}?select=user_id")).await;
            let rows = rows.as_array().unwrap();
            assert!(!rows.is_empty(), "{table}");
            assert!(rows.iter().all(|row| row["user_id"] == user), "{table}");
            assert_eq!(reader.get(&format!("{table}?user_id=eq.{other}")).await, json!([]), "{table}");
        }
        assert_eq!(nobody_else().get(table).await, json!([]), "{table}");
    }
}

#[tokio::test]
async fn a_row_for_another_user_is_refused() {
    let row = json!({ "name": "Mallory", "user_id": SECOND_SEEDED_USER });
    let (status, body) = first().send(Method::POST, "contacts", row).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("42501")), "{body}");
}

#[tokio::test]
async fn a_row_can_not_be_given_to_another_user() {
    let user = nobody_else();
    let row = user.add("contacts", json!({ "name": "Kept" })).await;
    let path = format!("contacts?id=eq.{}", row["id"].as_str().unwrap());
    let (status, body) = user.send(Method::PATCH, &path, json!({ "user_id": SECOND_SEEDED_USER })).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("42501")), "{body}");
}

#[tokio::test]
async fn anothers_row_is_neither_changed_nor_removed() {
    let path = format!("invoices?id=eq.{FOREIGN_INVOICE}");
    assert_eq!(first().send(Method::PATCH, &path, json!({ "notes": "mine" })).await, (StatusCode::OK, json!([])));
    assert_eq!(first().send(Method::DELETE, &path, Value::Null).await, (StatusCode::OK, json!([])));
    let kept = User::new(SECOND_SEEDED_USER).get(&path).await;
    assert_eq!(kept[0]["notes"], Value::Null);
}

#[tokio::test]
async fn a_reference_to_anothers_contact_is_refused_like_one_to_nothing() {
    for id in [FOREIGN_CONTACT, "00000000-dead-4000-8000-000000000000"] {
        let (status, body) = first().send(Method::POST, "invoices", json!({ "client_id": id })).await;
        assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("23503")), "{body}");
    }
}

#[tokio::test]
async fn a_deleted_contact_leaves_its_invoices_with_the_name() {
    let user = nobody_else();
    let contact = user.add("contacts", json!({ "name": "Gone Soon" })).await;
    let invoice = user.add("invoices", json!({ "client_id": contact["id"], "client_name": "Gone Soon" })).await;
    user.send(Method::DELETE, &format!("contacts?id=eq.{}", contact["id"].as_str().unwrap()), Value::Null).await;
    let left = user.get(&format!("invoices?id=eq.{}", invoice["id"].as_str().unwrap())).await;
    assert_eq!((&left[0]["client_id"], &left[0]["client_name"]), (&Value::Null, &json!("Gone Soon")));
    assert_eq!(left[0]["user_id"], invoice["user_id"]);
}

#[tokio::test]
async fn without_a_user_there_is_nothing_and_without_a_key_no_answer() {
    let env = shared();
    let url = format!("{}/rest/v1/contacts", env.supabase_url);
    let client = reqwest::Client::new();
    let request = || client.get(&url).header("Accept-Profile", "api");
    let key = &env.publishable_key;

    let no_key = request().send().await.unwrap();
    assert_eq!(no_key.status(), StatusCode::UNAUTHORIZED);
    assert!(no_key.text().await.unwrap().contains("No API key"));
    let wrong_key = request().header("apikey", "sb_publishable_wrong").send().await.unwrap();
    assert_eq!(wrong_key.status(), StatusCode::UNAUTHORIZED);
    // supabase-js without a session sends the key as the token, too.
    for anonymous in [request().header("apikey", key), request().header("apikey", key).bearer_auth(key)] {
        let response = anonymous.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.text().await.unwrap().contains("42501"));
    }
    let forged = request().header("apikey", key).bearer_auth("eyJhbGciOiJub25lIn0.e30.").send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    let elsewhere = client.get(format!("{}/contacts", env.supabase_url)).header("apikey", key).send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_database_computes_balances_and_progress() {
    let user = nobody_else();
    let invoice = user.add("invoices", json!({ "total_amount": "100.10", "amount_paid": "0.20" })).await;
    let amounts = ["total_amount", "amount_paid", "balance_due", "discount_amount"].map(|c| invoice[c].to_string());
    assert_eq!(amounts, ["100.10", "0.20", "99.90", "0.00"]);
    for (target, current, progress) in [("3", "1", "33.33"), ("10", "25", "100"), ("0", "5", "0"), ("10", "-5", "0")] {
        let goal = json!({ "title": "g", "target_value": target, "current_value": current });
        let row = user.add("goals", goal).await;
        let computed: f64 = row["progress_percentage"].to_string().parse().unwrap();
        assert_eq!(computed, progress.parse::<f64>().unwrap(), "{current} of {target}");
    }
    let (status, body) = user.send(Method::POST, "invoices", json!({ "balance_due": "1" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
}

#[tokio::test]
async fn values_outside_the_contract_are_refused() {
    let user = nobody_else();
    for (table, row) in [
        ("contacts", json!({ "name": "n", "contact_type": "friend" })),
        ("projects", json!({ "name": "n", "status": "done" })),
        ("projects", json!({ "name": "n", "completion_percentage": 101 })),
        ("invoices", json!({ "status": "late" })),
        ("invoices", json!({ "line_items": {} })),
        ("invoices", json!({ "total_amount": "NaN" })),
        ("proposals", json!({ "title": "t", "status": "won" })),
        ("appointments", json!({ "title": "t", "appointment_date": "2030-01-01", "appointment_type": "lunch" })),
        ("appointments", json!({ "title": "t", "appointment_date": "2030-01-01", "status": "maybe" })),
        ("reviews", json!({ "rating": 6 })),
        ("reviews", json!({ "rating": 5, "status": "new" })),
        ("campaigns", json!({ "name": "n", "campaign_type": "radio" })),
        ("campaigns", json!({ "name": "n", "status": "on" })),
        ("tasks", json!({ "title": "t", "priority": "asap" })),
        ("tasks", json!({ "title": "t", "status": "done" })),
        ("goals", json!({ "title": "t", "goal_type": "fun" })),
        ("goals", json!({ "title": "t", "status": "done" })),
    ] {
        let (status, body) = user.send(Method::POST, table, row.clone()).await;
        assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("23514")), "{table} {row}: {body}");
    }
}

#[tokio::test]
async fn a_change_moves_updated_at_and_nothing_else() {
    let user = nobody_else();
    let before = user.add("tasks", json!({ "title": "t" })).await;
    let path = format!("tasks?id=eq.{}", before["id"].as_str().unwrap());
    let (_, after) = user.send(Method::PATCH, &path, json!({ "title": "u" })).await;
    assert_eq!(after[0]["created_at"], before["created_at"]);
    assert!(after[0]["updated_at"].as_str() > before["updated_at"].as_str(), "{after}");
}

#[tokio::test]
async fn a_change_finds_its_row_by_an_array_a_time_and_a_time_of_day() {
    let user = nobody_else();
    let row = json!({ "title": "t", "appointment_date": "2026-03-09", "start_time": "14:30" });
    let appointment = user.add("appointments", row).await;
    let project = user.add("projects", json!({ "name": "n", "assigned_team": ["Ana", "Luis, Jr."] })).await;
    let written = project["updated_at"].as_str().unwrap().replace('+', "%2B");
    for (row, table, condition, met) in [
        (&project, "projects", "assigned_team=cs.{\"Luis, Jr.\"}".to_owned(), 1),
        (&project, "projects", "assigned_team=cs.{Joe}".to_owned(), 0),
        (&project, "projects", format!("updated_at=gt.{written}"), 1),
        (&appointment, "appointments", "start_time=eq.14:30:00".to_owned(), 1),
        (&appointment, "appointments", "start_time=eq.14:31:00".to_owned(), 0),
    ] {
        let path = format!("{table}?id=eq.{}&{condition}", row["id"].as_str().unwrap());
        let (status, body) = user.send(Method::PATCH, &path, json!({ "notes": "changed" })).await;
        assert_eq!((status, body.as_array().map(Vec::len)), (StatusCode::OK, Some(met)), "{condition}: {body}");
    }
}

#[tokio::test]
async fn a_conversation_counts_its_messages() {
    let user = nobody_else();
    let conversation = user.add("agent_conversations", json!({ "title": "t" })).await;
    let other = user.add("agent_conversations", json!({ "title": "u" })).await;
    let messages = json!([
        { "conversation_id": conversation["id"], "role": "user", "content": "hello", "agent_type": null },
        { "conversation_id": conversation["id"], "role": "assistant", "content": "hi", "agent_type": "someone-elses-agent" },
        { "conversation_id": conversation["id"], "role": "user", "content": "bye", "agent_type": null },
    ]);
    let (status, written) = user.send(Method::POST, "agent_messages", messages).await;
    assert_eq!(status, StatusCode::CREATED, "{written}");
    let counters = async || {
        let rows = user.get("agent_conversations?select=title,message_count,last_message_at&order=title").await;
        rows.as_array()
            .unwrap()
            .iter()
            .map(|r| (r["message_count"].clone(), r["last_message_at"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(counters().await, [(json!(3), written[2]["created_at"].clone()), (json!(0), Value::Null)]);

    let last = format!("agent_messages?id=eq.{}", written[2]["id"].as_str().unwrap());
    user.send(Method::PATCH, &last, json!({ "conversation_id": other["id"] })).await;
    let expected = [(json!(2), written[1]["created_at"].clone()), (json!(1), written[2]["created_at"].clone())];
    assert_eq!(counters().await, expected);

    user.send(Method::DELETE, &last, Value::Null).await;
    assert_eq!(counters().await, [expected[0].clone(), (json!(0), Value::Null)]);

    let path = format!("agent_conversations?id=eq.{}", conversation["id"].as_str().unwrap());
    user.send(Method::DELETE, &path, Value::Null).await;
    assert_eq!(user.get("agent_messages").await, json!([]));
}

#[tokio::test]
async fn a_message_can_not_join_anothers_conversation() {
    let conversation = nobody_else().add("agent_conversations", json!({})).await;
    let message = json!({ "conversation_id": conversation["id"], "role": "user", "content": "psst" });
    let (status, body) = nobody_else().send(Method::POST, "agent_messages", message).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("23503")), "{body}");
}

#[tokio::test]
async fn messages_written_at_the_same_time_are_all_counted() {
    let user = nobody_else();
    let conversation = user.add("agent_conversations", json!({})).await;
    let message = json!({ "conversation_id": conversation["id"], "role": "user", "content": "x" });
    futures::future::join_all((0..20).map(|_| user.add("agent_messages", message.clone()))).await;
    assert_eq!(user.get("agent_conversations").await[0]["message_count"], 20);
}

#[tokio::test]
async fn numbers_are_unique_for_a_user_and_free_for_another() {
    let (one, two) = (nobody_else(), nobody_else());
    one.add("invoices", json!({ "invoice_number": "INV-1" })).await;
    two.add("invoices", json!({ "invoice_number": "INV-1" })).await;
    let (status, body) = one.send(Method::POST, "invoices", json!({ "invoice_number": "INV-1" })).await;
    assert_eq!((status, &body["code"]), (StatusCode::CONFLICT, &json!("23505")), "{body}");
}

#[tokio::test]
async fn aggregates_in_a_select_are_off_as_in_supabase() {
    let (status, body) = first().send(Method::GET, "invoices?select=total_amount.sum()", Value::Null).await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &json!("PGRST123")), "{body}");
}

#[tokio::test]
async fn a_read_never_returns_more_than_a_thousand_rows() {
    let user = uuid::Uuid::new_v4().to_string();
    let statement = format!(
        "insert into api.contacts (user_id, name) select '{user}', 'n' || n from generate_series(1, 1100) as n"
    );
    superuser(shared()).await.batch_execute(&statement).await.unwrap();
    let rows = User::new(&user).get("contacts?select=id&limit=5000").await;
    assert_eq!(rows.as_array().unwrap().len(), 1000);
}
