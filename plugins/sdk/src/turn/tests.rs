//! Every way a turn can go, against a scripted model.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::run;
use crate::data::{Approval, DataError, Modification};
use crate::llm::{LlmError, StopReason};
use crate::testing::{self, Event, FakeHost};
use crate::types::{Content, Message, Role, ToolUse};
use crate::{Agent, AgentError, Answer, Context, Ending, Outcome, Tool, ToolError};

#[derive(Deserialize, JsonSchema)]
struct Square {
    number: i64,
}

fn square(_: &mut Context<'_>, Square { number }: Square) -> Result<Answer, ToolError> {
    if number < 0 {
        return Err(ToolError::refused("Only positive numbers have a field."));
    }
    Ok(Answer::new().title("Square").fact("Square", number * number))
}

#[derive(Deserialize, JsonSchema)]
struct Rename {
    to: String,
}

/// Changes the one row there is.
fn rename(context: &mut Context<'_>, Rename { to }: Rename) -> Result<Answer, ToolError> {
    let id = context.select(&crate::data::Query::new("things", &["id"]))?.rows[0].text("id").to_owned();
    context.update(&Modification::by_id("things", &id, json!({ "name": to }), &["id"]))?;
    Ok(Answer::new().title(format!("Renamed to {to}")))
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

fn wipe(context: &mut Context<'_>, _: Nothing) -> Result<Answer, ToolError> {
    let id = context.select(&crate::data::Query::new("things", &["id"]))?.rows[0].text("id").to_owned();
    context.delete(&crate::data::Deletion::by_ids("things", &[&id], &["id"]))?;
    Ok(Answer::new().title("Wiped"))
}

fn agent() -> Agent {
    Agent::new("You square.\n")
        .tool(Tool::typed("square", "Squares a number.", square))
        .tool(Tool::typed("rename", "Renames the thing.", rename))
        .tool(Tool::typed("wipe", "Deletes the thing.", wipe))
}

fn host() -> FakeHost {
    FakeHost::new().with_table("things", [json!({ "name": "old" })])
}

fn ask(host: &mut FakeHost) -> Result<Outcome, AgentError> {
    run(&agent(), host, &testing::turn("What is it?"))
}

fn tool_use(id: &str, name: &str, input: &str) -> Content {
    Content::ToolUse(ToolUse { id: id.to_owned(), name: name.to_owned(), input: input.to_owned() })
}

fn summary(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.summary).unwrap()
}

#[test]
fn tools_run_and_the_model_reads_their_results() {
    let mut host = host().uses("square", json!({ "number": 12 })).says("It is 144.");
    let outcome = ask(&mut host).unwrap();
    assert_eq!((outcome.ending, host.text().as_str()), (Ending::Answered, "It is 144."));
    assert_eq!(host.last_tool_result().unwrap(), (json!({ "title": "Square", "facts": { "Square": "144" } }), false));
    assert_eq!(host.events[..2], [Event::ToolStarted("square".into()), Event::ToolFinished("square".into(), true)]);
    assert_eq!(
        summary(&outcome),
        json!({ "tools": [{ "name": "square", "status": "completed", "title": "Square", "facts": { "Square": "144" } }] })
    );
}

#[test]
fn several_tools_of_one_answer_are_answered_in_one_message() {
    let uses = vec![
        Content::Text("Let me see.".into()),
        Content::Text(" ".into()),
        tool_use("a", "square", r#"{"number":2}"#),
        tool_use("b", "square", r#"{"number":3}"#),
    ];
    let mut host = host().completes(uses, StopReason::ToolUse).says("4 and 9.");
    ask(&mut host).unwrap();
    let messages = &host.requests[1].messages;
    let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert_eq!(messages[1].content.len(), 3, "blank text is left out");
    let ids: Vec<&str> = messages[2]
        .content
        .iter()
        .map(|block| if let Content::ToolResult(result) = block { result.tool_use_id.as_str() } else { "" })
        .collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(host.text(), "Let me see. \n\n4 and 9.", "a new answer starts a new paragraph");
}

#[test]
fn the_system_prompt_ends_with_the_time_so_that_its_start_can_be_cached() {
    let mut host = host().says("Hello.");
    let mut turn = testing::turn("Hi");
    turn.task = Some("Say hello.".into());
    run(&agent(), &mut host, &turn).unwrap();
    assert_eq!(
        host.requests[0].system,
        "You square.\n\nYour part of the answer, as the supervisor puts it: Say hello.\n\nToday is Monday, 2026-03-09.\n\
         Current time: 2026-03-09T16:20:00-05:00 (America/Chicago)"
    );
    assert!(host.requests[0].stream_to_user);
}

#[test]
fn history_is_made_to_alternate_and_start_with_the_user() {
    let said = |role, text: &str| Message { role, content: vec![Content::Text(text.into())] };
    let mut turn = testing::turn("And now?");
    turn.history = vec![
        said(Role::Assistant, "Welcome."),
        said(Role::User, "One."),
        said(Role::Assistant, "Two."),
        said(Role::User, "Three."),
    ];
    let mut host = host().says("Four.");
    run(&agent(), &mut host, &turn).unwrap();
    let messages = &host.requests[0].messages;
    assert_eq!(messages.iter().map(|m| m.role).collect::<Vec<_>>(), [Role::User, Role::Assistant, Role::User]);
    assert_eq!(messages[2].content, [Content::Text("Three.".into()), Content::Text("And now?".into())]);
}

#[test]
fn wrong_arguments_go_back_to_the_model_which_corrects_them() {
    for (name, input, error) in [
        ("square", r#"{"number":"two"}"#, r#"`number`: expected a whole number, got "two""#),
        ("square", r#"{"number":2,"digits":3}"#, "There is no argument `digits`. The arguments are `number`."),
        ("square", "", "missing argument `number`"),
        (
            "square",
            r#"{"number":"#,
            "The arguments are not a JSON object: EOF while parsing a value at line 1 column 10.",
        ),
        (
            "square",
            "[1]",
            "The arguments are not a JSON object: invalid type: sequence, expected a map at line 1 column 0.",
        ),
        ("cube", "{}", "There is no tool `cube`. The tools are: square, rename, wipe."),
    ] {
        let mut host = host()
            .completes(vec![tool_use("a", name, input)], StopReason::ToolUse)
            .uses("square", json!({ "number": 2 }))
            .says("It is 4.");
        let outcome = ask(&mut host).unwrap();
        assert_eq!(outcome.ending, Ending::Answered);
        let Some(Content::ToolResult(result)) = host.requests[1].messages[2].content.first() else { unreachable!() };
        assert_eq!((result.content.clone(), result.is_error), (json!({ "error": error }).to_string(), true));
        assert_eq!(summary(&outcome)["tools"][0]["status"], "failed");
    }
}

#[test]
fn the_same_failing_call_again_ends_the_turn_in_plain_words() {
    let mut host = host().uses("square", json!({ "number": -1 })).uses("square", json!({ "number": -1 })).says("never");
    let outcome = ask(&mut host).unwrap();
    assert_eq!(outcome.ending, Ending::LimitReached);
    assert_eq!(host.text(), "I couldn't do that. Only positive numbers have a field.");
    assert_eq!((host.requests.len(), summary(&outcome)["stopped"].clone()), (2, json!("repeated-failure")));
}

#[test]
fn a_failed_call_may_be_tried_again_after_something_changed() {
    let mut host = host()
        .uses("square", json!({ "number": -1 }))
        .uses("rename", json!({ "to": "new" }))
        .uses("square", json!({ "number": -1 }))
        .says("Still not.");
    assert_eq!(ask(&mut host).unwrap().ending, Ending::Answered);
    assert_eq!(host.text(), "Still not.");
}

#[test]
fn a_write_is_not_repeated_because_the_model_asks_twice() {
    let mut host = host().uses("rename", json!({ "to": "new" })).uses("rename", json!({ "to": "new" })).says("Done.");
    ask(&mut host).unwrap();
    assert_eq!(host.calls.iter().filter(|call| call.verb() == "update").count(), 1);
    let (result, is_error) = host.last_tool_result().unwrap();
    assert_eq!((result["result"]["title"].as_str(), is_error), (Some("Renamed to new"), false));
    assert!(result["note"].as_str().unwrap().contains("not repeated"));
}

#[test]
fn after_eight_model_calls_the_user_reads_what_was_found() {
    let mut host = host();
    for number in 1..=8 {
        host = host.uses("square", json!({ "number": number }));
    }
    let outcome = ask(&mut host).unwrap();
    assert_eq!((outcome.ending, host.requests.len()), (Ending::LimitReached, 8));
    assert!(host.text().starts_with("I stopped here: this took more steps"), "{}", host.text());
    assert!(host.text().ends_with("**Square**\n\n- Square: 49"), "{}", host.text());
}

#[test]
fn an_answer_that_was_cut_says_so() {
    let text = vec![Content::Text("Once upon".into())];
    let mut cut = host().completes(text, StopReason::MaxTokens);
    assert_eq!(ask(&mut cut).unwrap().ending, Ending::LimitReached);
    assert!(cut.text().starts_with("Once upon\n\n*The answer was cut off"), "{}", cut.text());

    let mut silent = host().completes(Vec::new(), StopReason::MaxTokens);
    assert_eq!(ask(&mut silent).unwrap().ending, Ending::LimitReached);
    assert_eq!(silent.text(), "The answer got too long to give. Please ask for a smaller part of it.");
}

#[test]
fn a_withheld_answer_says_so() {
    let mut host = host().completes(Vec::new(), StopReason::ContentFiltered);
    let outcome = ask(&mut host).unwrap();
    assert_eq!((outcome.ending, summary(&outcome)["stopped"].clone()), (Ending::Answered, json!("content-filtered")));
    assert!(host.text().contains("content filter withheld"));
}

#[test]
fn a_model_without_words_leaves_the_tools_results() {
    let mut host = host().uses("square", json!({ "number": 3 })).completes(Vec::new(), StopReason::EndTurn);
    assert_eq!(ask(&mut host).unwrap().ending, Ending::Answered);
    assert_eq!(host.text(), "**Square**\n\n- Square: 9");

    let mut host = self::host().completes(Vec::new(), StopReason::Other("odd".into()));
    assert_eq!(ask(&mut host).unwrap().ending, Ending::NeedsInput);
    assert_eq!(host.text(), "I have no answer to that. Could you say it another way?");
}

#[test]
fn a_question_back_needs_input() {
    let mut host = host().says("Which number?");
    assert_eq!(ask(&mut host).unwrap().ending, Ending::NeedsInput);
}

#[test]
fn a_model_error_becomes_the_agents_error() {
    use AgentError as A;
    use LlmError as L;
    let text = || "why".to_owned();
    for (error, expected) in [
        (L::Denied(text()), A::Denied(text())),
        (L::Unavailable(text()), A::Unavailable(text())),
        (L::RateLimited(text()), A::Unavailable(text())),
        (L::LimitExceeded(text()), A::LimitExceeded(text())),
        (L::ContextTooLong(text()), A::LimitExceeded("the conversation is longer than the model reads: why".into())),
        (L::Invalid(text()), A::Other("the model refused the request: why".into())),
        (L::Other(text()), A::Other(text())),
    ] {
        let mut host = host().model_fails(error);
        assert_eq!(ask(&mut host).unwrap_err(), expected);
        assert_eq!(host.text(), "");
    }
}

#[test]
fn what_was_done_is_told_before_the_model_fails() {
    let mut host = host()
        .uses("rename", json!({ "to": "new" }))
        .uses("square", json!({ "number": 2 }))
        .model_fails(LlmError::Unavailable("down".into()));
    assert_eq!(ask(&mut host).unwrap_err(), AgentError::Unavailable("down".into()));
    assert_eq!(
        host.text(),
        "I couldn't finish this answer because the language model failed. This is what I have so far.\n\n\
         **Renamed to new**\n\n**Square**\n\n- Square: 4"
    );
}

#[test]
fn a_spent_budget_ends_with_what_is_there() {
    let mut host = host().uses("square", json!({ "number": 2 })).model_fails(LlmError::LimitExceeded("calls".into()));
    assert_eq!(ask(&mut host).unwrap().ending, Ending::LimitReached);
    assert!(host.text().ends_with("**Square**\n\n- Square: 4"), "{}", host.text());
}

#[test]
fn a_write_that_needs_approval_ends_the_turn_with_the_hosts_words() {
    let mut host = host()
        .data_fails(
            "delete",
            DataError::ApprovalRequired(Approval { id: "x1".into(), summary: "Delete 1 thing.".into() }),
        )
        .completes(vec![tool_use("a", "wipe", "{}"), tool_use("b", "rename", r#"{"to":"new"}"#)], StopReason::ToolUse);
    let outcome = ask(&mut host).unwrap();
    assert_eq!(outcome.ending, Ending::NeedsApproval);
    assert_eq!(
        host.text(),
        "This needs your approval: Delete 1 thing. Nothing has been changed. Approving it from this chat isn't possible yet."
    );
    assert_eq!(summary(&outcome)["approval"], json!({ "id": "x1", "summary": "Delete 1 thing." }));
    assert_eq!(host.store.rows("things")[0].text("name"), "old", "what came after it did not run");
}

#[test]
fn an_approval_after_a_change_does_not_say_that_nothing_changed() {
    let mut host = host().uses("rename", json!({ "to": "new" })).uses("wipe", json!({}));
    assert_eq!(ask(&mut host).unwrap().ending, Ending::NeedsApproval);
    assert!(host.text().contains("This has not been done."), "{}", host.text());
    assert!(host.text().ends_with("**Renamed to new**"), "{}", host.text());
}

#[test]
fn a_data_service_that_is_down_is_told_to_the_model() {
    let mut host = host()
        .data_fails("update", DataError::Unavailable("connection to 10.0.0.7 refused".into()))
        .uses("rename", json!({ "to": "new" }))
        .says("The data service is down.");
    ask(&mut host).unwrap();
    let (result, is_error) = host.last_tool_result().unwrap();
    assert!(is_error && result["error"].as_str().unwrap().contains("isn't known"), "{result}");
    assert!(!result.to_string().contains("10.0.0.7"), "nothing internal");
}

#[test]
fn a_turn_that_cannot_be_used_is_refused_before_the_model_is_asked() {
    let mut host = host().says("never");
    let mut turn = testing::turn("Hi");
    turn.now = "yesterday".into();
    assert!(matches!(run(&agent(), &mut host, &turn), Err(AgentError::Invalid(_))));
    assert!(matches!(run(&agent(), &mut host, &testing::turn(" \n")), Err(AgentError::Invalid(_))));
    assert!(host.requests.is_empty());
}

#[test]
fn a_user_who_is_gone_ends_the_turn() {
    let mut host = host().uses("rename", json!({ "to": "new" })).says("never");
    host.user_is_gone = true;
    assert!(matches!(ask(&mut host), Err(AgentError::Other(_))));
    assert!(host.calls.is_empty(), "no tool ran");
}

#[test]
fn a_summary_stays_within_its_limit() {
    fn long(_: &mut Context<'_>, Square { number }: Square) -> Result<Answer, ToolError> {
        Ok(Answer::new().title("x".repeat(900)).fact("Number", number).fact("Text", "y".repeat(900)))
    }
    let agent = Agent::new("").tool(Tool::typed("long", "Says much.", long));
    let mut host = host();
    for number in 0..7 {
        host = host.uses("long", json!({ "number": number }));
    }
    host = host.says("That was much.");
    let outcome = run(&agent, &mut host, &testing::turn("Go")).unwrap();
    assert!(outcome.summary.len() <= 4096, "{}", outcome.summary.len());
    let tools = summary(&outcome)["tools"].as_array().unwrap().clone();
    assert_eq!(tools.len(), 7);
    assert_eq!((tools[0].get("facts"), &tools[6]["facts"]["Number"]), (None, &json!("6")), "the newest figures stay");
}
