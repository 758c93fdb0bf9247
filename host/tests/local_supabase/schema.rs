//! What must hold for every table, asked of the catalog, so that a new table can't miss it.

use crate::support::{shared, superuser};

const TABLES: [&str; 12] = [
    "agent_conversations",
    "agent_messages",
    "appointments",
    "campaigns",
    "contacts",
    "goals",
    "invoices",
    "projects",
    "proposal_acceptances",
    "proposals",
    "reviews",
    "tasks",
];

/// The first column of every row.
async fn names(sql: &str) -> Vec<String> {
    superuser(shared()).await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_schema_has_the_tables_of_the_contract() {
    let tables = names(
        "select relname::text from pg_class where relnamespace = 'api'::regnamespace and relkind = 'r' order by 1",
    );
    assert_eq!(tables.await, TABLES);
}

#[tokio::test]
async fn every_table_forces_row_level_security_with_one_policy_per_verb() {
    let secured = names(
        "select relname::text from pg_class c
         where relnamespace = 'api'::regnamespace and relrowsecurity and relforcerowsecurity
           and (select array_agg(cmd order by cmd) from pg_policies p
                where p.schemaname = 'api' and p.tablename = c.relname
                  and p.roles = '{authenticated}' and p.permissive = 'PERMISSIVE'
                  and (p.qual is null or p.qual = '(( SELECT auth.uid() AS uid) = user_id)')
                  and (p.with_check is null or p.with_check = '(( SELECT auth.uid() AS uid) = user_id)')
                  and (p.cmd = 'INSERT') = (p.qual is null)
                  and (p.cmd in ('INSERT', 'UPDATE')) = (p.with_check is not null))
               = '{DELETE,INSERT,SELECT,UPDATE}'
         order by 1",
    );
    assert_eq!(secured.await, TABLES);
}

#[tokio::test]
async fn only_signed_in_users_may_touch_the_tables_and_only_with_the_four_verbs() {
    let grants = names(
        "select table_name || ' ' || grantee || ' ' || string_agg(privilege_type, ',' order by privilege_type)
         from information_schema.role_table_grants where table_schema = 'api' and grantee <> 'postgres'
         group by grantee, table_name
         having grantee <> 'authenticated' or string_agg(privilege_type, ',' order by privilege_type) <> 'DELETE,INSERT,SELECT,UPDATE'
         order by 1",
    );
    // Views are read, and what was accepted stays accepted.
    let fewer = [
        "agent_usage authenticated SELECT",
        "campaign_results authenticated SELECT",
        "project_budgets authenticated SELECT",
        "project_crew authenticated SELECT",
        "proposal_acceptances authenticated INSERT,SELECT",
    ];
    assert_eq!(grants.await, fewer);
    let functions = names(
        "select p.oid::regprocedure::text || ' ' || r.rolname from pg_proc p
         cross join pg_roles r
         where pronamespace in ('api'::regnamespace, 'private'::regnamespace)
           and r.rolname in ('anon', 'authenticated', 'service_role') and has_function_privilege(r.oid, p.oid, 'execute')",
    );
    assert_eq!(functions.await, ["api.aggregate(jsonb) authenticated"]);
    let schemas = names(
        "select nspname || ' ' || rolname from pg_namespace cross join pg_roles
         where nspname in ('api', 'private') and rolname in ('anon', 'authenticated')
           and has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'usage')",
    );
    assert_eq!(schemas.await, ["api authenticated"]);
}

#[tokio::test]
async fn every_table_has_an_index_that_begins_with_the_user() {
    let indexed = names(
        "select distinct c.relname::text from pg_index i join pg_class c on c.oid = i.indrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
         where c.relnamespace = 'api'::regnamespace and a.attname = 'user_id' order by 1",
    );
    assert_eq!(indexed.await, TABLES);
}

#[tokio::test]
async fn references_statuses_and_dates_are_indexed_behind_the_user() {
    let missing = names(
        "select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'api'::regnamespace and c.relkind = 'r' and a.attnum > 0
           and (a.attname ~ '_id$' and a.attname <> 'user_id' or a.attname = 'status' or a.atttypid = 'date'::regtype)
           and a.attname <> 'actual_completion_date'
           -- Acceptances are found by what they are about, not by when they were.
           and not (c.relname = 'proposal_acceptances' and a.atttypid = 'date'::regtype)
           and not exists (
             select from pg_index i
             where i.indrelid = c.oid and i.indkey[1] = a.attnum
               and (select attname from pg_attribute where attrelid = c.oid and attnum = i.indkey[0]) = 'user_id')",
    );
    assert_eq!(missing.await, Vec::<String>::new());
}

#[tokio::test]
async fn every_view_runs_as_the_one_who_reads_it() {
    let views = names(
        "select relname || ' ' || coalesce(array_to_string(reloptions, ','), '') from pg_class
         where relnamespace = 'api'::regnamespace and relkind in ('v', 'm') order by 1",
    );
    let invokers = ["agent_usage", "campaign_results", "project_budgets", "project_crew"];
    let invokers = invokers.map(|view| format!("{view} security_invoker=true"));
    assert_eq!(views.await, invokers);
}

#[tokio::test]
async fn every_reference_carries_the_user() {
    let loose = names(
        "select conrelid::regclass || ' ' || conname from pg_constraint k
         where contype = 'f' and connamespace = 'api'::regnamespace
           and not exists (select from pg_attribute where attrelid = conrelid and attnum = any (conkey) and attname = 'user_id')",
    );
    assert_eq!(loose.await, Vec::<String>::new());
}

#[tokio::test]
async fn every_table_has_the_common_columns_and_money_is_numeric() {
    let common = names(
        "select table_name::text from information_schema.columns
         where table_schema = 'api' and (
           column_name = 'id' and data_type = 'uuid' and column_default = 'gen_random_uuid()'
           or column_name = 'user_id' and data_type = 'uuid' and is_nullable = 'NO' and column_default = 'auth.uid()'
           or column_name in ('created_at', 'updated_at') and data_type = 'timestamp with time zone' and is_nullable = 'NO')
         group by 1 having count(*) = 4 order by 1",
    );
    assert_eq!(common.await, TABLES);
    let floats = names(
        "select table_name || '.' || column_name from information_schema.columns
         where table_schema = 'api' and data_type in ('real', 'double precision', 'money')",
    );
    assert_eq!(floats.await, Vec::<String>::new());
}

/// The plan of a query as the first seeded user, in a database with thirty users of a thousand invoices each.
async fn plan(query: &str) -> String {
    let mut client = superuser(shared()).await;
    let transaction = client.transaction().await.unwrap();
    transaction
        .batch_execute(
            "insert into api.invoices (user_id, issue_date, due_date, status, client_name)
             select lpad(u::text, 32, '0')::uuid, date '2020-01-01' + n, date '2020-02-01' + n,
               (array['draft', 'sent', 'paid', 'overdue'])[1 + n % 4], 'Client ' || n
             from generate_series(0, 29) as u, generate_series(1, 1000) as n;
             analyze api.invoices;
             set local role authenticated;
             set local request.jwt.claims = '{\"sub\":\"00000000-0000-0000-0000-000000000000\"}'",
        )
        .await
        .unwrap();
    let lines = transaction.query(&format!("explain {query}"), &[]).await.unwrap();
    transaction.rollback().await.unwrap();
    lines.iter().map(|row| row.get::<_, String>(0) + "\n").collect()
}

#[tokio::test]
async fn a_users_query_goes_through_an_index_with_the_user_and_the_filter() {
    let plan =
        plan("select sum(balance_due) from api.invoices where status = 'overdue' and due_date < '2020-03-01'").await;
    let condition = "Index Cond: ((user_id = $0) AND (status = 'overdue'::text) AND (due_date < '2020-03-01'::date))";
    assert!(plan.contains("invoices_status") && plan.contains(condition), "{plan}");
}
