//! New appointments.

use canvalo_sdk::Ending;
use canvalo_sdk::data::DataError;
use canvalo_sdk::testing;
use serde_json::{Value, json};

use super::{JOHN, appointment, call, column, host, only_reads};
use crate::agent;

#[test]
fn without_a_time_nothing_is_booked_and_free_times_are_offered() {
    let mut host = host();
    let answer = call(&mut host, "book_appointment", json!({ "client": "john smith", "period": "next_week" })).unwrap();
    assert_eq!(answer["title"], "Not booked yet: free times for Meeting with John Smith from 2026-03-16 to 2026-03-22");
    let dates = ["2026-03-16", "2026-03-17", "2026-03-18", "2026-03-19", "2026-03-20"];
    assert_eq!(column(&answer, "date"), dates);
    assert_eq!((&answer["rows"][0]["start"], &answer["rows"][0]["end"]), (&json!("08:00"), &json!("09:00")));
    assert_eq!(answer["note"], "Nothing is booked yet. Which of these times is it?");
    assert_eq!(answer["next"], json!(["Schedule a meeting with John Smith on 2026-03-16 at 08:00"]));
    assert!(only_reads(&host));
}

#[test]
fn the_story_of_a_meeting_next_week_goes_from_the_offer_to_the_booking() {
    let mut host = host()
        .uses("book_appointment", json!({ "client": "John Smith", "period": "next_week" }))
        .says("These times are free next week. Which one?");
    let outcome =
        canvalo_sdk::run(&agent(), &mut host, &testing::turn("Schedule a meeting with John Smith next week")).unwrap();
    assert_eq!(outcome.ending, Ending::Answered);
    assert!(only_reads(&host));

    let mut host = host
        .uses("book_appointment", json!({ "client": "John Smith", "date": "2026-03-17", "start_time": "10:00" }))
        .says("Booked.");
    canvalo_sdk::run(&agent(), &mut host, &testing::turn("Tuesday at 10")).unwrap();
    let row = appointment(&host, "Meeting with John Smith");
    assert_eq!(
        (row.text("appointment_date"), row.text("start_time"), row.text("end_time")),
        ("2026-03-17", "10:00:00", "11:00:00")
    );
    assert_eq!(
        (row.text("client_id"), row.text("location"), row.integer("duration_minutes")),
        (JOHN, "12 Elm St, Oakland", 60)
    );
}

#[test]
fn a_day_and_a_time_book_at_once() {
    let mut host = host();
    let arguments = json!({ "client": "John Smith", "period": "tomorrow", "start_time": "2pm", "appointment_type": "follow-up",
        "assigned_to": "Tanya", "project": "harbor street", "notes": "Bring the fans." });
    let answer = call(&mut host, "book_appointment", arguments).unwrap();
    assert_eq!(answer["title"], "Booked: Follow-up with John Smith");
    let row = &answer["rows"][0];
    assert_eq!(
        (&row["date"], &row["day"], &row["time"]),
        (&json!("2026-03-10"), &json!("Tuesday"), &json!("14:00-14:30"))
    );
    assert_eq!((&row["assigned_to"], &row["project_name"]), (&json!("Tanya"), &json!("Harbor Street")));
    assert_eq!(answer["note"], Value::Null);

    let arguments =
        json!({ "client": "The inspector", "date": "2026-03-14", "start_time": "9:00", "end_time": "11:30" });
    let answer = call(&mut host, "book_appointment", arguments).unwrap();
    assert_eq!(
        (&answer["rows"][0]["time"], &answer["note"]),
        (&json!("09:00-11:30"), &json!("The inspector is not among the contacts."))
    );
}

#[test]
fn a_time_of_day_without_a_day_is_offered_on_the_days_that_have_it() {
    let arguments = json!({ "client": "John Smith", "period": "this_week", "start_time": "10:00", "duration_minutes": 90,
        "assigned_to": "Luis", "appointment_type": "estimate" });
    let answer = call(&mut host(), "book_appointment", arguments).unwrap();
    assert_eq!(column(&answer, "date"), ["2026-03-11", "2026-03-12", "2026-03-13"]);
    assert_eq!(column(&answer, "end"), ["11:30", "11:30", "11:30"]);
    assert_eq!(answer["next"], json!(["Schedule an estimate with John Smith on 2026-03-11 at 10:00 for 90 minutes"]));
    assert_eq!(answer["facts"], json!({ "Length": "1 h 30 min", "For": "Luis" }));

    let arguments = json!({ "client": "John Smith", "date": "2026-03-15" });
    let sunday = call(&mut host(), "book_appointment", arguments).unwrap();
    assert_eq!(sunday["rows"], json!([]));
    assert!(sunday["note"].as_str().unwrap().contains("no working hours are free on Sunday 2026-03-15"));
}

#[test]
fn a_clash_is_refused_with_what_is_in_the_way_and_the_next_free_time() {
    let mut host = host();
    let arguments = |person: Value, double: Value| json!({ "client": "John Smith", "date": "2026-03-10", "start_time": "10:00", "assigned_to": person, "double_book": double });
    let error = call(&mut host, "book_appointment", arguments("Tanya".into(), Value::Null)).unwrap_err();
    assert_eq!(
        error,
        "10:00-11:00 is taken by Cabinet estimate, Maria Lopez (Tanya) on 2026-03-10 at 09:00-10:30. Nothing was booked. \
         The next free time is Tuesday 2026-03-10 at 10:30-11:30. Which time should it be, or should it be double-booked?"
    );
    let error = call(&mut host, "book_appointment", arguments(Value::Null, false.into())).unwrap_err();
    assert!(error.contains("The next free time is Tuesday 2026-03-10 at 11:00-12:00."), "{error}");
    assert!(only_reads(&host));

    let answer = call(&mut host, "book_appointment", arguments("Tanya".into(), true.into())).unwrap();
    assert_eq!(answer["note"], "It clashes with Cabinet estimate, Maria Lopez (Tanya) on 2026-03-10 at 09:00-10:30.");
    call(&mut host, "book_appointment", arguments("Ana".into(), Value::Null)).unwrap();
}

#[test]
fn what_can_not_be_booked_is_refused_before_any_write() {
    let mut host = host();
    for (arguments, problem) in [
        (json!({}), "missing argument `client`"),
        (json!({ "client": " " }), "`client`: who is it with?"),
        (
            json!({ "client": "Lopez", "period": "next_week" }),
            "Which contact is \"Lopez\"? It could be: Ana Lopez (id ",
        ),
        (json!({ "client": "A", "date": "2026-03-08", "start_time": "10:00" }), "Sunday 2026-03-08 is over."),
        (json!({ "client": "A", "period": "last_week" }), "Sunday 2026-03-08 is over."),
        (json!({ "client": "A", "date": "2026-03-09", "start_time": "16:00" }), "16:00 today is over: it is 16:20."),
        (json!({ "client": "A", "date": "2026-03-10", "period": "next_week" }), "Tuesday 2026-03-10 is not within"),
        (
            json!({ "client": "A", "date": "2026-03-10", "start_time": "9:00", "end_time": "8:00" }),
            "It would end at 08:00",
        ),
        (
            json!({ "client": "A", "date": "2026-03-10", "start_time": "23:30" }),
            "60 minutes from 23:30 on end after midnight.",
        ),
        (
            json!({ "client": "A", "date": "2026-03-10", "end_time": "9:00" }),
            "It ends at 09:00, but when does it start?",
        ),
        (json!({ "client": "A", "duration_minutes": 0 }), "`duration_minutes`: must be from 1 to 1440"),
        (json!({ "client": "A", "appointment_type": "party" }), "`appointment_type`: not allowed: `party`"),
        (json!({ "client": "A", "start_time": "late" }), "`start_time`: expected a time such as 14:30, got \"late\""),
        (json!({ "client": "A", "date": "2026-02-30" }), "`date`: expected a date such as 2026-03-09"),
    ] {
        let error = call(&mut host, "book_appointment", arguments).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    assert!(only_reads(&host));
}

#[test]
fn a_booking_survives_that_no_address_can_be_read() {
    let mut host = host();
    let john =
        json!({ "title": "Visit", "client_id": JOHN, "client_name": "John Smith", "appointment_date": "2026-03-20" });
    // The only read is that of the address: without a time nothing can clash.
    let mut failing = super::host().data_fails("select", DataError::Unavailable("down".into()));
    call(&mut failing, "create_appointments", json!({ "appointments": [john.clone()] })).unwrap();
    assert_eq!(appointment(&failing, "Visit").get("location"), &Value::Null);
    call(&mut host, "create_appointments", json!({ "appointments": [john] })).unwrap();
    assert_eq!(appointment(&host, "Visit").text("location"), "12 Elm St, Oakland");
}

#[test]
fn several_are_created_with_times_that_fit_all_or_none() {
    let mut host = host();
    let rows = json!([
        { "title": "Visit", "client_name": "Ana Lopez", "appointment_date": "2026-03-12", "start_time": "09:00", "end_time": "09:45" },
        { "title": "Painting", "client_name": "John", "appointment_date": "2026-03-13", "start_time": "07:00", "appointment_type": "painting", "location": "Shop" },
        { "title": "Some day", "appointment_date": "2026-03-13" },
    ]);
    let answer = call(&mut host, "create_appointments", json!({ "appointments": rows })).unwrap();
    assert_eq!(answer["title"], "Created 3 appointments");
    let (visit, painting) = (appointment(&host, "Visit"), appointment(&host, "Painting"));
    assert_eq!((visit.integer("duration_minutes"), visit.text("location")), (45, "Berkeley"));
    assert_eq!(
        (painting.text("end_time"), painting.text("client_name"), painting.text("location")),
        ("15:00:00", "John Smith", "Shop")
    );
    assert_eq!(appointment(&host, "Some day").get("start_time"), &Value::Null);

    let before = host.store.rows("appointments").len();
    for (rows, problem) in [
        (
            json!([{ "title": "A", "appointment_date": "2026-03-16", "start_time": "09:00" }, { "title": "B", "appointment_date": "2026-03-16", "start_time": "09:30" }]),
            "Entry 2: 09:30-10:30 is taken by A on 2026-03-16 at 09:00-10:00. Nothing was booked. The next free time is Monday 2026-03-16 at 10:00-11:00.",
        ),
        (json!([{ "title": "A", "appointment_date": "2026-03-08" }]), "Sunday 2026-03-08 is over."),
        (
            json!([{ "title": "A", "appointment_date": "2026-03-16", "status": "completed" }]),
            "A new appointment is scheduled or confirmed.",
        ),
        (
            json!([{ "title": "A", "appointment_date": "2026-03-16", "end_time": "09:00" }]),
            "It ends at 09:00, but when does it start?",
        ),
        (json!([{ "title": "A" }]), "A new appointment needs `appointment_date`."),
        (
            json!([{ "title": "A", "appointment_date": "2026-03-16", "duration_minutes": 0 }]),
            "`duration_minutes`: must be from 1 to 1440",
        ),
        (
            json!([{ "title": "A", "appointment_date": "2026-03-16", "colour": "red" }]),
            "Appointments have no `colour`.",
        ),
    ] {
        let error = call(&mut host, "create_appointments", json!({ "appointments": rows })).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    assert_eq!(host.store.rows("appointments").len(), before);
}
