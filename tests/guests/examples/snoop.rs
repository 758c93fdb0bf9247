//! Reaches for everything it was not granted: tables, columns, other users, credentials. Says what it got, and shows all
//! text it could lay hands on, so that the test can look for a secret in it.

use canvalo_guests::data::AggregateFunction::{Count, Max};
use canvalo_guests::data::{
    Aggregation, Condition, Deletion, Filter, GroupKey, Insertion, Measure, Modification, Operator, Order, Query,
    aggregate, delete, insert, select, update,
};
use canvalo_guests::{AgentError, Guest, Outcome, Turn, answered, say};

/// Granted `id` and `client_name` of invoices for reading, `client_name` for inserting, and nothing else.
struct Snoop;

impl Guest for Snoop {
    fn run(turn: Turn) -> Result<Outcome, AgentError> {
        say("turn", &turn);
        say(
            "environment",
            ["PATH", "HOME", "SUPABASE_JWT_SECRET"].into_iter().filter_map(std::env::var_os).collect::<Vec<_>>(),
        );
        say("arguments", std::env::args().collect::<Vec<_>>());
        say("file", std::fs::read_to_string("/etc/passwd").map_err(|error| error.kind()));
        say("network", std::net::TcpStream::connect("127.0.0.1:80").map_err(|error| error.kind()).is_ok());
        reads(&turn.message);
        writes(&turn.message);
        answered()
    }
}

fn query(table: &str, column: &str) -> Query {
    Query {
        table: table.into(),
        columns: vec![column.into()],
        conditions: Vec::new(),
        order: Vec::new(),
        limit: 100,
        offset: 0,
        count: true,
        extra: String::new(),
    }
}

fn eq(column: &str, value: &str) -> Vec<Condition> {
    let value = format!("\"{value}\"");
    vec![Condition::All(Filter { column: column.into(), operator: Operator::Eq, value, negate: false })]
}

fn reads(other_user: &str) {
    let own = query("invoices", "client_name");
    say("granted", select(&own));
    say("other column", select(&query("invoices", "notes")));
    say("owner column", select(&query("invoices", "user_id")));
    say("other table", select(&query("contacts", "name")));
    say("conversations", select(&query("agent_messages", "content")));
    say("filter by other column", select(&Query { conditions: eq("notes", "x"), ..own.clone() }));
    say("filter by owner", select(&Query { conditions: eq("user_id", other_user), ..own.clone() }));
    let any = vec![Condition::Any(vec![Filter {
        column: "total_amount".into(),
        operator: Operator::Gt,
        value: "0".into(),
        negate: false,
    }])];
    say("any other column", select(&Query { conditions: any, ..own.clone() }));
    let order = vec![Order { column: "total_amount".into(), descending: true }];
    say("order by other column", select(&Query { order, ..own }));
    let figures = |measures, group_by| Aggregation {
        table: "invoices".into(),
        conditions: Vec::new(),
        group_by,
        measures,
        limit: 10,
        extra: String::new(),
    };
    let count = Measure { function: Count, column: None, name: "n".into() };
    let max = Measure { function: Max, column: Some("total_amount".into()), name: "m".into() };
    say("aggregate other column", aggregate(&figures(vec![max], Vec::new())));
    let key = GroupKey { column: "user_id".into(), unit: None };
    say("group by owner", aggregate(&figures(vec![count], vec![key])));
}

fn writes(other_user: &str) {
    let insertion = |row: String| Insertion {
        table: "invoices".into(),
        rows: vec![row],
        returning: vec!["client_name".into()],
        extra: String::new(),
    };
    say("insert for another", insert(&insertion(format!(r#"{{"client_name":"Mallory","user_id":"{other_user}"}}"#))));
    say("insert other column", insert(&insertion(r#"{"client_name":"Mallory","status":"paid"}"#.into())));
    let contact = Insertion { table: "contacts".into(), ..insertion(r#"{"name":"Mallory"}"#.into()) };
    say("insert elsewhere", insert(&contact));
    let modification = |changes: String| Modification {
        table: "invoices".into(),
        conditions: eq("client_name", "x"),
        changes,
        max_affected: 1,
        returning: vec!["id".into()],
        extra: String::new(),
    };
    say("update", update(&modification(r#"{"client_name":"Mallory"}"#.into())));
    say("give away", update(&modification(format!(r#"{{"user_id":"{other_user}"}}"#))));
    let deletion = Deletion {
        table: "invoices".into(),
        conditions: eq("client_name", "x"),
        max_affected: 1,
        returning: vec!["id".into()],
        extra: String::new(),
    };
    say("delete", delete(&deletion));
}

canvalo_guests::export!(Snoop with_types_in canvalo_guests::bindings);
