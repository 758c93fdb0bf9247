//! The agent with a host in memory.

use canvalo_sdk::data::Condition;
use canvalo_sdk::testing::{self, Call, FakeHost};
use canvalo_sdk::{Ending, ToolError};
use serde_json::{Value, json};

use crate::agent;

fn host() -> FakeHost {
    let contact = |name: &str, kind: &str, company: &str, last: Value| json!({ "name": name, "contact_type": kind, "company": company, "last_contacted_at": last, "phone": "555-0100" });
    FakeHost::new().with_manifest(include_str!("../plugin.toml")).with_table(
        "contacts",
        [
            contact("Maria Lopez", "client", "Bayview Property Management", "2026-03-01T15:00:00+00:00".into()),
            contact("John Smith", "client", "", "2025-12-01T15:00:00+00:00".into()),
            contact("Tom Nguyen", "client", "Bayview Property Management", "2026-01-08T15:00:00+00:00".into()),
            contact("Dana Reed", "lead", "", Value::Null),
            contact("Johnson Paints", "supplier", "Johnson Paints", "2025-06-01T15:00:00+00:00".into()),
        ],
    )
}

fn call(host: &mut FakeHost, tool: &str, arguments: Value) -> Result<Value, String> {
    let agent = agent();
    let tool = agent.tools().iter().find(|known| known.name() == tool).unwrap();
    let answer = testing::call(tool, host, arguments).map_err(|error: ToolError| error.message())?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn names(answer: &Value) -> Vec<&str> {
    answer["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn who_was_not_contacted_is_listed_longest_first_with_never_at_the_top() {
    let answer = call(&mut host(), "contacts_not_contacted", json!({})).unwrap();
    assert_eq!(names(&answer), ["Dana Reed", "Johnson Paints", "John Smith", "Tom Nguyen"]);
    assert_eq!(answer["title"], "Contacts not contacted for 60 days or more");
    assert_eq!(answer["rows"][0]["last_contacted"], "never");
    assert_eq!(
        (&answer["rows"][3]["days_since"], &answer["rows"][3]["last_contacted"]),
        (&json!(60), &json!("2026-01-08"))
    );
    assert_eq!(answer["facts"], json!({ "Not contacted": "4", "Of these never": "1" }));
}

#[test]
fn days_and_type_narrow_who_was_not_contacted() {
    let answer = call(&mut host(), "contacts_not_contacted", json!({ "days": 61, "contact_type": "client" })).unwrap();
    assert_eq!(names(&answer), ["John Smith"]);
    assert_eq!(answer["title"], "Clients not contacted for 61 days or more");
    for days in [json!(0), json!(3651), json!(-1), json!("many")] {
        let error = call(&mut host(), "contacts_not_contacted", json!({ "days": days })).unwrap_err();
        assert!(error.starts_with("`days`"), "{error}");
    }
}

#[test]
fn a_search_looks_through_name_company_and_email() {
    let mut host = host();
    let answer = call(&mut host, "list_contacts", json!({ "search": "bayview" })).unwrap();
    assert_eq!(names(&answer), ["Maria Lopez", "Tom Nguyen"]);
    let Some(Call::Select(query)) = host.calls.last() else { unreachable!() };
    let [Condition::Any(filters)] = query.conditions.as_slice() else { unreachable!() };
    let searched: Vec<&str> = filters.iter().map(|filter| filter.column.as_str()).collect();
    assert_eq!(searched, ["name", "company", "email", "phone", "city"]);
    assert!(filters.iter().all(|filter| filter.value == r#""*bayview*""#));
}

#[test]
fn a_call_is_noted_on_the_contact_that_was_meant() {
    let mut host = host();
    let update = |name: &str| json!({ "updates": [{ "contact": name, "changes": { "last_contacted_at": "2026-03-09T16:00" } }] });
    call(&mut host, "update_contacts", update("nguyen")).unwrap();
    let tom = &host.store.rows("contacts")[2];
    assert_eq!(tom.text("last_contacted_at"), "2026-03-09T16:00:00-05:00");
    let error = call(&mut host, "update_contacts", update("John")).unwrap_err();
    assert!(error.contains("Which contact is \"John\"?") && error.contains("John Smith (id "), "{error}");
}

#[test]
fn nobody_was_contacted_tomorrow() {
    let mut host = host();
    let update = |at: &str| json!({ "updates": [{ "contact": "Dana Reed", "changes": { "last_contacted_at": at } }] });
    let error = call(&mut host, "update_contacts", update("2026-03-10")).unwrap_err();
    assert!(error.contains("that day is still to come"), "{error}");
    call(&mut host, "update_contacts", update("2026-03-09")).unwrap();
}

#[test]
fn a_time_is_shown_in_the_offset_it_had() {
    let answer = call(&mut host(), "get_contact", json!({ "contact": "John Smith" })).unwrap();
    assert_eq!(answer["rows"][0]["last_contacted_at"], "2025-12-01 09:00", "winter time, though it is summer time now");
}

#[test]
fn a_row_is_found_by_what_a_search_looks_through_and_asked_about() {
    let mut host = host();
    let answer = call(&mut host, "get_contact", json!({ "contact": "johnson" })).unwrap();
    assert_eq!(names(&answer), ["Johnson Paints"]);
    let answer = call(&mut host, "get_contact", json!({ "contact": "Bayview" })).unwrap();
    assert_eq!(names(&answer), ["Maria Lopez", "Tom Nguyen"]);
}

#[test]
fn deleting_a_contact_waits_for_the_users_approval() {
    let mut host = host().uses("delete_contacts", json!({ "contacts": ["Dana Reed"] }));
    let outcome = canvalo_sdk::run(&agent(), &mut host, &testing::turn("Delete Dana Reed")).unwrap();
    assert_eq!(outcome.ending, Ending::NeedsApproval);
    assert!(host.text().contains("Nothing has been changed."), "{}", host.text());
    assert_eq!(host.store.rows("contacts").len(), 5);
}
