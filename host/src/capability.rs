//! What agents reach through the host: language models and the user's data.

pub mod data;
pub mod llm;
