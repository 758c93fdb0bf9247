//! What agents ask of a user who has 100,000 rows in a table: the plans go through indexes, and read only what the answer
//! is made of.

use std::sync::{Arc, Mutex};

use canvalo::dev::LocalEnv;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use crate::support::shared;

const ROWS: i64 = 100_000;

/// Twenty years of history, one row in a thousand still open.
const HISTORY: &str = "
    insert into api.invoices (user_id, invoice_number, client_name, issue_date, due_date, total_amount, amount_paid, payment_date, status)
    select $1, 'INV-' || n, 'Client ' || n % 500, day, day + 30, 500, case when open then 0 else 500 end,
      case when open then null else day + 20 end, case when open then 'sent' else 'paid' end
    from history;
    insert into api.tasks (user_id, title, assigned_to, due_date, status, priority)
    select $1, 'Task ' || n, 'Person ' || n % 5, day, case when open then 'todo' else 'completed' end, 'high' from history;
    insert into api.appointments (user_id, title, appointment_date, start_time, end_time, status)
    select $1, 'Visit ' || n, day, '09:00', '10:00', case when open then 'scheduled' else 'completed' end from history;
    insert into api.proposals (user_id, title, issue_date, valid_until, total_amount, status)
    select $1, 'Proposal ' || n, day, day + 30, 900, case when open then 'sent' else 'accepted' end from history;
    insert into api.projects (user_id, name, start_date, end_date, budget, actual_cost, assigned_team, status)
    select $1, 'Project ' || n, day, day + 10, 900, 800, array['Person ' || n % 5], case when open then 'active' else 'completed' end
    from history;
    insert into api.reviews (user_id, client_name, rating, review_date, status, response_text)
    select $1, 'Client ' || n, 1 + n % 5, day, case when open then 'published' else 'responded' end, case when open then null else 'Thanks' end
    from history;
    insert into api.campaigns (user_id, name, start_date, end_date, sent_count, delivered_count, actual_cost, status)
    select $1, 'Campaign ' || n, day, day + 5, 10, 9, 50, case when open then 'active' else 'completed' end from history;
    insert into api.goals (user_id, title, start_date, end_date, target_value, status)
    select $1, 'Goal ' || n, day, day + 30, 100, case when open then 'active' else 'completed' end from history;
    insert into api.contacts (user_id, name, contact_type, last_contacted_at)
    select $1, 'Client ' || n, 'client', case when open then null else day end from history;
";

/// A connection that acts as a user with all that history, and the plans of what it runs.
struct BusyUser {
    client: Client,
    plans: Arc<Mutex<Vec<Value>>>,
}

impl BusyUser {
    async fn new(env: &LocalEnv) -> Self {
        let (client, mut connection) = tokio_postgres::connect(env.database_url.expose_secret(), NoTls).await.unwrap();
        let plans = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&plans);
        tokio::spawn(async move {
            while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notice(notice) = message
                    && let Some((_, plan)) = notice.message().split_once("plan:")
                {
                    told.lock().unwrap().push(serde_json::from_str(plan).unwrap());
                }
            }
        });
        let user = uuid::Uuid::new_v4();
        for insert in HISTORY.split(';').map(str::trim).filter(|insert| !insert.is_empty()) {
            let insert = insert.replacen(
                "select $1,",
                &format!(
                    "with history as (
                       select n, current_date - (n * 7300 / {ROWS})::integer as day, n % 1000 = 7 as open
                       from generate_series(1, {ROWS}) as n)
                     select '{user}',"
                ),
                1,
            );
            client.batch_execute(&insert).await.unwrap();
        }
        let claims = json!({ "sub": user, "role": "authenticated" });
        let session = format!(
            "analyze; load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
             set auto_explain.log_nested_statements = on; set auto_explain.log_format = json; set auto_explain.log_timing = off; set auto_explain.log_verbose = on;
             set request.jwt.claims = '{claims}'; set role authenticated; set client_min_messages = log"
        );
        client.batch_execute(&session).await.unwrap();
        Self { client, plans }
    }

    /// Rows that a statement reads from tables, after checking that no table is read from end to end.
    async fn rows_read(&self, what: &str, statement: &str) -> f64 {
        self.plans.lock().unwrap().clear();
        self.client.simple_query(statement).await.unwrap();
        let plans = std::mem::take(&mut *self.plans.lock().unwrap());
        let mut read = 0.0;
        let mut found = false;
        for plan in &plans {
            scans(&plan["Plan"], &mut |scan| {
                let kind = scan["Node Type"].as_str().unwrap();
                assert!(kind != "Seq Scan", "{what} reads the whole of {}: {plan:#}", scan["Relation Name"]);
                let rows = scan["Actual Rows"].as_f64().unwrap();
                let removed = scan["Rows Removed by Filter"].as_f64().unwrap_or_default();
                read += (rows + removed) * scan["Actual Loops"].as_f64().unwrap();
                found = true;
            });
        }
        assert!(found, "{what} reads no table of the schema: {plans:?}");
        read
    }

    async fn aggregate(&self, what: &str, query: Value) -> f64 {
        self.rows_read(what, &format!("select api.aggregate('{query}')")).await
    }
}

/// Visits the nodes that read a table of the schema.
fn scans(node: &Value, visit: &mut impl FnMut(&Value)) {
    if node["Relation Name"].is_string() && node["Schema"] == "api" {
        visit(node);
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        scans(child, visit);
    }
}

fn filter(column: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({ "all": { "column": column, "operator": operator, "value": value.into() } })
}

fn query(table: &str, by: &[&str], conditions: Vec<Value>) -> Value {
    let keys: Vec<Value> = by.iter().map(|column| json!({ "column": column, "unit": null })).collect();
    json!({
        "table": table, "conditions": conditions, "group_by": keys, "limit": 100,
        "measures": [{ "function": "count", "column": null, "name": "n" }],
    })
}

#[tokio::test]
async fn with_100_000_rows_an_answer_reads_what_it_is_made_of_and_not_the_table() {
    let user = BusyUser::new(shared()).await;
    let day = |back: u64| {
        let today = chrono::Utc::now().date_naive();
        Value::from(today.checked_sub_days(chrono::Days::new(back)).unwrap().to_string())
    };
    let month = |column: &str| vec![filter(column, "gte", day(30)), filter(column, "lte", day(0))];
    let open_tasks = || filter("status", "one_of", json!(["todo", "in-progress"]));
    let mut unpaid = vec![
        json!({ "all": { "column": "status", "operator": "one_of", "value": ["draft", "paid", "cancelled"], "negate": true } }),
        filter("balance_due", "gt", 0),
        filter("due_date", "lt", day(0)),
    ];
    for (what, query) in [
        ("what is overdue", query("invoices", &[], std::mem::take(&mut unpaid))),
        ("what was billed in a month", query("invoices", &[], month("issue_date"))),
        ("what was collected in a month", query("invoices", &[], month("payment_date"))),
        ("who has how many open tasks", query("tasks", &["assigned_to"], vec![open_tasks()])),
        ("which tasks are late", query("tasks", &["priority"], vec![open_tasks(), filter("due_date", "lt", day(0))])),
        ("how many proposals of a month were won", query("proposals", &["status"], month("issue_date"))),
        (
            "the open proposals",
            query("proposals", &["status"], vec![filter("status", "one_of", json!(["draft", "sent", "viewed"]))]),
        ),
        ("how a month was rated", query("reviews", &["rating"], month("review_date"))),
        ("who works on what", query("project_crew", &["member"], vec![filter("status", "eq", "active")])),
        (
            "the open projects' budgets",
            query("project_budgets", &["over_budget"], vec![filter("status", "one_of", json!(["active", "on-hold"]))]),
        ),
        (
            "the campaigns that run",
            query("campaign_results", &["campaign_type"], vec![filter("status", "eq", "active")]),
        ),
        ("the open goals", query("goals", &["goal_type"], vec![filter("status", "eq", "active")])),
    ] {
        let read = user.aggregate(what, query).await;
        assert!(read <= 1_000.0, "{what} reads {read} rows");
    }
    for (what, statement) in [
        (
            "a day's agenda",
            "select title from api.appointments where appointment_date = current_date order by appointment_date, start_time limit 100",
        ),
        ("the newest invoices", "select invoice_number from api.invoices order by issue_date desc limit 20"),
        (
            "the next tasks",
            "select title from api.tasks where status in ('todo', 'in-progress') and due_date >= current_date order by due_date limit 50",
        ),
        (
            "who waits for a reply",
            "select client_name from api.reviews where (response_text is null or response_text = '') and status in ('pending', 'approved', 'published', 'flagged') order by rating, review_date limit 50",
        ),
        (
            "who was never contacted",
            "select name from api.contacts where last_contacted_at is null order by name limit 50",
        ),
        (
            "the best campaigns ever",
            "select name from api.campaign_results where status not in ('draft', 'scheduled') and roi is not null order by roi desc nulls last, name limit 5",
        ),
        (
            "the campaigns without a cost",
            "select name from api.campaign_results where status not in ('draft', 'scheduled') and actual_cost = 0 order by name limit 10",
        ),
        ("an invoice by its number", "select id from api.invoices where invoice_number = 'INV-500'"),
        ("the newest numbers", "select invoice_number from api.invoices order by created_at desc limit 20"),
    ] {
        let read = user.rows_read(what, statement).await;
        assert!(read <= 1_000.0, "{what} reads {read} rows");
    }
}
