//! The OpenAI provider against a loopback server that says exactly what a test wants, and against a mock of the API that
//! others wrote.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod aimock;
mod answers;
mod failures;
mod framing;
mod mock;
#[path = "../support/npm.rs"]
mod npm;
mod requests;
mod served;
mod server;
mod support;
mod waits;
