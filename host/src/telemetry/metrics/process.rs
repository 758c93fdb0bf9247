//! The process itself, under the names that Prometheus' own clients use. Linux tells it in `/proc`; elsewhere there is
//! nothing to show.

use std::fs;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

const CPU: &str = "process_cpu_seconds_total";
const RESIDENT: &str = "process_resident_memory_bytes";
const OPEN_FDS: &str = "process_open_fds";
const MAX_FDS: &str = "process_max_fds";
const THREADS: &str = "process_threads";
const STARTED: &str = "process_start_time_seconds";

/// Linux counts so many a second on every architecture this runs on.
const TICKS: f64 = 100.0;

pub(super) fn describe() {
    describe_counter!(CPU, Unit::Seconds, "User and system time.");
    describe_gauge!(RESIDENT, Unit::Bytes, "Memory that is really there.");
    describe_gauge!(OPEN_FDS, "Open files, connections among them.");
    describe_gauge!(MAX_FDS, "How many files may be open.");
    describe_gauge!(THREADS, "Threads.");
    describe_gauge!(STARTED, Unit::Seconds, "When it started, in seconds since 1970.");
}

/// Reads everything anew. What can't be read keeps its last figure.
pub(super) fn collect() {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(Stat::parse) {
        // A counter of whole seconds, as counters are whole numbers here.
        counter!(CPU).absolute(stat.cpu as u64);
        gauge!(THREADS).set(stat.threads);
        if let Some(booted) = booted() {
            gauge!(STARTED).set(booted + stat.started);
        }
    }
    if let Some(bytes) = status("VmRSS:").map(|kib| kib * 1024.0) {
        gauge!(RESIDENT).set(bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        gauge!(OPEN_FDS).set(files.count() as f64);
    }
    if let Some(most) = max_fds() {
        gauge!(MAX_FDS).set(most);
    }
}

/// A part of `/proc/self/stat`, in seconds.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu: f64,
    threads: f64,
    started: f64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name of the program, in brackets, may hold spaces and brackets.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self { cpu: (field(11)? + field(12)?) / TICKS, threads: field(17)?, started: field(19)? / TICKS })
    }
}

fn number(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

fn status(name: &str) -> Option<f64> {
    number(&fs::read_to_string("/proc/self/status").ok()?, name)
}

fn booted() -> Option<f64> {
    number(&fs::read_to_string("/proc/stat").ok()?, "btime")
}

fn max_fds() -> Option<f64> {
    number(&fs::read_to_string("/proc/self/limits").ok()?, "Max open files")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::tests::counted;

    #[test]
    fn a_program_whose_name_looks_like_fields_is_read_right() {
        let text = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 12345 1 2 3";
        assert_eq!(Stat::parse(text), Some(Stat { cpu: 2.0, threads: 9.0, started: 123.45 }));
        assert_eq!(Stat::parse("7 (a) S"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_all_of_them() {
        let text = counted(collect);
        for name in [CPU, RESIDENT, OPEN_FDS, MAX_FDS, THREADS, STARTED] {
            assert!(text.contains(&format!("\n{name} ")), "{name} in {text}");
        }
    }
}
