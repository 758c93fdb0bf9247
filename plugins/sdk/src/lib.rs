//! What a Rust agent plugin is written with.
