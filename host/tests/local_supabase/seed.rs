//! The seed looks like two businesses, and its figures agree.

use canvalo::dev::{FIRST_SEEDED_USER, SECOND_SEEDED_USER};
use tokio_postgres::Client;

use crate::support::{shared, superuser};

const USERS: [&str; 2] = [FIRST_SEEDED_USER, SECOND_SEEDED_USER];

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(&format!("select ({sql})::bigint"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn both_businesses_have_enough_of_everything() {
    let client = superuser(shared()).await;
    for user in USERS {
        for (table, least, most) in [
            ("contacts", 15, 25),
            ("projects", 8, 12),
            ("invoices", 20, 30),
            ("proposals", 5, 20),
            ("appointments", 5, 20),
            ("reviews", 3, 20),
            ("campaigns", 3, 20),
            ("tasks", 5, 20),
            ("goals", 3, 20),
        ] {
            let rows = number(&client, &format!("select count(*) from api.{table} where user_id = '{user}'")).await;
            assert!((least..=most).contains(&rows), "{table} of {user}: {rows}");
        }
    }
    let johns = "select count(*) from api.contacts where name = 'John Smith' and contact_type = 'client'";
    assert_eq!(number(&client, johns).await, 1);
}

#[tokio::test]
async fn invoices_and_proposals_add_up() {
    let client = superuser(shared()).await;
    let seeded = "user_id in ('00000000-0000-0000-0000-000000000000', '11111111-1111-4111-8111-111111111111')";
    for (table, list, part) in [("invoices", "line_items", "total"), ("proposals", "sections", "section_total")] {
        let wrong = format!(
            "select count(*) from api.{table} where {seeded} and (
               subtotal <> (select sum((i ->> '{part}')::numeric) from jsonb_array_elements({list}) as i)
               or tax_amount <> round((subtotal - discount_amount) * tax_rate / 100, 2)
               or total_amount <> subtotal - discount_amount + tax_amount)"
        );
        assert_eq!(number(&client, &wrong).await, 0, "{table}");
    }
    let items = format!(
        "select count(*) from api.invoices, jsonb_array_elements(line_items) as i where {seeded} and
           (i ->> 'total')::numeric <> round((i ->> 'quantity')::numeric * (i ->> 'unit_price')::numeric, 2)"
    );
    assert_eq!(number(&client, &items).await, 0);
    let statuses = format!(
        "select count(*) from api.invoices where {seeded} and not case status
           when 'paid' then balance_due = 0 and payment_date is not null
           when 'partial' then amount_paid > 0 and balance_due > 0
           when 'overdue' then due_date < current_date and balance_due > 0
           else amount_paid = 0 end"
    );
    assert_eq!(number(&client, &statuses).await, 0);
}

#[tokio::test]
async fn there_is_something_overdue_in_every_ageing_bucket_and_paid_this_month() {
    let client = superuser(shared()).await;
    for user in USERS {
        for (from, to) in [(1, 30), (31, 60), (61, 90), (91, 400)] {
            let overdue = format!(
                "select count(*) from api.invoices where user_id = '{user}' and status = 'overdue'
                   and current_date - due_date between {from} and {to}"
            );
            assert!(number(&client, &overdue).await > 0, "{user}: {from} to {to} days");
        }
        for status in ["draft", "sent", "viewed", "partial", "paid", "cancelled"] {
            let of_status =
                format!("select count(*) from api.invoices where user_id = '{user}' and status = '{status}'");
            assert!(number(&client, &of_status).await > 0, "{user}: {status}");
        }
        let paid =
            format!("select count(*) from api.invoices where user_id = '{user}' and payment_date = current_date");
        assert!(number(&client, &paid).await > 0, "{user}");
        for days in [30, 60, 90] {
            let silent = format!(
                "select count(*) from api.contacts where user_id = '{user}' and last_contacted_at < now() - interval '{days} days'"
            );
            assert!(number(&client, &silent).await >= 2, "{user}: {days} days");
        }
    }
}

#[tokio::test]
async fn seeding_again_changes_nothing() {
    let mut client = superuser(shared()).await;
    let sum =
        "select hashtext(string_agg(i::text || c::text, '' order by i.id, c.id)) from api.invoices i, api.contacts c
               where i.user_id = '11111111-1111-4111-8111-111111111111' and c.user_id = i.user_id";
    let before = number(&client, sum).await;
    let seed = include_str!("../../../supabase/seed.sql");
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute(seed).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(number(&client, sum).await, before);
}
