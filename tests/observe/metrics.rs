//! What `GET /metrics` shows after something has happened. All tests of this process count together, so these look at how
//! much more there is of something.

use canvalo_tests::{Server, guest_plugins, new_user, until};
use reqwest::StatusCode;
use serde_json::json;

use crate::watched::{DEPLOYED, Watched, deployed, overdue, script};

/// The figures at some time.
pub(crate) struct Figures(String);

impl Figures {
    pub(crate) async fn of(server: &Server) -> Self {
        let request = reqwest::Client::new().get(format!("{}/metrics", server.url)).bearer_auth(DEPLOYED[2].1);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Self(response.text().await.unwrap())
    }

    /// The figure of a series, 0 where there is none yet.
    fn get(&self, series: &str) -> f64 {
        let line = self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |figure| figure.parse().unwrap())
    }

    /// The names of what there is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let lines = self.0.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(|line| line.split(['{', ' ']).next().unwrap())
    }
}

async fn grows(server: &Server, before: &Figures, series: &[&str]) {
    let mut after = Figures::of(server).await;
    for _ in 0..200 {
        if series.iter().all(|series| after.get(series) > before.get(series)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        after = Figures::of(server).await;
    }
    let still: Vec<_> = series.iter().filter(|series| after.get(series) <= before.get(series)).collect();
    panic!("{still:?} did not grow:\n{}", after.0);
}

#[tokio::test]
async fn a_chat_is_counted_from_its_route_to_every_read() {
    let server = deployed(overdue()).await;
    let before = Figures::of(&server).await;
    server.chat(new_user(), "What is overdue?").await.end();
    grows(
        &server,
        &before,
        &[
            r#"canvalo_http_requests_total{route="/api/chat/stream",method="POST",status="200"}"#,
            r#"canvalo_http_request_duration_seconds_count{route="/api/chat/stream",method="POST"}"#,
            r#"canvalo_time_to_first_token_seconds_count{agent="invoices"}"#,
            r#"canvalo_turn_duration_seconds_count{outcome="completed"}"#,
            r#"canvalo_llm_call_duration_seconds_count{model="scripted"}"#,
            r#"canvalo_data_request_duration_seconds_count{table="invoices",verb="select",outcome="ok"}"#,
            r#"canvalo_data_request_duration_seconds_count{table="agent_messages",verb="insert",outcome="ok"}"#,
            r#"canvalo_sandbox_runs_total{agent="invoices",outcome="answered"}"#,
        ],
    )
    .await;
    let now = Figures::of(&server).await;
    assert!(now.get(r#"canvalo_sandbox_instances{state="free"}"#) > 0.0);
    assert!(now.get("process_resident_memory_bytes") > 1e6);
    assert!(now.get("process_open_fds") > 3.0 && now.get("process_cpu_seconds_total") > 0.0);
}

#[tokio::test]
async fn a_denial_and_a_limit_that_is_hit_are_counted() {
    Watched::get();
    let plugins = guest_plugins();
    let folder = plugins.path().display().to_string();
    let guests = ["snoop", "hoard", "loops"];
    let rules = guests.map(|guest| {
        json!({
            "when": { "last_user_contains": format!("@{guest}"), "after_tool": null },
            "reply": { "tool_uses": [{ "name": guest, "input": {} }] },
        })
    });
    let variables = [&DEPLOYED[..], &[("CANVALO_PLUGIN_DIR", folder.as_str())]].concat();
    let server = Server::with(script(json!(rules)), &variables).await;
    let before = Figures::of(&server).await;
    for guest in guests {
        server.chat(new_user(), &format!("@{guest} {}", new_user())).await.end();
    }
    grows(
        &server,
        &before,
        &[
            r#"canvalo_denials_total{agent="snoop"}"#,
            r#"canvalo_limits_hit_total{limit="memory"}"#,
            r#"canvalo_limits_hit_total{limit="compute_time"}"#,
            r#"canvalo_sandbox_runs_total{agent="hoard",outcome="limit_exceeded"}"#,
            r#"canvalo_sandbox_runs_total{agent="loops",outcome="out_of_time"}"#,
            r#"canvalo_turn_duration_seconds_count{outcome="failed"}"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn a_running_sandbox_is_seen_and_a_turn_whose_client_has_gone_is_cancelled() {
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    let model = script(json!([
        { "when": { "tool_offered": "list_invoices" }, "reply": { "text": words.concat(), "deltas": words, "delay_ms": 50 } },
        { "when": { "tool_offered": "invoices" }, "reply": { "tool_uses": [{ "name": "invoices", "input": {} }] } },
    ]));
    let server = deployed(model.clone()).await;
    let before = Figures::of(&server).await;
    let response = server.send(new_user(), &json!({ "message": "a long story" })).await;
    until("starting the agent", || server.app.supervisor.runtime().free_slots() == 63).await;
    assert!(Figures::of(&server).await.get(r#"canvalo_sandbox_instances{state="running"}"#) >= 1.0);
    drop(response);
    let cancelled = [
        r#"canvalo_turn_duration_seconds_count{outcome="cancelled"}"#,
        r#"canvalo_sandbox_runs_total{agent="invoices",outcome="cancelled"}"#,
    ];
    grows(&server, &before, &cancelled).await;
}

#[tokio::test]
async fn outside_development_nobody_reads_them_without_a_key_and_in_development_everybody_does() {
    let server = deployed(overdue()).await;
    let url = format!("{}/metrics", server.url);
    assert_eq!(reqwest::get(&url).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for key in ["x", &server.world.token(new_user())] {
        let response = reqwest::Client::new().get(&url).bearer_auth(key).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.text().await.unwrap().contains("canvalo_"));
    }
    let admin = reqwest::Client::new().get(&url).bearer_auth(DEPLOYED[1].1).send().await.unwrap();
    assert_eq!(admin.status(), StatusCode::OK);

    let development = Server::with_model(overdue()).await;
    assert_eq!(reqwest::get(format!("{}/metrics", development.url)).await.unwrap().status(), StatusCode::OK);
}
