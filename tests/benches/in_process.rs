//! The sandbox without HTTP in front of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::Json;
use axum::http::Uri;
use canvalo::capability::data::{DataStore, PostgRest, UserToken};
use canvalo::capability::llm::scripted::Scripted;
use canvalo::plugin::engine::engine;
use canvalo::plugin::{Events, Invocation, Registry, Runtime, Services};
use serde_json::json;

use crate::{Row, median, native};

const SLOTS: u32 = 4;
const WARM_UP: usize = 300;

/// An instance with a trivial run, and an agent's turn against the same code compiled natively.
pub(crate) fn measure() -> Vec<Row> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let plugins = canvalo_tests::guest_plugins();
    let engine = engine(SLOTS, None).expect("an engine");
    let registry = Registry::load(&engine, plugins.path()).expect("plugins");
    let runtime = Runtime::new(engine, SLOTS);

    let (url, calls) = rest_server();
    let data = Arc::new(PostgRest::new(&url, &"sb_publishable_bench".to_owned().into()).expect("a client"));
    let services = Services {
        model: Arc::new(script()),
        data: data.clone(),
        writes: Default::default(),
        write_switch: Arc::default(),
        audit: Arc::default(),
    };

    let trivial = sample(5_000, || tokio.block_on(turn(&runtime, &registry, &services, "remembers")));

    let before = calls.load(Ordering::Relaxed);
    tokio.block_on(turn(&runtime, &registry, &services, "invoices"));
    let per_turn = calls.load(Ordering::Relaxed) - before;
    assert_eq!(per_turn, 3, "the turn that is compared has three data calls");

    let before = calls.load(Ordering::Relaxed);
    let agent = canvalo_invoices::agent();
    native::turn(&agent, &tokio, &*data, &*services.model);
    assert_eq!(calls.load(Ordering::Relaxed) - before, per_turn, "both sides make the same data calls");

    // In turn, so that a machine that slows down slows both.
    let (mut sandboxed, mut compiled) = (Vec::new(), Vec::new());
    let store: &dyn DataStore = &*data;
    for round in 0..WARM_UP + 1_000 {
        let wasm = seconds(|| tokio.block_on(turn(&runtime, &registry, &services, "invoices")));
        let native = seconds(|| native::turn(&agent, &tokio, store, &*services.model));
        if round >= WARM_UP {
            sandboxed.push(wasm);
            compiled.push(native);
        }
    }
    let (sandboxed, compiled) = (median(sandboxed), median(compiled));
    vec![
        Row {
            what: "a fresh instance and a trivial `run`",
            figure: format!("{:.0} µs", trivial * 1e6),
            target: "60 µs",
        },
        Row { what: "a turn with 3 data calls, sandboxed", figure: format!("{:.2} ms", sandboxed * 1e3), target: "" },
        Row { what: "the same turn, compiled natively", figure: format!("{:.2} ms", compiled * 1e3), target: "" },
        Row { what: "the sandbox tax, as a ratio", figure: format!("{:.2}", sandboxed / compiled), target: "1.30" },
    ]
}

fn seconds(run: impl FnOnce()) -> f64 {
    let started = Instant::now();
    run();
    started.elapsed().as_secs_f64()
}

fn sample(runs: usize, mut run: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| run());
    median((0..runs).map(|_| seconds(&mut run)).collect())
}

async fn turn(runtime: &Runtime, registry: &Registry, services: &Services, plugin: &str) {
    let (events, mut receiver) = Events::channel(64);
    let invocation = Invocation {
        message: "Show me these".into(),
        history: Arc::default(),
        task: None,
        now: "2026-03-09T16:20:00-05:00".into(),
        time_zone: "America/Chicago".into(),
        user: UserToken::new("a.b.c".to_owned().into()),
        user_tag: "bench".into(),
        events,
    };
    let plugin = registry.get(plugin).expect("a plugin");
    runtime.run(plugin, services, invocation).await.expect("a turn that ends well");
    receiver.close();
}

/// Three invoices looked up by id, then a sentence.
fn script() -> Scripted {
    let uses = native::INVOICES.map(|invoice| json!({ "name": "get_invoice", "input": { "invoice": invoice } }));
    let rules = json!([
        { "when": { "after_tool": null }, "reply": { "tool_uses": uses } },
        { "when": {}, "reply": { "text": native::ANSWER, "deltas": 1 } },
    ]);
    Scripted::from_json(&rules.to_string()).expect("a script")
}

/// A REST server on a thread of its own that has the invoices, and how often it was asked.
fn rest_server() -> (String, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender.send(listener.local_addr().expect("an address")).expect("somebody waits");
            let answer = move |uri: Uri| {
                counted.fetch_add(1, Ordering::Relaxed);
                let asked = uri.query().unwrap_or_default().to_owned();
                let found = native::INVOICES.into_iter().filter(move |invoice| asked.contains(invoice));
                async { Json(found.map(native::row).collect::<Vec<_>>()) }
            };
            axum::serve(listener, axum::Router::new().fallback(answer)).await.expect("a server");
        });
    });
    (format!("http://{}", receiver.recv().expect("a server that starts")), calls)
}
