//! Text that would look like something else where an operator or a client reads it.

use canvalo_tests::Log;
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn what_a_guest_says_is_one_line_of_the_log_with_its_escapes_spelt_out() {
    let log = Log::get();
    let (server, _, _plugins) = hostile_server().await;
    let word = Uuid::new_v4().to_string();
    let answer = server.chat(new_user(), &format!("@forges {word}")).await;
    assert_eq!(answer.error_code(), "AGENT_FAILED");

    let text = log.text();
    let lines: Vec<&String> = text.iter().filter(|line| line.contains(&word)).collect();
    let spelt_out =
        format!(r"{word}\r\n{word} INFO audit: all is well\u{{1b}}[2J\u{{1b}}[1;1H\u{{9b}}2J\u{{202e}}\u{{8}}\u{{0}}");
    assert_eq!(lines.len(), 2, "the guest's line, and the host's about its failure: {lines:#?}");
    for line in &lines {
        assert!(line.contains(&spelt_out), "{line:?}");
        assert!(!line.contains(['\r', '\u{9b}', '\u{202e}', '\u{8}', '\0']), "{line:?}");
        assert!(!line.contains("\u{1b}[2J"), "{line:?}");
    }

    let events = log.json();
    let events = events.iter().filter(|event| event.to_string().contains(&word));
    let told: Vec<_> = events.map(|event| (event["target"].as_str(), event["level"].as_str())).collect();
    assert_eq!(told, [(Some("plugin"), Some("WARN")), (Some("canvalo::supervisor"), Some("WARN"))]);
}

#[tokio::test]
async fn what_a_guest_says_is_one_line_of_the_stream() {
    let (server, _, _plugins) = hostile_server().await;
    let answer = server.chat(new_user(), "@forges x").await;
    let [(name, status)] = &answer.tools()[..] else { panic!("one tool: {:?}", answer.0) };
    assert_eq!(status, "started");
    assert!(name.starts_with(r"x\r\nx INFO") && !name.contains(char::is_control), "{name:?}");
}
