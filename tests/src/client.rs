//! A client of the chat API.

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Server;

/// The chunks of one answer.
pub struct Answer(pub Vec<Value>);

impl Server {
    /// Asks as a user and reads the answer to its end.
    pub async fn chat(&self, user: Uuid, message: &str) -> Answer {
        self.ask(user, &json!({ "message": message })).await
    }

    /// Goes on with a conversation.
    pub async fn chat_in(&self, user: Uuid, conversation: &str, message: &str) -> Answer {
        self.ask(user, &json!({ "message": message, "conversation_id": conversation })).await
    }

    /// Sends a body as a user and reads the answer to its end.
    pub async fn ask(&self, user: Uuid, body: &Value) -> Answer {
        let response = self.send(user, body).await;
        let status = response.status();
        let text = response.text().await.expect("the whole stream");
        assert_eq!(status, StatusCode::OK, "{text}");
        Answer(chunks(&text))
    }

    /// Sends a body as a user.
    pub async fn send(&self, user: Uuid, body: &Value) -> reqwest::Response {
        let request = self.client.post(format!("{}/api/chat/stream", self.url)).json(body);
        request.bearer_auth(self.world.token(user)).send().await.expect("an answer")
    }
}

/// The chunks in the text of a stream. Anything but data lines, comments and blank lines is a fault.
pub fn chunks(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| match line.split_once(':') {
        Some(("data", json)) => Some(serde_json::from_str(json).expect("a chunk is JSON")),
        Some(("", _comment)) => None,
        None if line.is_empty() => None,
        _ => panic!("an unexpected line in the stream: {line:?}"),
    });
    data.collect()
}

impl Answer {
    /// The text of one agent.
    pub fn text_of(&self, agent: &str) -> String {
        let of_agent = |chunk: &&Value| chunk["type"] == "token" && chunk["agent_type"] == agent;
        self.0.iter().filter(of_agent).filter_map(|chunk| chunk["content"].as_str()).collect()
    }

    /// All text.
    pub fn text(&self) -> String {
        self.0.iter().filter(|chunk| chunk["type"] == "token").filter_map(|chunk| chunk["content"].as_str()).collect()
    }

    /// The last chunk, after checking that it is the only end.
    pub fn end(&self) -> &Value {
        let is_end = |chunk: &&Value| chunk["type"] == "complete" || chunk["type"] == "error";
        let ends: Vec<&Value> = self.0.iter().filter(is_end).collect();
        assert_eq!(ends.len(), 1, "exactly one end: {:?}", self.0);
        assert_eq!(self.0.last(), ends.first().copied(), "nothing after the end");
        ends[0]
    }

    /// The conversation that its end names.
    pub fn conversation(&self) -> &str {
        self.end()["conversation_id"].as_str().expect("the end names the conversation")
    }

    /// The code of the error it ended with.
    pub fn error_code(&self) -> &str {
        self.end()["error"]["code"].as_str().unwrap_or("none")
    }

    /// Names and statuses of the tools, in order.
    pub fn tools(&self) -> Vec<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let calls = self.0.iter().filter(|chunk| chunk["type"] == "tool_call");
        calls.map(|chunk| (word(&chunk["tool_call"]["name"]), word(&chunk["tool_call"]["status"]))).collect()
    }
}
