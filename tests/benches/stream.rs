//! A stream of words, with those that wait for the reader in one chunk and without.

use std::time::{Duration, Instant};

use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use canvalo::capability::llm::usage::Ledger;
use canvalo::http::coalesce::Coalesced;
use canvalo::http::stream::response;
use canvalo::plugin::{Event, EventKind, Events};
use canvalo::supervisor::{Step, TurnEnd};
use futures::StreamExt;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::median;

/// So small that a slow reader is noticed as soon as one with an ordinary buffer is on a slow line.
const SOCKET_BUFFER: u32 = 4 * 1024;

/// Runs of each kind; the middle one is told.
const RUNS: usize = 5;

/// How a turn speaks and how it is read.
struct Kind {
    what: &'static str,
    words: u32,
    /// Microseconds between words. None: as fast as the reader takes them.
    pace_us: Option<u64>,
    /// Bytes that the reader takes every 10 ms. None: as fast as they come.
    bytes_per_10_ms: Option<usize>,
}

const KINDS: [Kind; 3] = [
    Kind { what: "fast reader, 100 words/s", words: 200, pace_us: Some(10_000), bytes_per_10_ms: None },
    Kind { what: "fast reader, words as fast as they are taken", words: 50_000, pace_us: None, bytes_per_10_ms: None },
    Kind { what: "reader of 10 kB/s, 300 words/s", words: 900, pace_us: Some(3_333), bytes_per_10_ms: Some(100) },
];

/// What a reader saw of one turn.
struct Seen {
    first_s: f64,
    total_s: f64,
    events: usize,
    bytes: usize,
}

/// Prints one table.
pub(crate) fn measure() {
    let address = server();
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("\n| reader | | events/s | words/s | bytes per word | first word |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for kind in &KINDS {
        for batched in [false, true] {
            let runs: Vec<Seen> = (0..RUNS).map(|_| tokio.block_on(read(address, kind, batched))).collect();
            let middle = |figure: fn(&Seen) -> f64| median(runs.iter().map(figure).collect());
            let total_s = middle(|seen| seen.total_s);
            println!(
                "| {} | {} | {:.0} | {:.0} | {:.1} | {:.2} ms |",
                kind.what,
                if batched { "batched" } else { "unbatched" },
                middle(|seen| seen.events as f64) / total_s,
                f64::from(kind.words) / total_s,
                middle(|seen| seen.bytes as f64) / f64::from(kind.words),
                middle(|seen| seen.first_s) * 1e3,
            );
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    words: u32,
    pace_us: Option<u64>,
    batched: bool,
}

/// A turn that says words through the channel that agents speak into, as the chat route streams it.
async fn turn(Query(asked): Query<Asked>) -> Response {
    let (events, receiver) = Events::channel(64);
    tokio::spawn(async move {
        let mut clock = asked.pace_us.map(|pace| tokio::time::interval(Duration::from_micros(pace)));
        for word in 0..asked.words {
            if let Some(clock) = &mut clock {
                clock.tick().await;
            }
            let kind = EventKind::Text(format!("{:03} ", word % 1_000));
            if events.send(Event { agent: "invoices".into(), kind }).await.is_err() {
                return;
            }
        }
    });
    let said = futures::stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) });
    let end = async { Step::End(Ok(TurnEnd { agent: "invoices".into(), limit: None })) };
    let steps = Box::pin(said.map(Step::Event).chain(futures::stream::once(end)));
    let ledger = Ledger::new(Default::default());
    if asked.batched { response(Coalesced::new(steps), None, ledger) } else { response(steps, None, ledger) }
}

/// The server on a thread of its own.
fn server() -> std::net::SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio.block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.set_send_buffer_size(SOCKET_BUFFER).expect("a buffer");
            socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
            let listener = socket.listen(16).expect("a listener");
            sender.send(listener.local_addr().expect("an address")).expect("somebody waits");
            axum::serve(listener, axum::Router::new().route("/", get(turn))).await.expect("a server");
        });
    });
    receiver.recv().expect("a server that starts")
}

async fn read(address: std::net::SocketAddr, kind: &Kind, batched: bool) -> Seen {
    let socket = TcpSocket::new_v4().expect("a socket");
    if kind.bytes_per_10_ms.is_some() {
        socket.set_recv_buffer_size(SOCKET_BUFFER).expect("a buffer");
    }
    let mut stream = socket.connect(address).await.expect("a connection");
    let pace = kind.pace_us.map(|pace| format!("&pace_us={pace}")).unwrap_or_default();
    let head = format!("GET /?words={}&batched={batched}{pace} HTTP/1.0\r\nHost: bench\r\n\r\n", kind.words);
    let asked = Instant::now();
    stream.write_all(head.as_bytes()).await.expect("a request");
    let (mut text, mut part, mut first_s) = (Vec::new(), vec![0; kind.bytes_per_10_ms.unwrap_or(64 * 1024)], None);
    loop {
        let count = stream.read(&mut part).await.expect("a stream");
        if count == 0 {
            break;
        }
        text.extend_from_slice(&part[..count]);
        if first_s.is_none() && contains(&text, b"\"token\"") {
            first_s = Some(asked.elapsed().as_secs_f64());
        }
        if kind.bytes_per_10_ms.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let total_s = asked.elapsed().as_secs_f64();
    assert!(contains(&text, b"\"complete\""), "the whole stream");
    let body = text.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
    let events = text.windows(6).filter(|start| start == b"data: ").count();
    Seen { first_s: first_s.expect("a word"), total_s, events, bytes: text.len() - body }
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|part| part == what)
}
