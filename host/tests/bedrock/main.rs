//! The Bedrock provider against a loopback server that speaks the real event-stream framing.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod answers;
mod attempts;
mod failures;
mod requests;
mod second_client;
mod served;
mod support;
mod waits;

#[path = "../../../tests/src/bedrock_server.rs"]
pub mod server;

#[path = "../../../tests/src/python.rs"]
pub mod python;
