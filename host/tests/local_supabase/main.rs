//! The local Supabase, seen from outside: its schema through the catalog, its rows through REST with users' tokens, and
//! its life as a process.

mod aggregate;
mod lifecycle;
mod rows;
mod schema;
mod seed;
mod support;
