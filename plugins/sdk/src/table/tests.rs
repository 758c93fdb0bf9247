//! The tools of a declared table.

use serde_json::{Value, json};

use super::{Column, Numbering, Order, Table};
use crate::data::{Condition, DataError, Filter};
use crate::testing::{self, Call, FakeHost};

static JOBS: Table = Table {
    name: "jobs",
    singular: "job",
    label: "title",
    columns: &[
        Column::text("title").required(),
        Column::one_of("status", &["todo", "in-progress", "done"]).describe("How far it is."),
        Column::money("price"),
        Column::integer("rating").range(1, 5),
        Column::date("due_date"),
        Column::timestamp("seen_at"),
        Column::time("starts_at"),
        Column::uuid("client_id"),
        Column::boolean("indoor"),
        Column::tags("tags"),
        Column::json("steps", r#"{"type":"array","items":{"type":"string"}}"#),
        Column::money("cost").read_only(),
    ],
    search: &["title"],
    shown: &["title", "status", "price", "due_date", "seen_at"],
    order: Order::Descending("due_date"),
    totals: &["price"],
    examples: r#"Examples: "Show my jobs""#,
    ..Table::EMPTY
};

fn host() -> FakeHost {
    let job = |title: &str, status: &str, price: &str, due: &str| {
        let price: crate::Money = price.parse().unwrap();
        json!({ "title": title, "status": status, "price": price, "due_date": due, "seen_at": "2026-03-09T21:20:00+00:00" })
    };
    FakeHost::new().with_table(
        "jobs",
        [
            job("Job-1042", "todo", "1000.10", "2026-03-01"),
            job("Job-1043", "done", "20.20", "2026-03-02"),
            job("Kitchen", "in-progress", "5", "2026-03-03"),
            job("Kitchen trim", "todo", "6", "2026-03-04"),
        ],
    )
}

fn call(host: &mut FakeHost, tool: &str, arguments: Value) -> Result<Value, String> {
    let tools = JOBS.tools();
    let tool = tools.iter().find(|known| known.name() == tool).unwrap();
    let answer = testing::call(tool, host, arguments).map_err(|error| error.message())?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn titles(answer: &Value) -> Vec<&str> {
    answer["rows"].as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap()).collect()
}

fn id(host: &FakeHost, index: usize) -> String {
    host.store.rows("jobs")[index].text("id").to_owned()
}

#[test]
fn schemas_are_made_of_the_declaration() {
    let [list, get, create, update, delete] = JOBS.tools();
    assert_eq!(
        list.parameters()["properties"],
        json!({
            "search": { "type": "string", "description": "Text to look for in title: a name or part of one." },
            "status": {
                "type": "array",
                "items": { "type": "string", "enum": ["todo", "in-progress", "done"], "description": "How far it is." },
                "description": "Only with one of these status values."
            },
            "price_min": { "type": "number", "description": "Only price or more." },
            "price_max": { "type": "number", "description": "Only price or less." },
            "due_date_from": { "type": "string", "format": "date", "description": "Only due date on or after this." },
            "due_date_to": { "type": "string", "format": "date", "description": "Only due date on or before this." },
            "seen_at_from": { "type": "string", "format": "date", "description": "Only seen at on or after this." },
            "seen_at_to": { "type": "string", "format": "date", "description": "Only seen at on or before this." },
            "client_id": { "type": "string", "format": "uuid" },
            "indoor": { "type": "boolean" },
            "tags": { "type": "array", "items": { "type": "string" }, "description": "Only with all of these tags." },
            "order_by": {
                "type": "string",
                "enum": ["title", "status", "price", "due_date", "seen_at"],
                "description": "The column to sort by."
            },
            "descending": { "type": "boolean", "description": "Largest or latest first. Only with order_by." },
            "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 },
            "offset": { "type": "integer", "minimum": 0, "description": "Rows to skip." }
        })
    );
    assert!(list.description().ends_with("\nExamples: \"Show my jobs\""));
    let reference = json!({ "type": "string", "description": "The job: its title, or its id." });
    assert_eq!(
        get.parameters(),
        &json!({ "type": "object", "properties": { "job": reference }, "required": ["job"], "additionalProperties": false })
    );
    let row = json!({
        "title": { "type": "string", "maxLength": 10000 },
        "status": { "type": "string", "enum": ["todo", "in-progress", "done"], "description": "How far it is." },
        "price": { "type": "number", "minimum": 0 },
        "rating": { "type": "integer", "minimum": 1, "maximum": 5 },
        "due_date": { "type": "string", "format": "date" },
        "seen_at": { "type": "string", "format": "date-time" },
        "starts_at": { "type": "string", "format": "time" },
        "client_id": { "type": "string", "format": "uuid" },
        "indoor": { "type": "boolean" },
        "tags": { "type": "array", "items": { "type": "string" } },
        "steps": { "type": "array", "items": { "type": "string" } }
    });
    let created = &create.parameters()["properties"]["jobs"];
    assert_eq!((&created["minItems"], &created["maxItems"]), (&json!(1), &json!(16)));
    assert_eq!((&created["items"]["properties"], &created["items"]["required"]), (&row, &json!(["title"])));
    let entry = &update.parameters()["properties"]["updates"]["items"];
    assert_eq!((&entry["properties"]["job"], &entry["required"]), (&reference, &json!(["job", "changes"])));
    assert_eq!(
        (&entry["properties"]["changes"]["properties"], entry["properties"]["changes"].get("required")),
        (&row, None)
    );
    assert_eq!(delete.parameters()["properties"]["jobs"]["items"], reference);
    let names = [&list, &get, &create, &update, &delete].map(crate::Tool::name);
    assert_eq!(names, ["list_jobs", "get_job", "create_jobs", "update_jobs", "delete_jobs"]);
}

#[test]
fn a_list_shows_rows_number_and_sums_ready_to_read() {
    let mut host = host();
    let answer = call(&mut host, "list_jobs", json!({ "limit": 2 })).unwrap();
    assert_eq!(titles(&answer), ["Kitchen trim", "Kitchen"]);
    assert_eq!(
        answer["rows"][0].to_string(),
        format!(
            r#"{{"id":"{}","title":"Kitchen trim","status":"todo","price":"$6.00","due_date":"2026-03-04","seen_at":"2026-03-09 16:20"}}"#,
            id(&host, 3)
        )
    );
    assert_eq!((&answer["total_rows"], &answer["facts"]), (&json!(4), &json!({ "Sum of price": "$1,031.30" })));
    assert_eq!(answer["note"], "These are 1 to 2 of 4; more with offset 2.");
    let mut failing = self::host().data_fails("aggregate", DataError::Unavailable("down".into()));
    let answer = call(&mut failing, "list_jobs", json!({})).unwrap();
    assert_eq!((answer.get("facts"), titles(&answer).len()), (None, 4), "a list without sums is still one");
}

#[test]
fn a_list_of_more_rows_than_anybody_reads_is_neither_counted_nor_summed_up() {
    let jobs =
        |rows: u32| (0..rows).map(|n| json!({ "title": format!("Job {n}"), "price": 2, "due_date": "2026-03-04" }));
    let mut host = FakeHost::new().with_table("jobs", jobs(1_000));
    let answer = call(&mut host, "list_jobs", json!({})).unwrap();
    assert_eq!((&answer["total_rows"], &answer["facts"]), (&json!(1_000), &json!({ "Sum of price": "$2,000.00" })));

    let mut host = FakeHost::new().with_table("jobs", jobs(1_001));
    let answer = call(&mut host, "list_jobs", json!({ "offset": 20 })).unwrap();
    assert_eq!((titles(&answer).len(), answer.get("total_rows"), answer.get("facts")), (20, None, None));
    let note =
        "These are 21 to 40 of more than 1,000, too many to count and add up. Narrow it down, or go on with offset 40.";
    assert_eq!(answer["note"], note);
    assert!(host.calls.iter().all(|call| matches!(call, Call::Select(query) if !query.count)), "nothing is counted");
}

#[test]
fn a_list_is_filtered_and_sorted_by_its_arguments() {
    for (arguments, expected) in [
        (json!({ "search": "KITCHEN" }), vec!["Kitchen trim", "Kitchen"]),
        (json!({ "status": ["todo"] }), vec!["Kitchen trim", "Job-1042"]),
        (json!({ "status": "In Progress" }), vec!["Kitchen"]),
        (json!({ "status": ["done", "in-progress"] }), vec!["Kitchen", "Job-1043"]),
        (json!({ "due_date_from": "2026-03-02", "due_date_to": "2026-03-03" }), vec!["Kitchen", "Job-1043"]),
        (json!({ "price_min": 20.20, "order_by": "price" }), vec!["Job-1043", "Job-1042"]),
        (json!({ "price_max": "$6.00", "order_by": "price", "descending": true }), vec!["Kitchen trim", "Kitchen"]),
        (json!({ "seen_at_to": "2026-03-08" }), vec![]),
        (json!({ "search": "", "status": null, "limit": "1", "offset": 3 }), vec!["Job-1042"]),
    ] {
        let answer = call(&mut host(), "list_jobs", arguments.clone()).unwrap();
        assert_eq!(titles(&answer), expected, "{arguments}");
    }
    let mut host = host();
    call(&mut host, "list_jobs", json!({ "seen_at_to": "2026-03-09", "tags": ["a"], "indoor": true })).unwrap();
    let Call::Select(query) = &host.calls[0] else { unreachable!() };
    let expected = [
        Filter::lt("seen_at", "2026-03-10T00:00:00-05:00"),
        Filter::eq("indoor", true),
        Filter::contains("tags", ["a"]),
    ];
    assert_eq!(query.conditions, expected.map(Condition::All), "a day counts until it ends where the user is");
}

#[test]
fn a_list_refuses_arguments_with_what_is_allowed() {
    for (arguments, error) in [
        (json!({ "status": ["late"] }), "`status`: expected one of todo, in-progress, done, got \"late\"."),
        (
            json!({ "order_by": "cost" }),
            "`order_by`: expected one of title, status, price, due_date, seen_at, got \"cost\".",
        ),
        (json!({ "limit": 101 }), "`limit`: must be from 1 to 100, got 101."),
        (json!({ "limit": 0 }), "`limit`: must be from 1 to 100, got 0."),
        (json!({ "due_date_to": "soon" }), "`due_date_to`: expected a date such as 2026-03-09, got \"soon\"."),
        (
            json!({ "client_id": "Maria" }),
            "`client_id`: expected an id as the tools return it, not a name, got \"Maria\".",
        ),
        (json!({ "price_min": "a lot" }), "`price_min`: expected a number, got \"a lot\"."),
        (json!({ "search": 5 }), "`search`: expected text."),
    ] {
        let mut host = host();
        assert_eq!(call(&mut host, "list_jobs", arguments).unwrap_err(), error);
        assert!(host.calls.is_empty());
    }
    assert!(
        call(&mut host(), "list_jobs", json!({ "owner": 1 })).unwrap_err().starts_with("There is no argument `owner`.")
    );
}

#[test]
fn a_row_is_found_by_id_label_or_the_end_of_its_label() {
    let mut host = host();
    let by_id = json!({ "job": id(&host, 2) });
    for (arguments, title) in [
        (by_id, "Job Kitchen"),
        (json!({ "job": "kitchen" }), "Job Kitchen"),
        (json!({ "job": "1042" }), "Job Job-1042"),
        (json!({ "job": "trim" }), "Job Kitchen trim"),
        (json!({ "job": "chen tr" }), "Job Kitchen trim"),
    ] {
        assert_eq!(call(&mut host, "get_job", arguments).unwrap()["title"], title);
    }
    let several = call(&mut host, "get_job", json!({ "job": "job" })).unwrap();
    assert_eq!((titles(&several), &several["note"]), (vec!["Job-1042", "Job-1043"], &json!("Which one is meant?")));
    assert_eq!(call(&mut host, "get_job", json!({ "job": "attic" })).unwrap_err(), "There is no job \"attic\".");
    assert_eq!(
        call(&mut host, "get_job", json!({ "job": " " })).unwrap_err(),
        "`job`: expected the title or id of one job."
    );
}

#[test]
fn a_row_with_a_number_besides_its_label_is_found_by_either() {
    static SITES: Table = Table {
        name: "sites",
        singular: "site",
        label: "name",
        columns: &[Column::text("site_number"), Column::text("name").required()],
        numbering: Some(Numbering { column: "site_number", first: "S-1" }),
        ..Table::EMPTY
    };
    let site = |number: Value, name: &str| json!({ "site_number": number, "name": name });
    let sites = [site("S-1009".into(), "Harbor"), site("S-1010".into(), "Old Harbor"), site(Value::Null, "Mill")];
    let mut host = FakeHost::new().with_table("sites", sites);
    let [_, get, _, update, _] = SITES.tools();
    let asked = &get.parameters()["properties"]["site"]["description"];
    assert_eq!(asked, "The site: its number, what it is called, or its id.");
    for (named, name) in [("S-1010", "Old Harbor"), ("1009", "Harbor"), ("harbor", "Harbor"), ("mill", "Mill")] {
        let updates = json!([{ "site": named, "changes": { "name": name } }]);
        let answer = testing::call(&update, &mut host, json!({ "updates": updates })).unwrap();
        assert_eq!(serde_json::to_value(answer).unwrap()["rows"][0]["name"], name, "{named}");
    }
    let updates = json!([{ "site": "10", "changes": { "name": "X" } }]);
    let error = testing::call(&update, &mut host, json!({ "updates": updates })).unwrap_err().message();
    assert!(error.starts_with("Which site is \"10\"? It could be: Harbor (id "), "{error}");
}

#[test]
fn new_rows_are_written_all_at_once_in_the_databases_form() {
    let mut host = host();
    let jobs = json!([
        { "title": " Attic ", "price": "$1,200.50", "status": "In Progress", "rating": "5", "tags": "roof", "due_date": "" },
        { "title": "Hall", "starts_at": "9:30", "seen_at": "2026-03-09 08:00", "indoor": "true", "steps": ["sand"] },
    ]);
    let answer = call(&mut host, "create_jobs", json!({ "jobs": jobs })).unwrap();
    assert_eq!((answer["title"].as_str(), titles(&answer)), (Some("Created 2 jobs"), vec!["Attic", "Hall"]));
    let Call::Insert(insertion) = &host.calls[0] else { unreachable!() };
    assert_eq!(
        insertion.rows,
        [
            r#"{"title":"Attic","price":1200.50,"status":"in-progress","rating":5,"tags":["roof"]}"#,
            r#"{"title":"Hall","starts_at":"09:30:00","seen_at":"2026-03-09T08:00:00-05:00","indoor":true,"steps":["sand"]}"#,
        ]
    );
    assert_eq!(host.calls.len(), 1);
}

#[test]
fn a_wrong_value_is_refused_before_the_call_with_what_is_allowed() {
    for (row, error) in [
        (json!({}), "A new job needs `title`."),
        (json!({ "title": "A", "status": "late" }), "`status`: expected one of todo, in-progress, done, got \"late\"."),
        (json!({ "title": "A", "price": -1 }), "`price`: must be zero or more, got -1."),
        (json!({ "title": "A", "price": 1.005 }), "`price`: expected an amount in whole cents, got 1.005."),
        (json!({ "title": "A", "price": true }), "`price`: expected an amount such as 1234.50, got true."),
        (json!({ "title": "A", "rating": 6 }), "`rating`: must be from 1 to 5, got 6."),
        (json!({ "title": "A", "rating": 2.5 }), "`rating`: expected a whole number, got 2.5."),
        (
            json!({ "title": "A", "due_date": "03/09/2026" }),
            "`due_date`: expected a date such as 2026-03-09, got \"03/09/2026\".",
        ),
        (
            json!({ "title": "A", "due_date": "2026-02-29" }),
            "`due_date`: expected a date such as 2026-03-09, got \"2026-02-29\".",
        ),
        (json!({ "title": "A", "starts_at": "25:00" }), "`starts_at`: expected a time such as 14:30, got \"25:00\"."),
        (json!({ "title": "A", "steps": "sand" }), "`steps`: expected a list or an object, got \"sand\"."),
        (json!({ "title": "A", "tags": [1] }), "`tags`: expected a list of words, got [1]."),
        (json!({ "title": ["A"] }), "`title`: expected text, got [\"A\"]."),
        (json!({ "title": "A", "cost": 5 }), "`cost` can't be written with this tool; leave it out."),
        (json!({ "title": "A", "user_id": "x" }), "`user_id` can't be written with this tool; leave it out."),
        (
            json!({ "title": "A", "colour": "red" }),
            "Jobs have no `colour`. What can be written: title, status, price, rating, due_date, seen_at, starts_at, client_id, indoor, tags, steps.",
        ),
    ] {
        let mut host = host();
        assert_eq!(call(&mut host, "create_jobs", json!({ "jobs": row })).unwrap_err(), error);
        assert!(host.calls.is_empty());
    }
    let two_wrong = json!({ "jobs": [{ "title": "A" }, { "title": "B", "rating": 0 }, { "rating": 1 }] });
    assert_eq!(
        call(&mut host(), "create_jobs", two_wrong).unwrap_err(),
        "Entry 2: `rating`: must be from 1 to 5, got 0. Entry 3: A new job needs `title`. Nothing was created."
    );
    let many: Vec<Value> = (0..17).map(|_| json!({ "title": "A" })).collect();
    assert_eq!(
        call(&mut host(), "create_jobs", json!({ "jobs": many })).unwrap_err(),
        "`jobs`: from 1 to 16 at a time, got 17."
    );
}

#[test]
fn each_update_says_what_happened() {
    let mut host = host();
    let updates = json!([
        { "job": "1042", "changes": { "status": "done", "price": 7 } },
        { "job": "attic", "changes": { "status": "done" } },
        { "job": id(&host, 2), "changes": { "due_date": null } },
    ]);
    let answer = call(&mut host, "update_jobs", json!({ "updates": updates })).unwrap();
    assert_eq!(
        (answer["title"].as_str(), answer["note"].as_str()),
        (Some("Updated 2 jobs"), Some("1 job not changed."))
    );
    let first =
        json!({ "id": id(&host, 0), "title": "Job-1042", "status": "done", "price": "$7.00", "result": "updated" });
    assert_eq!(answer["rows"][0], first);
    assert_eq!(answer["rows"][1], json!({ "title": "attic", "result": "not changed: There is no job \"attic\"." }));
    assert_eq!(host.store.rows("jobs")[2].get("due_date"), &Value::Null);

    for (updates, error) in [
        (json!([{ "job": "Kitchen", "changes": {} }]), "There is nothing to change: name at least one column."),
        (json!([{ "job": "Kitchen", "changes": { "title": "" } }]), "`title` can't be emptied."),
        (json!([{ "job": "Kitchen" }]), "`changes`: expected an object of columns and new values."),
        (json!([{ "changes": { "rating": 1 } }]), "`job`: expected the title or id of one job."),
        (
            json!([{ "job": "Kitchen", "changes": { "rating": 1 } }, { "job": id(&host, 2), "changes": { "rating": 2 } }]),
            "Kitchen is named more than once: put its changes into one entry. Nothing was changed.",
        ),
    ] {
        assert_eq!(call(&mut host, "update_jobs", json!({ "updates": updates })).unwrap_err(), error);
    }
    let error =
        call(&mut host, "update_jobs", json!({ "updates": { "job": "job", "changes": { "rating": 1 } } })).unwrap_err();
    assert!(error.starts_with("Which job is \"job\"? It could be: Job-1042 (id "), "{error}");
}

#[test]
fn a_delete_is_one_request_and_needs_every_name_to_be_clear() {
    let mut host = host();
    let error = call(&mut host, "delete_jobs", json!({ "jobs": ["1042", "attic"] })).unwrap_err();
    assert_eq!(error, "There is no job \"attic\".");
    assert!(host.calls.iter().all(|call| call.verb() == "select"));
    let error = call(&mut host, "delete_jobs", json!({ "jobs": ["1042", "Kitchen"] })).unwrap_err();
    assert!(error.starts_with("The user must approve this first"), "{error}");
    assert_eq!(host.store.rows("jobs").len(), 4);

    host.approves_deletes = true;
    let answer = call(&mut host, "delete_jobs", json!({ "jobs": ["1042", "Kitchen", "job-1042"] })).unwrap();
    assert_eq!((answer["title"].as_str(), titles(&answer)), (Some("Deleted 2 jobs"), vec!["Job-1042", "Kitchen"]));
    let Some(Call::Delete(deletion)) = host.calls.last() else { unreachable!() };
    assert_eq!(deletion.max_affected, 2);
}
