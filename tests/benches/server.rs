//! The server as its users start it: `canvalo serve`, in a process of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::{Row, median};

const STARTS: usize = 10;
const TURNS: u64 = 2_000;

/// CPU of a turn over HTTP, time to be ready, memory when idle.
pub(crate) fn measure() -> Vec<Row> {
    let scratch = TempDir::new().expect("a folder");
    let cold = Server::start(scratch.path()).ready_s;
    let warm = median((0..STARTS).map(|_| Server::start(scratch.path()).ready_s).collect());
    let server = Server::start(scratch.path());
    std::thread::sleep(Duration::from_secs(1));
    let idle_mb = server.resident_mb();
    server.turns(200);
    let before = server.cpu_s();
    server.turns(TURNS);
    let cpu = (server.cpu_s() - before) / TURNS as f64;
    vec![
        Row {
            what: "host CPU of a whole turn over HTTP, scripted model",
            figure: format!("{:.2} ms", cpu * 1e3),
            target: "1 ms",
        },
        Row { what: "server ready, warm code cache", figure: format!("{:.0} ms", warm * 1e3), target: "300 ms" },
        Row { what: "server ready, empty code cache (one start)", figure: format!("{:.0} ms", cold * 1e3), target: "" },
        Row { what: "resident memory, idle", figure: format!("{idle_mb:.0} MB"), target: "60 MB" },
    ]
}

struct Server {
    process: Child,
    port: u16,
    ready_s: f64,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(scratch: &Path) -> Self {
        let script = scratch.join("script.json");
        let rules = json!([
            { "when": { "tool_offered": "list_invoices" }, "reply": { "text": "Two are late.", "deltas": 4 } },
            { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
        ]);
        std::fs::write(&script, rules.to_string()).expect("a script");
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
        let started = Instant::now();
        let process = Command::new(target().join("release/canvalo"))
            .arg("serve")
            .current_dir(scratch)
            .env_clear()
            .envs([
                ("API_PORT", port.to_string()),
                ("LLM_PROVIDER", "scripted".into()),
                ("LLM_SCRIPT", script.display().to_string()),
                ("LOG_LEVEL", "error".into()),
                ("SUPABASE_URL", "http://127.0.0.1:9".into()),
                ("SUPABASE_PUB_KEY", "sb_publishable_bench".into()),
                ("SUPABASE_JWT_SECRET", "a-secret-for-the-benchmark-of-32-bytes".into()),
                ("CANVALO_PLUGIN_DIR", target().join("plugins").display().to_string()),
                ("CANVALO_CACHE_DIR", scratch.join("cache").display().to_string()),
            ])
            .stderr(Stdio::inherit())
            .spawn()
            .expect("target/release/canvalo; `make bench` builds it");
        let mut server = Self { process, port, ready_s: 0.0 };
        while TcpStream::connect(("127.0.0.1", port)).is_err() || !server.get_root() {
            assert!(started.elapsed() < Duration::from_secs(60), "the server doesn't start");
            std::thread::sleep(Duration::from_millis(2));
        }
        server.ready_s = started.elapsed().as_secs_f64();
        server
    }

    fn get_root(&self) -> bool {
        let request = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.contains(" 200 ")
    }

    /// Asks over kept-alive connections, four at a time.
    fn turns(&self, turns: u64) {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::new();
        let url = format!("http://127.0.0.1:{}/api/chat/stream", self.port);
        let ask = async |count: u64| {
            for _ in 0..count {
                let response =
                    client.post(&url).json(&json!({ "message": "overdue?" })).send().await.expect("an answer");
                let text = response.text().await.expect("a stream");
                assert!(text.contains(r#""type":"complete""#), "{text}");
            }
        };
        let quarter = turns / 4;
        tokio.block_on(async { tokio::join!(ask(quarter), ask(quarter), ask(quarter), ask(quarter)) });
    }

    /// User and system time of the process so far.
    fn cpu_s(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).expect("a process");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11..13].iter().filter_map(|field| field.parse::<f64>().ok()).sum();
        // Linux counts 100 a second on every architecture this runs on.
        ticks / 100.0
    }

    fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") * 1024.0 / 1e6
    }
}

/// The target folder this benchmark was built in.
fn target() -> PathBuf {
    let executable = std::env::current_exe().expect("the path of this executable");
    executable.ancestors().nth(3).expect("target/release/deps").to_owned()
}
