//! `contacts_not_contacted`: who has not heard from us lately.

use canvalo_sdk::data::{Filter, Query};
use canvalo_sdk::{Answer, Context, Page, Row, ToolError, columns};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::contact::CONTACTS;

/// For the model.
pub const DESCRIPTION: &str = "Lists the contacts who have not been contacted for some days, or never, longest first, with \
the days since and how to reach them.\n\
Examples: \"Which clients haven't been contacted recently?\" \"Who should I call?\" \"Who haven't we talked to in 90 days?\" \"Which leads did we never get back to?\"";

/// Two months without a word is long for somebody who might paint again.
const DEFAULT_DAYS: u32 = 60;

/// Rows shown; the count is over all.
const MAX_ROWS: u32 = 50;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// At least this many days without contact. 60 if left out.
    #[schemars(range(min = 1, max = 3650))]
    pub days: Option<u32>,
    /// Only contacts of this type. Leave out for all.
    pub contact_type: Option<ContactType>,
}

/// What a contact is to the contractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ContactType {
    Client,
    Supplier,
    Lead,
}

impl ContactType {
    /// As the table spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Supplier => "supplier",
            Self::Lead => "lead",
        }
    }
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let days = arguments.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=3650).contains(&days) {
        return Err(ToolError::arguments(format!("`days`: must be from 1 to 3650, got {days}.")));
    }
    let query = || {
        let wanted = ["id", "name", "company", "contact_type", "phone", "email", "last_contacted_at"];
        let query = Query::new("contacts", &wanted).limit(MAX_ROWS).counted();
        match arguments.contact_type {
            Some(kind) => query.matching(Filter::eq("contact_type", kind.word())),
            None => query,
        }
    };
    let never = query().matching(Filter::is_null("last_contacted_at")).ascending("name");
    let before =
        before(context.today(), context.zone(), days).ok_or_else(|| ToolError::arguments("`days`: too many."))?;
    let stale = query()
        .matching(Filter::lt("last_contacted_at", before.to_rfc3339()))
        .ascending("last_contacted_at")
        .ascending("name");
    let mut pages = context.select_many(&[never, stale]).into_iter();
    let mut next = || pages.next().unwrap_or_else(|| Ok(Page::default()));
    let (never, stale) = (next()?, next()?);

    let count = |page: &Page| page.total.unwrap_or(page.rows.len() as u64);
    let (never_count, total) = (count(&never), count(&never) + count(&stale));
    let rows = never.rows.iter().chain(&stale.rows).take(MAX_ROWS as usize);
    let rows: Vec<_> = rows.map(|row| shown(row, context.today(), context.zone())).collect();
    let shown = rows.len() as u64;
    let who = arguments.contact_type.map_or_else(|| CONTACTS.name.to_owned(), |kind| format!("{}s", kind.word()));
    let mut answer = Answer::new()
        .title(format!("{}{} not contacted for {} or more", who[..1].to_uppercase(), &who[1..], days_in_words(days)))
        .rows(rows)
        .total_rows(total)
        .fact("Not contacted", total)
        .fact("Of these never", never_count);
    if shown < total {
        answer = answer.note(format!("These are {shown} of {total}."));
    }
    Ok(answer)
}

/// The first moment of the first day that is too recent to count: whole days, as people count them.
fn before(today: NaiveDate, zone: Tz, days: u32) -> Option<DateTime<Tz>> {
    let first_recent = today.checked_sub_days(Days::new(u64::from(days)))?.succ_opt()?;
    first_recent.and_hms_opt(0, 0, 0)?.and_local_timezone(zone).earliest()
}

fn days_in_words(days: u32) -> String {
    if days == 1 { "a day".to_owned() } else { format!("{days} days") }
}

/// Whole days between an instant and today where the user is.
fn days_since(instant: DateTime<FixedOffset>, today: NaiveDate, zone: Tz) -> i64 {
    (today - instant.with_timezone(&zone).date_naive()).num_days()
}

fn shown(row: &Row, today: NaiveDate, zone: Tz) -> Map<String, Value> {
    let last = row.instant("last_contacted_at");
    columns([
        ("id", row.get("id").clone()),
        ("name", row.get("name").clone()),
        ("company", row.get("company").clone()),
        ("contact_type", row.get("contact_type").clone()),
        ("phone", row.get("phone").clone()),
        ("email", row.get("email").clone()),
        ("last_contacted", last.map_or("never".into(), |at| at.with_timezone(&zone).date_naive().to_string().into())),
        ("days_since", last.map_or(Value::Null, |at| json!(days_since(at, today, zone)))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_by_the_users_calendar() {
        let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        // Summer time began the day before, so January was an hour further from UTC.
        let (today, zone) = (at("2026-03-09T16:20:00-05:00").date_naive(), chrono_tz::America::Chicago);
        let limit = before(today, zone, 60).unwrap();
        assert_eq!(limit, at("2026-01-09T00:00:00-06:00"));
        for (contacted, days) in
            [("2026-01-09T05:59:00Z", 60), ("2026-01-09T06:00:00Z", 59), ("2026-03-09T00:00:00-05:00", 0)]
        {
            assert_eq!(days_since(at(contacted), today, zone), days);
            assert_eq!(at(contacted) < limit, days >= 60, "{contacted}");
        }
    }
}
