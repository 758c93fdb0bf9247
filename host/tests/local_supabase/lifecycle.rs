//! Starting, stopping and dying.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use canvalo::dev::{LocalSupabase, Options};
use secrecy::ExposeSecret;

use crate::support::{folder, options, superuser};

/// Names the home for [`helper_process`].
const HELPER_HOME: &str = "CANVALO_TEST_HELPER_HOME";

/// Not a test: another process for the tests below, which start this binary with this name.
#[tokio::test]
#[ignore = "started by other tests"]
async fn helper_process() {
    let Some(home) = std::env::var_os(HELPER_HOME) else {
        return;
    };
    let _supabase = LocalSupabase::start(options(home), |_| {}).await.unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
}

fn start_helper(home: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "lifecycle::helper_process"])
        .env(HELPER_HOME, home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn server_pid(home: &Path) -> Option<u32> {
    std::fs::read_to_string(home.join("postgres/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

fn alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn without_seed(home: &Path) -> Options {
    Options { seed: false, ..options(home) }
}

#[tokio::test]
async fn a_killed_process_leaves_no_server_and_the_home_starts_again_with_its_data() {
    let home = folder();
    let mut helper = start_helper(home.path());
    wait_until("the first start", || home.path().join(".env").exists()).await;
    let pid = server_pid(home.path()).unwrap();
    assert!(alive(pid));
    helper.kill().unwrap();
    helper.wait().unwrap();
    let killed = Instant::now();
    wait_until("the end of the server", || !alive(pid)).await;
    println!("the server ended {:?} after the kill", killed.elapsed());

    let started = Instant::now();
    let supabase = LocalSupabase::start(options(home.path()), |_| {}).await.unwrap();
    println!("an existing home started in {:?}", started.elapsed());
    let contacts = superuser(supabase.env()).await.query("select from api.contacts", &[]).await.unwrap().len();
    assert_eq!(contacts, 35);
    supabase.stop().await.unwrap();
    assert!(server_pid(home.path()).is_none());
}

#[tokio::test]
async fn a_home_starts_at_once_after_a_kill_while_the_old_server_is_still_stopping() {
    let home = folder();
    let mut helper = start_helper(home.path());
    wait_until("the first start", || home.path().join(".env").exists()).await;
    helper.kill().unwrap();
    helper.wait().unwrap();
    let supabase = LocalSupabase::start(options(home.path()), |_| {}).await.unwrap();
    superuser(supabase.env()).await.query("select from api.contacts", &[]).await.unwrap();
    supabase.stop().await.unwrap();
}

#[tokio::test]
async fn a_kill_at_any_moment_of_the_first_start_is_recovered_by_the_next() {
    let home = folder();
    let finished = |home: &Path| home.join(".env").exists();
    let mut delay = Duration::from_millis(150);
    while !finished(home.path()) {
        let mut helper = start_helper(home.path());
        tokio::time::sleep(delay).await;
        helper.kill().unwrap();
        helper.wait().unwrap();
        delay += Duration::from_millis(350);
    }
    // Nothing of the killed processes is at work any more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let supabase = LocalSupabase::start(options(home.path()), |_| {}).await.unwrap();
    let client = superuser(supabase.env()).await;
    assert_eq!(client.query("select from api.contacts", &[]).await.unwrap().len(), 35);
    let names = home.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("unfinished")).count(), 0);
    supabase.stop().await.unwrap();
}

#[tokio::test]
async fn two_starts_at_once_on_one_home_give_one_server_and_one_clear_error() {
    let home = folder();
    let start = || LocalSupabase::start(without_seed(home.path()), |_| {});
    let (one, two) = tokio::join!(start(), start());
    let (running, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    let error = refused.err().unwrap().to_string();
    assert!(error.contains(home.path().to_str().unwrap()) && error.contains("CANVALO_HOME"), "{error}");
    running.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn ports_and_keys_stay_the_same_and_an_existing_home_starts_without_long_steps() {
    let home = folder();
    let mut steps = Vec::new();
    let first = LocalSupabase::start(without_seed(home.path()), |step| steps.push(step.to_owned())).await.unwrap();
    assert_eq!(steps, ["Creating the database ...", "Applying the migrations ..."]);
    let env = first.env().clone();
    first.stop().await.unwrap();

    let started = Instant::now();
    let second = LocalSupabase::start(without_seed(home.path()), |step| panic!("{step}")).await.unwrap();
    println!("an existing home started in {:?}", started.elapsed());
    assert_eq!(second.env().database_url.expose_secret(), env.database_url.expose_secret());
    assert_eq!(second.env().supabase_url, env.supabase_url);
    assert_eq!(second.env().publishable_key, env.publishable_key);
    assert_eq!(second.env().jwt_secret.expose_secret(), env.jwt_secret.expose_secret());
    let dotenv = std::fs::read_to_string(home.path().join(".env")).unwrap();
    for line in [format!("SUPABASE_URL={}", env.supabase_url), format!("SUPABASE_PUB_KEY={}", env.publishable_key)] {
        assert!(dotenv.lines().any(|l| l == line), "{dotenv}");
    }
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_told_port_is_used_and_a_taken_one_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = folder();
    let told = || Options { rest_port: Some(port), ..without_seed(home.path()) };
    let error = LocalSupabase::start(told(), |_| {}).await.err().unwrap();
    assert!(error.to_string().contains(&port.to_string()), "{error:#}");
    drop(taken);
    let supabase = LocalSupabase::start(told(), |_| {}).await.unwrap();
    assert_eq!(supabase.env().supabase_url, format!("http://127.0.0.1:{port}"));
    supabase.stop().await.unwrap();
}
