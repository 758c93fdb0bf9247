//! The local Supabase, seen from outside: its schema through the catalog, its rows through REST with users' tokens, and
//! its life as a process.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod aggregate;
mod lifecycle;
mod plans;
mod rows;
mod schema;
mod seed;
mod support;
