//! Realistic tools and results; what is rendered is asserted whole.

use futures::StreamExt;
use serde_json::json;

use super::super::Tool;
use super::*;

const SYSTEM: &str = "You answer questions.\nCurrent time: 2026-03-09T16:20:00-05:00 (America/Chicago)\n";

fn tool(name: &str, description: &str, parameters: Value) -> Tool {
    Tool { name: name.into(), description: description.into(), parameters }
}

fn invoices() -> Vec<Tool> {
    let status = json!({"description": "Only invoices with this status", "anyOf": [
        {"type": "string", "enum": ["draft", "sent", "viewed", "partial", "paid", "overdue", "cancelled"]}, {"type": "null"}]});
    let id = json!({"type": "string", "format": "uuid", "description": "The invoice's id"});
    let date = json!({"type": ["string", "null"], "format": "date"});
    vec![
        tool(
            "list_invoices",
            "Lists and searches invoices.\nExamples: \"Show me all invoices\" \"Find invoices for John Smith\"",
            json!({"type": "object", "properties": {
                "query": {"type": ["string", "null"], "description": "Text in the number, client or project"},
                "status": status, "due_from": date, "due_to": date,
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}}}),
        ),
        tool(
            "get_invoice",
            "Shows one invoice.",
            json!({"type": "object", "properties": {"id": id}, "required": ["id"]}),
        ),
        tool(
            "create_invoice",
            "Creates an invoice.\nExamples: \"Create an invoice for Maria Lopez\"",
            json!({"type": "object", "properties": {
                "client_name": {"type": "string", "description": "Who it is for. As in the contacts."},
                "total_amount": {"type": "string", "description": "The total, for example 1200.50"},
                "issue_date": date, "due_date": {"type": "string", "format": "date", "description": "When it is due"},
                "status": status}, "required": ["client_name", "total_amount", "due_date"]}),
        ),
        tool(
            "create_invoices",
            "Creates several invoices at once.",
            json!({"type": "object", "properties": {"invoices": {"type": "array", "items": {"$ref": "#/$defs/New"}}},
                "required": ["invoices"],
                "$defs": {"New": {"type": "object", "properties": {"client_name": {"type": "string"}}, "required": ["client_name"]}}}),
        ),
        tool(
            "delete_invoice",
            "Deletes an invoice.\nExamples: \"Delete invoice INV-1042\"",
            json!({"type": "object", "properties": {"invoice_number": {"type": "string"}}, "required": ["invoice_number"]}),
        ),
        tool(
            "record_payment",
            "Records a payment on an invoice.\nExamples: \"Record a payment of $500 on INV-1042\"",
            json!({"type": "object", "properties": {
                "invoice_number": {"type": "string"}, "amount": {"type": "number", "exclusiveMinimum": 0},
                "payment_date": date}, "required": ["invoice_number", "amount"]}),
        ),
        tool(
            "overdue_invoices",
            "Invoices past their due date, by age: 0-30, 31-60, 61-90 and 90+ days.\nExamples: \"Show me all overdue invoices\" \"Who owes me money?\"",
            json!({"type": "object", "properties": {}}),
        ),
        tool(
            "revenue",
            "Revenue over a period.\nExamples: \"What's my revenue this month?\"",
            json!({"type": "object", "properties": {
                "from": {"type": "string", "format": "date"}, "to": {"type": "string", "format": "date"}},
                "required": ["from", "to"]}),
        ),
    ]
}

fn contacts() -> Vec<Tool> {
    vec![
        tool(
            "search_contacts",
            "Finds clients, suppliers and leads by name.\nExamples: \"Find John Smith\" \"List my suppliers\"",
            json!({"type": "object", "properties": {
                "query": {"type": "string"}, "contact_type": {"type": "string", "oneOf": [{"const": "client"}, {"const": "supplier"}, {"const": "lead"}]}}}),
        ),
        tool(
            "not_contacted",
            "Who has not been contacted for a number of days.\nExamples: \"Which clients haven't been contacted recently?\" \
             \"Which leads did we never get back to?\" \"Which suppliers and leads went quiet?\"",
            json!({"type": "object", "properties": {
                "days": {"type": "integer", "minimum": 1, "maximum": 3650, "default": 30}}}),
        ),
        tool(
            "create_contact",
            "Adds a contact.",
            json!({"type": "object", "properties": {
                "name": {"type": "string"}, "email": {"type": "string"}, "phone": {"type": "string"}}, "required": ["name"]}),
        ),
    ]
}

fn agents() -> Vec<Tool> {
    let task = json!({"type": "object", "properties": {"task": {"type": "string", "description": "What is wanted of it"}, "then_continue": {"type": "boolean"}}});
    vec![
        tool("invoices", "Invoices, payments and revenue.\nExamples: \"Show me all overdue invoices\"", task.clone()),
        tool("contacts", "Clients and suppliers.\nExamples: \"Which clients haven't been contacted recently?\"", task),
    ]
}

fn request(tools: &[Tool], said: &[&str]) -> CompletionRequest {
    let role = |at: usize| if at.is_multiple_of(2) { Role::User } else { Role::Assistant };
    let messages = said.iter().enumerate().map(|(at, text)| Message::text(role(at), *text)).collect();
    CompletionRequest { system: SYSTEM.into(), messages, tools: tools.into(), ..Default::default() }
}

fn calls(tools: &[Tool], said: &[&str]) -> Vec<(String, Value)> {
    let answer = answer(&request(tools, said));
    assert!(!answer.tools.is_empty(), "{said:?} was answered with {:?}", answer.text);
    answer.tools.into_iter().map(|tool| (tool.name, tool.input)).collect()
}

fn call(tools: &[Tool], question: &str) -> (String, Value) {
    calls(tools, &[question]).remove(0)
}

fn says(tools: &[Tool], said: &[&str]) -> String {
    let answer = answer(&request(tools, said));
    assert!(answer.tools.is_empty(), "{said:?} called {:?}", answer.tools);
    answer.text
}

fn shown(tool: &str, content: Value, is_error: bool) -> String {
    let mut request = request(&[], &["question"]);
    let used = ToolUse { id: "use_1".into(), name: tool.into(), input: json!({}) };
    let result = ToolResult { tool_use_id: "use_1".into(), content, is_error };
    request.messages.push(Message { role: Role::Assistant, content: vec![Content::ToolUse(used)] });
    request.messages.push(Message { role: Role::User, content: vec![Content::ToolResult(result)] });
    answer(&request).text
}

#[test]
fn questions_become_tool_uses_with_arguments() {
    let (invoices, contacts) = (invoices(), contacts());
    for (tools, question, name, input) in [
        (&invoices, "Show me all overdue invoices", "overdue_invoices", json!({})),
        (&invoices, "Which invoices are paid?", "list_invoices", json!({"status": "paid"})),
        (&invoices, "show me the top 5 draft invoices", "list_invoices", json!({"status": "draft", "limit": 5})),
        (&invoices, "Find invoices for John Smith", "list_invoices", json!({"query": "John Smith"})),
        (&invoices, "invoices for john smith", "list_invoices", json!({"query": "john smith"})),
        (&invoices, "Maria Lopez's invoices", "list_invoices", json!({"query": "Maria Lopez"})),
        (&invoices, "Show invoice INV-1042", "list_invoices", json!({"query": "INV-1042"})),
        (
            &invoices,
            "Invoices due from 2026-03-01 to 2026-03-15",
            "list_invoices",
            json!({"due_from": "2026-03-01", "due_to": "2026-03-15"}),
        ),
        (&invoices, "What's my revenue this month?", "revenue", json!({"from": "2026-03-01", "to": "2026-03-31"})),
        (&invoices, "revenue last quarter", "revenue", json!({"from": "2025-10-01", "to": "2025-12-31"})),
        (&invoices, "Delete invoice INV-1042", "delete_invoice", json!({"invoice_number": "INV-1042"})),
        (&contacts, "Which clients haven't been contacted recently?", "not_contacted", json!({})),
        (&contacts, "Who hasn't been contacted for 60 days?", "not_contacted", json!({"days": 60})),
        (&contacts, "who was not contacted in the last 2 weeks", "not_contacted", json!({"days": 14})),
        (&contacts, "leads", "search_contacts", json!({"contact_type": "lead"})),
        (&contacts, "list my suppliers", "search_contacts", json!({"contact_type": "supplier"})),
        (&contacts, "Who is Maria Lopez?", "search_contacts", json!({"query": "Maria Lopez"})),
        (
            &contacts,
            "Add a contact named Peter Novak, peter@novak.example, (512) 555-0142",
            "create_contact",
            json!({"name": "Peter Novak", "email": "peter@novak.example", "phone": "(512) 555-0142"}),
        ),
    ] {
        assert_eq!(call(tools, question), (name.to_owned(), input), "{question}");
    }
}

#[test]
fn money_keeps_its_digits_and_takes_the_type_of_the_schema() {
    let (name, input) = call(&invoices(), "Create an invoice for Maria Lopez of $1,200.50 due April 5");
    assert_eq!(name, "create_invoice");
    assert_eq!(input, json!({"client_name": "Maria Lopez", "total_amount": "1200.50", "due_date": "2026-04-05"}));
    let (name, input) = call(&invoices(), "Record a payment of $500.10 on INV-1042");
    assert_eq!(name, "record_payment");
    assert_eq!(input.to_string(), r#"{"invoice_number":"INV-1042","amount":500.10}"#);
}

/// Tools as a table's declaration makes them: batches, references by number or name, bounds.
fn declared() -> Vec<Tool> {
    let invoice = json!({"type": "string", "description": "The invoice: its invoice number, or its id."});
    let columns = json!({"client_name": {"type": "string"}, "due_date": {"type": "string", "format": "date"},
        "issue_date": {"type": "string", "format": "date"}, "subtotal": {"type": "number"}, "total_amount": {"type": "number"},
        "discount_amount": {"type": "number"}});
    let date = json!({"type": "string", "format": "date"});
    vec![
        tool(
            "list_invoices",
            "Lists invoices, all of them or those that match.",
            json!({"type": "object", "properties": {"search": {"type": "string"},
                "issue_date_from": date, "issue_date_to": date, "due_date_from": date, "due_date_to": date,
                "total_amount_min": {"type": "number"}, "total_amount_max": {"type": "number"},
                "status": {"type": "array", "items": {"type": "string", "enum": ["draft", "paid"]}},
                "order_by": {"type": "string", "enum": ["status", "due_date"]}, "limit": {"type": "integer"}}}),
        ),
        tool(
            "get_invoice",
            "Gets one invoice.",
            json!({"type": "object", "properties": {"invoice": invoice}, "required": ["invoice"]}),
        ),
        tool(
            "create_invoices",
            "Creates one invoice or several.",
            json!({"type": "object", "required": ["invoices"], "properties": {"invoices": {"type": "array", "items":
                {"type": "object", "properties": columns, "required": ["client_name"]}}}}),
        ),
        tool(
            "update_invoices",
            "Changes one invoice or several.",
            json!({"type": "object", "required": ["updates"], "properties": {"updates": {"type": "array", "items": {
                "type": "object", "required": ["invoice", "changes"],
                "properties": {"invoice": invoice, "changes": {"type": "object", "properties": columns}}}}}}),
        ),
        tool(
            "delete_invoices",
            "Deletes one invoice or several.",
            json!({"type": "object", "required": ["invoices"], "properties": {"invoices": {"type": "array", "items": invoice}}}),
        ),
        tool(
            "record_payment",
            "Records a payment.\nExamples: \"Mark invoice 1042 as paid\" \"INV-1042 was paid by check\"",
            json!({"type": "object", "required": ["invoice"], "properties": {"invoice": invoice, "amount": {"type": "number"}}}),
        ),
        tool(
            "revenue",
            "Revenue over a period.\nExamples: \"What's my revenue this month?\"",
            json!({"type": "object", "properties": {"period": {"type": "string", "enum": ["this_month", "last_month"]},
                "from": date, "to": date}}),
        ),
    ]
}

#[test]
fn batches_references_and_bounds_are_filled_from_one_sentence() {
    let tools = declared();
    for (question, name, input) in [
        ("Show invoice INV-1042", "get_invoice", json!({"invoice": "INV-1042"})),
        // It begins as an example of a payment does, but commands nothing.
        ("INV-1042", "get_invoice", json!({"invoice": "INV-1042"})),
        ("top 5 invoices", "list_invoices", json!({"limit": 5})),
        ("Invoices over $2,000", "list_invoices", json!({"total_amount_min": 2000})),
        (
            "Invoices due next week",
            "list_invoices",
            json!({"due_date_from": "2026-03-16", "due_date_to": "2026-03-22"}),
        ),
        ("What is the status of Maria Lopez's invoices?", "list_invoices", json!({"search": "Maria Lopez"})),
        ("What's my revenue last month?", "revenue", json!({"period": "last_month"})),
        ("revenue from January to June", "revenue", json!({"from": "2026-01-01", "to": "2026-06-30"})),
        ("Delete invoice INV-1042", "delete_invoices", json!({"invoices": ["INV-1042"]})),
        ("Mark invoice 1042 as paid", "record_payment", json!({"invoice": "1042"})),
        (
            "Create an invoice for Maria Lopez of $1,200 due April 5",
            "create_invoices",
            json!({"invoices": [{"client_name": "Maria Lopez", "due_date": "2026-04-05", "total_amount": 1200}]}),
        ),
        (
            "Change the due date of INV-1042 to April 20",
            "update_invoices",
            json!({"updates": [{"invoice": "INV-1042", "changes": {"due_date": "2026-04-20"}}]}),
        ),
        (
            "Change the discount of INV-1042 to $50",
            "update_invoices",
            json!({"updates": [{"invoice": "INV-1042", "changes": {"discount_amount": 50}}]}),
        ),
    ] {
        assert_eq!(call(&tools, question), (name.to_owned(), input), "{question}");
    }
    assert_eq!(
        says(&tools, &["Delete the last invoice"]),
        "I can do that. First tell me:\n\n- **Invoices**: The invoice: its invoice number"
    );
}

#[test]
fn a_step_of_a_row_is_taken_by_its_verb_and_its_number_or_name() {
    let job = json!({"type": "string", "description": "The job: its number, what it is called, or its id."});
    let tools = [
        tool("list_jobs", "Lists jobs.", json!({"type": "object", "properties": {"search": {"type": "string"}}})),
        tool(
            "change_job_status",
            "Changes where a job stands: start, hold, resume, accept or reject.",
            json!({"type": "object", "required": ["jobs", "action"], "properties": {"jobs": {"type": "array", "items": job},
                "action": {"type": "string", "enum": ["start", "hold", "resume", "accept", "reject"]}}}),
        ),
    ];
    for (question, job, action) in [
        ("Start JOB-1009", "JOB-1009", "start"),
        ("Put job 1009 on hold", "1009", "hold"),
        ("Please resume the Miller job", "Miller", "resume"),
        ("Reject JOB-1009 from Dana Reed", "JOB-1009", "reject"),
    ] {
        let expected = ("change_job_status".to_owned(), json!({"jobs": [job], "action": action}));
        assert_eq!(call(&tools, question), expected, "{question}");
    }
    assert_eq!(call(&tools, "Did we start JOB-1009?").0, "list_jobs");
}

#[test]
fn what_is_missing_is_asked_for_and_the_answer_completes_it() {
    let asked = says(&invoices(), &["Create an invoice for Maria Lopez"]);
    assert_eq!(
        asked,
        "I can do that. First tell me:\n\n- **Total amount**: The total, for example 1200.50\n- **Due date**: When it is due"
    );
    let completed = calls(&invoices(), &["Create an invoice for Maria Lopez", &asked, "$800, due tomorrow"]);
    let expected = json!({"client_name": "Maria Lopez", "total_amount": "800", "due_date": "2026-03-10"});
    assert_eq!(completed, [("create_invoice".to_owned(), expected)]);
}

#[test]
fn nothing_is_written_unless_the_message_commands_it() {
    for question in [
        "invoice INV-1042",
        "Show me the payment on invoice INV-1042",
        "Which invoices did I delete?",
        "How do I record a payment?",
        "I was told to pay INV-1042, $500",
    ] {
        let answer = answer(&request(&invoices(), &[question]));
        for tool in answer.tools {
            assert!(
                ["list_invoices", "overdue_invoices", "get_invoice"].contains(&tool.name.as_str()),
                "{question}: {tool:?}"
            );
        }
    }
    let no_delete: Vec<Tool> = invoices().into_iter().filter(|tool| tool.name != "delete_invoice").collect();
    assert!(says(&no_delete, &["Delete invoice INV-1042"]).starts_with("I can't help with that one."));
}

#[test]
fn starting_and_pausing_are_commands_and_asking_about_them_is_not() {
    let campaigns =
        json!({"type": "array", "items": {"type": "string", "description": "The campaign: its name, or its id."}});
    let parameters = json!({"type": "object", "required": ["campaigns"], "properties": {"campaigns": campaigns}});
    let tools = [
        tool("start_campaigns", "Starts campaigns, or resumes paused ones.", parameters.clone()),
        tool("pause_campaigns", "Pauses campaigns.", parameters),
        tool(
            "list_campaigns",
            "Lists campaigns.",
            json!({"type": "object", "properties": {"search": {"type": "string"}}}),
        ),
    ];
    for (message, name) in [
        ("Start campaign \"Spring special\"", "start_campaigns"),
        ("Please resume the campaign \"Spring special\"", "start_campaigns"),
        ("Pause campaign \"Spring special\"", "pause_campaigns"),
        ("When does campaign \"Spring special\" start?", "list_campaigns"),
        ("Did we pause campaign \"Spring special\"?", "list_campaigns"),
    ] {
        assert_eq!(call(&tools, message).0, name, "{message}");
    }
}

#[test]
fn agents_are_chosen_without_a_task_and_several_when_the_question_has_several_parts() {
    let agents = agents();
    let invoices = ("invoices".to_owned(), json!({}));
    let contacts = ("contacts".to_owned(), json!({}));
    assert_eq!(calls(&agents, &["Show me all overdue invoices"]), std::slice::from_ref(&invoices));
    assert_eq!(calls(&agents, &["Which clients haven't been contacted recently?"]), std::slice::from_ref(&contacts));
    let both = "Show overdue invoices and which clients haven't been contacted";
    assert_eq!(calls(&agents, &[both]), [invoices, contacts]);
}

#[test]
fn greetings_and_other_topics_get_what_can_be_asked_and_the_notice_once() {
    let hello = says(&agents(), &["Hello!"]);
    assert_eq!(
        hello,
        "Hello! You can ask me things like:\n\n- **Invoices**: “Show me all overdue invoices”\n\
         - **Contacts**: “Which clients haven't been contacted recently?”\n\n\
         _Offline model: no AI provider is configured, so answers follow fixed rules._"
    );
    let weather = says(&agents(), &["Hello!", &hello, "what is the weather"]);
    assert!(weather.starts_with("I can't help with that one.") && !weather.contains("Offline model"), "{weather}");
    assert_eq!(says(&agents(), &["Hello!", &hello, "thanks a lot"]), "You're welcome. Is there anything else?");
    assert!(says(&[], &["hello"]).starts_with("Hello!\n\n_Offline"));
}

#[test]
fn rows_become_a_table_with_money_on_the_right_and_no_ids() {
    let row = |number: &str, client: &str, due: &str| json!({"id": "6f1", "client_id": "9a2", "invoice_number": number, "client_name": client, "due_date": "2026-02-01", "balance_due": due});
    let result = json!({
        "title": "Overdue invoices",
        "rows": [row("INV-1042", "Smith | Sons", "$4,250.00"), row("INV-1050", "Maria Lopez", "$980.50")],
        "total_rows": 37,
        "facts": {"Total outstanding": "$12,345.60"},
        "note": "Amounts are what is still to be paid.",
        "next": ["Send a reminder"]
    });
    assert_eq!(
        shown("overdue_invoices", result, false),
        "**Overdue invoices**\n\n\
         | Invoice number | Client name | Due date | Balance due |\n\
         | --- | --- | --- | ---: |\n\
         | INV-1042 | Smith \\| Sons | 2026-02-01 | $4,250.00 |\n\
         | INV-1050 | Maria Lopez | 2026-02-01 | $980.50 |\n\n\
         …and 35 more\n\n\
         - **Total outstanding:** $12,345.60\n\n\
         Amounts are what is still to be paid.\n\n\
         Next you could:\n\n- Send a reminder"
    );
}

#[test]
fn long_lists_are_cut_and_counted() {
    let rows: Vec<Value> = (0..20).map(|at| json!({"name": format!("Client {at}")})).collect();
    let text = shown("list_contacts", json!({"rows": rows}), false);
    assert!(text.starts_with("**List contacts**\n\n| Name |\n| --- |\n| Client 0 |"), "{text}");
    assert!(text.ends_with("| Client 14 |\n\n…and 5 more"), "{text}");
}

#[test]
fn one_row_becomes_a_list() {
    let result = json!({"title": "Invoice INV-1042", "rows": [{"id": "1", "client_name": "Maria Lopez", "balance_due": "$980.50",
        "paid": false, "notes": null, "line_items": [{"description": "Walls"}, {"description": "Trim"}], "tags": ["a", "b"]}]});
    assert_eq!(
        shown("get_invoice", result, false),
        "**Invoice INV-1042**\n\n- **Client name:** Maria Lopez\n- **Balance due:** $980.50\n- **Paid:** No\n\
         - **Line items:** 2 items\n- **Tags:** a, b"
    );
}

#[test]
fn nothing_found_and_failures_are_said_in_plain_words() {
    let nothing = json!({"title": "Overdue invoices", "rows": [], "total_rows": 0, "note": "Everyone has paid."});
    assert_eq!(shown("x", nothing, false), "**Overdue invoices**\n\nNothing found.\n\nEveryone has paid.");
    let refused = json!({"error": "no invoice has the number INV-9"});
    assert_eq!(shown("x", refused.clone(), true), "That didn't work: no invoice has the number INV-9.");
    assert_eq!(shown("x", refused, false), "That didn't work: no invoice has the number INV-9.");
    assert_eq!(shown("delete_invoice", json!({}), true), "That didn't work.");
    assert_eq!(shown("x", json!("Saved."), false), "Saved.");
}

#[test]
fn members_without_a_convention_are_shown_as_what_they_are() {
    let result = json!({"invoice": {"id": "1", "invoice_number": "INV-1"}, "line_items": [{"item": "Walls", "total": 120.50}],
        "status": "sent", "project_id": "2"});
    assert_eq!(
        shown("create_invoice", result, false),
        "**Create invoice**\n\n**Invoice**\n\n- **Invoice number:** INV-1\n\n\
         **Line items**\n\n| Item | Total |\n| --- | ---: |\n| Walls | 120.5 |\n\n- **Status:** sent"
    );
}

#[test]
fn a_rows_text_does_not_become_markup() {
    let text =
        shown("x", json!({"title": "T", "rows": [{"a": "x\n# big <img src=x> [l](http://e)"}, {"a": "y"}]}), false);
    assert!(text.contains("| x # big \\<img src=x> \\[l\\](http://e) |"), "{text}");
}

#[test]
fn answers_of_several_agents_are_joined_not_repeated() {
    let mut asked = request(&agents(), &["both"]);
    let uses = ["invoices", "contacts"]
        .map(|name| Content::ToolUse(ToolUse { id: name.into(), name: name.into(), input: json!({}) }));
    let result =
        |name: &str, content, is_error| Content::ToolResult(ToolResult { tool_use_id: name.into(), content, is_error });
    asked.messages.push(Message { role: Role::Assistant, content: uses.to_vec() });
    let told = result("invoices", json!({"agent": "invoices", "answer": "You have two."}), false);
    let also = result("contacts", json!({"agent": "contacts", "answer": "Three."}), false);
    let broken = result("contacts", json!({"agent": "contacts", "error": "the data service is down"}), true);
    asked.messages.push(Message { role: Role::User, content: vec![told.clone(), also] });
    assert_eq!(answer(&asked).text, "That is what Invoices and Contacts found.");
    asked.messages.pop();
    asked.messages.push(Message { role: Role::User, content: vec![told, broken] });
    assert_eq!(
        answer(&asked).text,
        "That is what Invoices found. Contacts could not answer: the data service is down."
    );
}

#[tokio::test]
async fn the_stream_gives_the_text_in_pieces_and_is_the_same_every_time() {
    let mut asked = request(&agents(), &["hello"]);
    let events = |request: CompletionRequest| async {
        let events: Vec<_> = Offline.stream(request).await.unwrap().collect().await;
        events.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let first = events(asked.clone()).await;
    assert!(first.len() > 3);
    let text: String = first
        .iter()
        .filter_map(|e| if let CompletionEvent::TextDelta(text) = e { Some(text.as_str()) } else { None })
        .collect();
    let Some(CompletionEvent::Finished(completion)) = first.last() else { panic!() };
    assert_eq!(completion.content, [Content::Text(text)]);
    assert_eq!(completion.stop_reason, StopReason::EndTurn);
    assert!(completion.usage.input_tokens > 20 && completion.usage.output_tokens > 20);
    assert_eq!(events(asked.clone()).await, first);

    asked.max_output_tokens = Some(3);
    let Some(CompletionEvent::Finished(cut)) = events(asked).await.pop() else { panic!() };
    assert_eq!((cut.content, cut.stop_reason), (vec![Content::Text("Hello! You c".into())], StopReason::MaxTokens));
}

#[test]
fn tool_use_ids_are_valid_and_differ_between_agents() {
    let one = answer(&request(&invoices(), &["Show me all overdue invoices"])).tools.remove(0).id;
    let mut other = request(&invoices(), &["Show me all overdue invoices"]);
    other.system.push_str("Another agent.");
    assert!(one.len() <= 64 && one.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    assert_ne!(one, answer(&other).tools.remove(0).id);
}

proptest::proptest! {
    #[test]
    fn no_message_and_no_result_makes_it_fail(message in "\\PC{0,80}", words in proptest::collection::vec("[$#@/:.,0-9a-zA-Z'\"é-]{1,8}", 0..12)) {
        let said = format!("{message} {}", words.join(" "));
        for tools in [invoices(), contacts(), agents(), vec![]] {
            let answer = answer(&request(&tools, &[&said]));
            proptest::prop_assert!(answer.tools.len() <= 3);
            proptest::prop_assert!(!answer.text.is_empty() || !answer.tools.is_empty());
        }
        shown(&message, json!({"title": said, "rows": [{"a": said}, {&said: 1}], "facts": {&said: said}}), false);
    }
}
