//! End to end: real HTTP, a real PostgreSQL behind a real REST server, real components.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod admin;
mod audit;
mod bad_input;
mod chat;
mod conversation;
mod coordination;
mod disconnect;
mod hostile;
mod isolation;
mod limits;
mod openapi;
mod paging;
mod requests;
mod scenarios;
mod scripts;
mod service;
mod shutdown;
mod slow_reader;
mod tokens;
mod too_slow;
mod usage;
