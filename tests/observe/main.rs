//! What those who run the host see of it: traces as a receiver of OTLP gets them, the lines of the log, the figures of
//! `/metrics`, and the dashboard over those. A process of their own, as a process has one log and one place for traces.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod dashboard;
mod log;
mod metrics;
mod privacy;
mod receiver;
mod traces;
mod tree;
mod watched;
