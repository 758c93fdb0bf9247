//! Resident memory, which is a whole process's: these tests have one to themselves, and run one after the other.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the right answer")]

mod gate;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use canvalo_tests::{Answer, Server, chunks, guest_plugins, new_user, until};
use futures::future::join_all;
use gate::Gate;
use serde_json::{Value, json};
use tokio::sync::Mutex;

static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What a pool slot may keep for the next turn.
const KEPT_MIB: u64 = 4;

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn what_a_guest_hoarded_comes_back() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    let server = Server::with(Gate::new(), &[("CANVALO_PLUGIN_DIR", &folder)]).await;
    let mut resident = Vec::new();
    for _ in 0..4 {
        assert_eq!(server.chat(new_user(), "@hoard").await.error_code(), "AGENT_LIMIT_EXCEEDED");
        resident.push(resident_mib());
    }
    // A leak would be 64 MiB a turn.
    assert!(resident[3] < resident[0] + 32, "{resident:?} MiB resident after each turn");
}

const TURNS: usize = 16;
const CHATS: usize = 100;
const HELD_MIB: u64 = 58;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_chats_at_once_at_the_memory_limit_are_answered_or_refused_and_the_memory_comes_back() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    let gate = Gate::new();
    let turns = TURNS.to_string();
    let variables = [("CANVALO_PLUGIN_DIR", folder.as_str()), ("CANVALO_MAX_TURNS", &turns)];
    let server = Server::with(gate.clone(), &variables).await;
    gate.open();
    server.chat(new_user(), "@waits 0").await.end();
    let before = resident_mib();

    let mut after = Vec::new();
    for _ in 0..2 {
        gate.close();
        let refused = AtomicUsize::new(0);
        let rush = tokio::time::timeout(Duration::from_secs(60), rush(&server, &refused));
        let open_when_full = async {
            until("holding memory", || gate.waiting() == TURNS).await;
            let peak = resident_mib();
            assert!(peak > before + TURNS as u64 * (HELD_MIB - 4), "{before} MiB, and {peak} while they hold theirs");
            until("refusing the others", || refused.load(Ordering::SeqCst) == CHATS - TURNS).await;
            gate.open();
        };
        let (complete, ()) = tokio::join!(rush, open_when_full);
        assert_eq!(complete.expect("none hangs"), TURNS);
        until("freeing the slots", || server.app.supervisor.runtime().free_slots() == TURNS).await;
        after.push(resident_mib());
        assert_eq!(server.chat(new_user(), "hi").await.text(), "Hello!");
    }
    let kept = KEPT_MIB * TURNS as u64;
    assert!(after[0] < before + kept + 32, "{before} MiB before, {after:?} after");
    assert!(after[1] < after[0] + 32, "{before} MiB before, {after:?} after");
}

/// Sends all chats at once. How many were answered; those refused are counted as they come.
async fn rush(server: &Server, refused: &AtomicUsize) -> usize {
    let chat = async || {
        let body = json!({ "message": format!("@waits {HELD_MIB}") });
        let response = server.send(new_user(), &body).await;
        if response.status() == 200 {
            let answer = Answer(chunks(&response.text().await.unwrap()));
            assert_eq!((&answer.end()["type"], &answer.end()["agent_type"]), (&json!("complete"), &json!("waits")));
            assert!(answer.text().ends_with(&format!("held: {}\n", HELD_MIB * 1024 * 1024)), "{}", answer.text());
            return true;
        }
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "2");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], "BUSY");
        refused.fetch_add(1, Ordering::SeqCst);
        false
    };
    let answered = join_all((0..CHATS).map(|_| chat())).await;
    answered.into_iter().filter(|complete| *complete).count()
}
