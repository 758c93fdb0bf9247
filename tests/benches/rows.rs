//! Whether an answer takes longer when there is more that it isn't about: the agents' typical questions, asked for a
//! user with 100 rows in every table and for one with 100,000.
//!
//! The questions go over HTTP through the whole host, with the offline model, to a local Supabase of its own. A data call
//! ends with the REST server's answer; a turn is all of it, until the stream's end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use canvalo::capability::data::{
    Aggregate, DataError, DataStore, Delete, Insert, Page, PostgRest, Row, Select, Update, UserToken,
};
use canvalo::capability::llm::offline::Offline;
use canvalo_tests::{Server, World, new_user};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::median;

const WARM_UP: usize = 3;
const TURNS: usize = 21;

/// A young business: two years, some things left undone.
const FEW: History = History { rows: 100, years: 2, left: 10 };
/// An old one: fourteen of everything a day for twenty years. It leaves as little undone.
const MANY: History = History { rows: 100_000, years: 20, left: 5_000 };

struct History {
    rows: u32,
    years: u32,
    left: u32,
}

/// At least one reading question for each agent, and a plain list for each.
const QUESTIONS: &[&str] = &[
    "Show me all overdue invoices",
    "What's my revenue this month?",
    "How old are our open invoices?",
    "What's on my calendar tomorrow?",
    "When am I free next week?",
    "Which clients haven't been contacted recently?",
    "Which tasks are due this week?",
    "Which tasks are overdue?",
    "Which reviews still need a response?",
    "How are our ratings trending this year?",
    "Which projects are running late?",
    "Which quotes are about to expire?",
    "What's our close rate this year?",
    "Which campaign worked best this year?",
    "Which campaign worked best ever?",
    "Am I on track for my goals?",
    "List my invoices",
    "List my appointments",
    "List my contacts",
    "List my tasks",
    "List my reviews",
    "List my projects",
    "List my proposals",
    "List my campaigns",
    "List my goals",
];

/// Prints the table.
pub(crate) fn measure() {
    let world = World::get();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let (few, many) = (new_user(), new_user());
        let started = Instant::now();
        let client = empty(world).await;
        fill(&client, few, &FEW).await;
        fill(&client, many, &MANY).await;
        eprintln!("both histories are there after {:.0} s", started.elapsed().as_secs_f64());
        let spent = Arc::new(AtomicU64::new(0));
        let timed = |inner| Timed { inner, spent: Arc::clone(&spent) };
        let server = Server::with_data(Arc::new(Offline), timed).await;

        println!(
            "\n| question | tools | data calls: {} | {} rows | ratio | turn: {0} | {1} rows | ratio |",
            FEW.rows, MANY.rows
        );
        println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        for question in QUESTIONS {
            let (mut data, mut turns) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
            let mut tools = Vec::new();
            for round in 0..WARM_UP + TURNS {
                // In turn, so that a machine that slows down slows both.
                for (at, user) in [few, many].into_iter().enumerate() {
                    spent.store(0, Ordering::Relaxed);
                    let started = Instant::now();
                    let answer = server.chat(user, question).await;
                    let turn = started.elapsed().as_secs_f64() * 1e3;
                    assert_eq!(answer.end()["type"], "complete", "{question}: {}", answer.text());
                    tools =
                        answer.tools().into_iter().filter(|tool| tool.1 == "completed").map(|tool| tool.0).collect();
                    assert!(!tools.is_empty(), "{question} reads nothing: {}", answer.text());
                    if round >= WARM_UP {
                        turns[at].push(turn);
                        data[at].push(spent.load(Ordering::Relaxed) as f64 / 1e6);
                    }
                }
            }
            let [data, turns] = [data, turns].map(|both| both.map(median));
            let [data, turns] =
                [data, turns].map(|[few, many]| format!("{few:.1} ms | {many:.1} ms | {:.2}", many / few));
            println!("| {question} | {} | {data} | {turns} |", tools.join(", "));
        }
    });
}

/// The database without what an earlier run left in it.
async fn empty(world: &World) -> Client {
    let (client, connection) = tokio_postgres::connect(world.database_url(), NoTls).await.expect("the database");
    tokio::spawn(connection);
    let tables = "api.contacts, api.projects, api.invoices, api.proposals, api.appointments, api.tasks, api.reviews, api.campaigns, api.goals";
    client.batch_execute(&format!("truncate {tables} cascade")).await.expect("an empty database");
    client
}

async fn fill(client: &Client, user: Uuid, history: &History) {
    let History { rows, years, left } = history;
    let days = years * 365;
    client
        .batch_execute(&format!(
            "drop table if exists history;
             create temporary table history as
             select n, day, left_over, left_over or day > current_date - 21 as open from (
               select n, current_date + 14 - (n * {days}::bigint / {rows})::integer as day, n % {left} = 7 as left_over
               from generate_series(1, {rows}) as n) as days"
        ))
        .await
        .expect("the days");
    let inserts = include_str!("history.sql").replace("$user", &user.to_string());
    client.batch_execute(&inserts).await.expect("the rows");
    // As the database's own housekeeping would have done.
    client.batch_execute("vacuum analyze").await.expect("a database in order");
}

/// A data store that adds up what reading takes, in nanoseconds, the conversation's own rows left out.
struct Timed {
    inner: PostgRest,
    spent: Arc<AtomicU64>,
}

impl Timed {
    async fn timed<T>(&self, table: &str, call: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let result = call.await;
        if !table.starts_with("agent_") {
            self.spent.fetch_add(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
        result
    }
}

#[async_trait]
impl DataStore for Timed {
    async fn select(&self, user: &UserToken, query: &Select) -> Result<Page, DataError> {
        self.timed(query.table.as_str(), self.inner.select(user, query)).await
    }

    async fn insert(&self, user: &UserToken, insertion: &Insert) -> Result<Vec<Row>, DataError> {
        self.inner.insert(user, insertion).await
    }

    async fn update(&self, user: &UserToken, modification: &Update) -> Result<Vec<Row>, DataError> {
        self.inner.update(user, modification).await
    }

    async fn delete(&self, user: &UserToken, deletion: &Delete) -> Result<Vec<Row>, DataError> {
        self.inner.delete(user, deletion).await
    }

    async fn aggregate(&self, user: &UserToken, aggregation: &Aggregate) -> Result<Vec<Row>, DataError> {
        self.timed(aggregation.table.as_str(), self.inner.aggregate(user, aggregation)).await
    }

    async fn ready(&self) -> Result<(), DataError> {
        self.inner.ready().await
    }
}
