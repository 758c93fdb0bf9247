//! What the operator of a test process reads.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use canvalo::config::Stage;
use canvalo::telemetry;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The log of this process since the first call of [`Log::get`], in both of its forms. All tests write into it: look for
/// what only yours can have written.
pub struct Log {
    text: Buffer,
    json: Buffer,
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts it at the first call.
    pub fn get() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let (text, json) = (Buffer::default(), Buffer::default());
            tracing_subscriber::registry()
                .with(telemetry::filter("info"))
                .with(telemetry::lines(Stage::Development, text.clone()))
                .with(telemetry::lines(Stage::Production, json.clone()))
                .init();
            Self { text, json }
        })
    }

    /// The lines that a developer reads, colours included.
    pub fn text(&self) -> Vec<String> {
        self.text.lines()
    }

    /// The lines of a deployed server.
    pub fn json(&self) -> Vec<Value> {
        self.json.lines().iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

impl Buffer {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8(bytes.clone()).expect("a log is UTF-8");
        // `lines` would hide a carriage return.
        text.split_terminator('\n').map(str::to_owned).collect()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Buffer {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
