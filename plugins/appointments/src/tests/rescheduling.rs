//! Moving, cancelling and changing.

use canvalo_sdk::data::DataError;
use serde_json::{Value, json};

use super::{appointment, call, column, host, only_reads};

#[test]
fn a_moved_appointment_keeps_its_length_and_has_to_be_confirmed_again() {
    let mut host = host();
    let arguments = json!({ "appointment": "Maria Lopez", "date": "2026-03-12", "start_time": "2pm" });
    let answer = call(&mut host, "reschedule_appointment", arguments).unwrap();
    assert_eq!(answer["title"], "Moved: Cabinet estimate");
    let row = &answer["rows"][0];
    assert_eq!(
        (&row["date"], &row["day"], &row["time"]),
        (&json!("2026-03-12"), &json!("Thursday"), &json!("14:00-15:30"))
    );
    assert_eq!(answer["facts"]["Was"], "Tuesday 2026-03-10, 09:00-10:30");
    assert_eq!(answer["note"], "It was confirmed for the old time, so it is back to scheduled.");
    let row = appointment(&host, "Cabinet estimate");
    assert_eq!(
        (row.text("end_time"), row.integer("duration_minutes"), row.text("status")),
        ("15:30:00", 90, "scheduled")
    );
    assert_eq!(row.get("reminder_sent"), &json!(false));
}

#[test]
fn a_move_says_what_it_clashes_with() {
    let mut host = host();
    let arguments = json!({ "appointment": "the Nguyen walk-through", "period": "tomorrow", "assigned_to": "Tanya" });
    let answer = call(&mut host, "reschedule_appointment", arguments).unwrap();
    assert_eq!(answer["title"], "Changed: Walk-through");
    assert_eq!(answer["note"], "It clashes with Cabinet estimate, Maria Lopez (Tanya) on 2026-03-10 at 09:00-10:30.");
    let arguments = json!({ "appointment": "Nguyen", "start_time": "08:00", "duration_minutes": 30 });
    let answer = call(&mut host, "reschedule_appointment", arguments).unwrap();
    assert_eq!((&answer["rows"][0]["time"], &answer["note"]), (&json!("08:00-08:30"), &Value::Null));
}

#[test]
fn days_without_a_time_move_nothing_and_offer_times() {
    let mut host = host();
    let arguments = json!({ "appointment": "Maria Lopez", "period": "this_week" });
    let answer = call(&mut host, "reschedule_appointment", arguments).unwrap();
    assert_eq!(answer["title"], "Not moved yet: free times for Cabinet estimate from 2026-03-09 to 2026-03-15");
    // Tuesday is free from 08:00 on: the appointment is not in its own way.
    assert_eq!(column(&answer, "date"), ["2026-03-10", "2026-03-11", "2026-03-11", "2026-03-12", "2026-03-13"]);
    assert_eq!(column(&answer, "start"), ["08:00", "08:00", "15:00", "08:00", "08:00"]);
    assert_eq!(column(&answer, "end")[0], "09:30");
    assert_eq!(answer["next"], json!(["Move Maria Lopez to 2026-03-10 at 08:00"]));
    assert!(only_reads(&host));
}

#[test]
fn what_can_not_be_moved_is_refused_before_any_write() {
    let mut host = host();
    for (arguments, problem) in [
        (
            json!({ "appointment": "First visit", "date": "2026-03-12" }),
            "First visit: it is completed. Book a new one instead.",
        ),
        (json!({ "appointment": "Fence", "date": "2026-03-12" }), "Fence: it is cancelled. Book a new one instead."),
        (json!({ "appointment": "Crew meeting", "date": "2026-03-08" }), "Crew meeting: Sunday 2026-03-08 is over."),
        (
            json!({ "appointment": "Crew meeting", "date": "2026-03-09", "start_time": "16:19" }),
            "Crew meeting: 16:19 today is over",
        ),
        (json!({ "appointment": "Crew meeting" }), "Crew meeting: that is when it is already. To which date"),
        (
            json!({ "appointment": "Crew meeting", "start_time": "23:00" }),
            "Crew meeting: 90 minutes from 23:00 on end after midnight.",
        ),
        (json!({ "appointment": "Nobody", "date": "2026-03-12" }), "There is no appointment \"Nobody\"."),
        (
            json!({ "appointment": "Walk-through", "date": "2026-03-12" }),
            "Which appointment is \"Walk-through\"? It could be: Walk-through, Tom Nguyen (Luis) on 2026-03-10 at 10:00-11:00 (id ",
        ),
        (
            json!({ "appointment": "", "date": "2026-03-12" }),
            "`appointment`: expected a title, a client's name or an id.",
        ),
        (json!({ "appointment": "Crew meeting", "date": "2026-13-01" }), "`date`: expected a date"),
        (json!({ "date": "2026-03-12" }), "missing argument `appointment`"),
    ] {
        let error = call(&mut host, "reschedule_appointment", arguments).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    assert!(only_reads(&host));
}

#[test]
fn several_moves_are_each_reported_and_two_may_change_places() {
    let mut host = host();
    let moves = json!([
        { "appointment": "Cabinet estimate", "date": "2026-03-11", "start_time": "13:00" },
        { "appointment": "Dana Reed", "date": "2026-03-10", "start_time": "09:00" },
        { "appointment": "Fence", "date": "2026-03-12" },
        { "appointment": "Dana Reed", "start_time": "11:00" },
    ]);
    let answer = call(&mut host, "reschedule_appointments", json!({ "moves": moves })).unwrap();
    assert_eq!(answer["title"], "Moved 2 of 4 appointments");
    assert_eq!(
        column(&answer, "result"),
        [
            "moved. It clashes with Crew meeting on 2026-03-11 at 13:30-15:00.",
            "moved",
            "not moved: Fence: it is cancelled. Book a new one instead.",
            "not moved: Walk-through: it is named more than once.",
        ]
    );
    let error = call(&mut host, "reschedule_appointments", json!({ "moves": [] })).unwrap_err();
    assert_eq!(error, "`moves`: from 1 to 16 at a time, got 0.");
}

#[test]
fn a_move_does_not_undo_what_somebody_else_did_meanwhile() {
    let mut host = host().data_fails("update", DataError::NotFound);
    let arguments = json!({ "appointment": "Cabinet estimate", "date": "2026-03-12" });
    let error = call(&mut host, "reschedule_appointment", arguments).unwrap_err();
    assert_eq!(error, "Cabinet estimate: it changed in the meantime. Look at it again first.");
}

#[test]
fn a_cancelled_appointment_stays_on_record_and_frees_its_time() {
    let mut host = host();
    let arguments =
        json!({ "appointments": ["my appointment with Maria Lopez", "First visit", "Nobody"], "reason": "rain" });
    let answer = call(&mut host, "cancel_appointments", arguments).unwrap();
    assert_eq!(answer["title"], "Cancelled 1 appointment");
    let results = column(&answer, "result");
    assert_eq!(results[0], "cancelled");
    assert_eq!(results[1], "not cancelled: First visit: it is completed, there is nothing to cancel.");
    assert!(results[2].starts_with("not cancelled: There is no appointment"));
    let row = appointment(&host, "Cabinet estimate");
    assert_eq!(row.text("status"), "cancelled");
    assert!(row.text("notes").ends_with("\nCancelled: rain"));
    let free = call(&mut host, "free_slots", json!({ "period": "tomorrow", "assigned_to": "Tanya" })).unwrap();
    assert_eq!(column(&free, "free_from"), ["08:00"]);
    assert!(
        call(&mut host, "cancel_appointments", json!({ "appointments": [] })).unwrap_err().contains("from 1 to 16")
    );
}

#[test]
fn an_update_moves_nothing_and_fits_the_calendar() {
    let mut host = host();
    let update = |host: &mut _, title: &str, changes: Value| {
        call(host, "update_appointments", json!({ "updates": [{ "appointment": title, "changes": changes }] }))
    };
    for (title, changes, problem) in [
        (
            "Cabinet estimate",
            json!({ "appointment_date": "2026-03-12" }),
            "Cabinet estimate: use reschedule_appointment to move it",
        ),
        ("Cabinet estimate", json!({ "start_time": "09:00:00" }), "Cabinet estimate: that is when it is already."),
        (
            "Cabinet estimate",
            json!({ "status": "rescheduled" }),
            "Cabinet estimate: use reschedule_appointment to move it",
        ),
        (
            "Cabinet estimate",
            json!({ "status": "completed" }),
            "Cabinet estimate: it is on 2026-03-10, so it can't be completed yet.",
        ),
        (
            "Cabinet estimate",
            json!({ "end_time": "08:30" }),
            "Cabinet estimate: It would end at 08:30, but it starts at 09:00.",
        ),
        (
            "Cabinet estimate",
            json!({ "assigned_to": "Luis" }),
            "Cabinet estimate: it would clash with Walk-through, Tom Nguyen (Luis)",
        ),
        ("Crew meeting", json!({ "status": "late" }), "`status`: expected one of"),
    ] {
        let error = update(&mut host, title, changes).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
    assert!(only_reads(&host));
    update(&mut host, "Cabinet estimate", json!({ "end_time": "10:00", "status": "confirmed", "notes": "Two fans." }))
        .unwrap();
    let row = appointment(&host, "Cabinet estimate");
    assert_eq!(
        (row.text("start_time"), row.text("end_time"), row.integer("duration_minutes")),
        ("09:00:00", "10:00:00", 60)
    );
    update(&mut host, "Cabinet estimate", json!({ "duration_minutes": 45, "assigned_to": "Luis" })).unwrap();
    assert_eq!(appointment(&host, "Cabinet estimate").text("end_time"), "09:45:00");
    update(&mut host, "First visit", json!({ "status": "no-show" })).unwrap();
}
