//! The local Supabase, seen from outside: its schema through the catalog, its rows through REST with users' tokens,
//! signing in, by itself and through a client of Supabase's own, and its life as a process.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod aggregate;
mod auth;
mod lifecycle;
#[path = "../support/npm.rs"]
mod npm;
mod plans;
mod rows;
mod schema;
mod seed;
mod supabase_js;
mod support;
