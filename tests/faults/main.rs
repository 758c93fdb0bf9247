//! Many chats with tools while the model's provider fails in every way it can: real HTTP, a real database, real components,
//! and the providers with all that stands around them. A process of its own, as it counts the process's memory and files.
//!
//! - `bedrock`, `openai`: the kinds of fault, and who answers under them.
//! - `chats`: the chats, and what must hold for each.
//! - `host`: the host, and what it leaves behind.
//! - `retries`, `table`: what is told at the end.
//!
//! `FAULT_CHATS` says how many chats there are under each kind; `make soak` runs 500.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

#[path = "../../host/tests/openai/aimock.rs"]
mod aimock;
mod bedrock;
mod chats;
mod host;
#[path = "../../host/tests/support/npm.rs"]
mod npm;
mod openai;
mod retries;
mod table;

use tokio::sync::Mutex;

/// Chats under each kind of fault, unless the environment says otherwise: each plan of `bedrock` twice.
const CHATS: usize = 40;

/// Chats at the same time.
const AT_ONCE: usize = 48;

/// Memory and files are the whole process's.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

fn chats() -> usize {
    std::env::var("FAULT_CHATS").map_or(CHATS, |number| number.parse().expect("FAULT_CHATS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_bedrock_does_every_chat_ends_once_and_no_tool_runs_twice() {
    let _alone = ONE_AT_A_TIME.lock().await;
    bedrock::run(chats()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_openai_server_does_every_chat_ends_once_and_no_tool_runs_twice() {
    let _alone = ONE_AT_A_TIME.lock().await;
    openai::run(chats()).await;
}
