//! The Canvalo agent host.
//!
//! A request travels down this list, and events travel back up as streams; a lower module never names an upper one.
//!
//! - [`http`]: the routes, what they accept, and the stream the browser reads.
//! - [`auth`]: who the user is, from a Supabase token.
//! - [`conversation`]: what was said before, as much of it as fits, and what is kept of what is said now.
//! - [`supervisor`]: which agent answers, and the events of a turn.
//! - [`plugin`]: agents as sandboxed components, what each was granted, and the functions it may call.
//! - [`capability`]: what those functions reach, language models and the user's data.
//!
//! Beside it stand [`config`] (the environment, read once), [`audit`] (what operators look back on), [`throttle`] (how much
//! one may ask for), [`clock`] (what time it is), [`lexical`] (words compared
//! without a model), [`app`] (what lives as long as the process), [`eval`] (how well questions are routed) and `dev` (a
//! local Supabase and the plugin builder).

pub mod app;
pub mod audit;
pub mod auth;
pub mod capability;
pub mod clock;
pub mod config;
pub mod conversation;
#[cfg(feature = "dev")]
pub mod dev;
pub mod eval;
mod hex;
pub mod http;
pub mod lexical;
pub mod plugin;
pub mod supervisor;
pub mod telemetry;
pub mod throttle;
