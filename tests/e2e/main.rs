//! End to end: real HTTP, a real PostgreSQL behind a real REST server, real components.

mod bad_input;
mod chat;
mod disconnect;
mod hostile;
mod isolation;
mod scripts;
mod service;
