//! The campaigns table, and what holds for every campaign that is written.

use canvalo_sdk::{Column, Context, Kind, Order, Row, Table, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::funnel;

/// How a campaign reaches people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum CampaignType {
    Email,
    Sms,
    Social,
    DirectMail,
    Referral,
}

impl CampaignType {
    /// As the table spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Social => "social",
            Self::DirectMail => "direct-mail",
            Self::Referral => "referral",
        }
    }
}

const CONTENT: &str = r#"{"type":"object","description":"What it says.","properties":{
"subject":{"type":"string"},"message":{"type":"string"},"call_to_action":{"type":"string"}}}"#;

/// For the tool that creates campaigns.
pub(crate) const EXAMPLES_OF_NEW: &str = r#"Examples: "Create an email campaign called Deck Season with a budget of $500" "Plan a postcard mailing for April" "Set up a new referral campaign""#;

/// For the tool that changes campaigns.
pub(crate) const EXAMPLES_OF_CHANGES: &str = r#"Examples: "Change the budget of the Spring Special to $900" "Move the end date of the campaign to November 20" "640 emails were sent, 618 delivered and 241 opened""#;

/// The table.
pub static CAMPAIGNS: Table = Table {
    name: "campaigns",
    singular: "campaign",
    label: "name",
    columns: &[
        Column::text("name").required(),
        Column::one_of("campaign_type", &["email", "sms", "social", "direct-mail", "referral"]).required(),
        Column::text("description"),
        Column::date("start_date"),
        Column::date("end_date"),
        Column::one_of("status", &["draft", "scheduled", "active", "paused", "completed", "cancelled"]).describe(
            "Draft if left out of a new one. To start, pause, finish or cancel use start_campaigns and so on.",
        ),
        Column::money("budget").describe("What it may cost."),
        Column::money("actual_cost").describe("What it cost so far, in all."),
        Column::money("revenue_generated").describe("What the jobs won through it brought in so far, in all."),
        Column::integer("target_audience_count").at_least(0).describe("How many people it is meant for."),
        Column::integer("sent_count").at_least(0),
        Column::integer("delivered_count").at_least(0).describe("At most sent_count."),
        Column::integer("opened_count").at_least(0).describe("At most delivered_count."),
        Column::integer("clicked_count").at_least(0).describe("At most opened_count."),
        Column::integer("converted_count").at_least(0).describe("Jobs or leads won."),
        Column::json("content", CONTENT),
        Column::tags("tags"),
        Column::text("notes"),
    ],
    search: &["name", "description"],
    shown: &["name", "campaign_type", "status", "start_date", "end_date", "budget", "actual_cost", "revenue_generated"],
    order: Order::Descending("start_date"),
    totals: &["budget", "actual_cost", "revenue_generated"],
    examples: r#"Examples: "Show me all campaigns" "Which campaigns are active?" "List our paused email campaigns" "Which mailings are scheduled?""#,
    told_apart_by: &["campaign_type", "status", "start_date"],
    before_create: Some(check_new),
    before_update: Some(complete_changes),
    ..Table::EMPTY
};

fn check_new(_: &mut Context<'_>, rows: &mut [Map<String, Value>]) -> Result<(), ToolError> {
    let count = rows.len();
    for (index, row) in rows.iter().enumerate() {
        let at = if count == 1 { String::new() } else { format!("Entry {}: ", index + 1) };
        check(&Row(row.clone())).map_err(|problem| ToolError::refused(format!("{at}{problem}")))?;
    }
    Ok(())
}

fn complete_changes(_: &mut Context<'_>, row: &Row, changes: &mut Map<String, Value>) -> Result<(), ToolError> {
    let refused = |problem: String| ToolError::refused(format!("{}: {problem}", CAMPAIGNS.name_of(row)));
    for (name, value) in changes.iter_mut().filter(|(_, value)| value.is_null()) {
        // The database has no null here: emptied is zero.
        *value = match CAMPAIGNS.column(name).map(Column::kind) {
            Some(Kind::Integer) => json!(0),
            Some(Kind::Money) if name != "budget" => json!(0),
            Some(Kind::Tags) => json!([]),
            Some(Kind::Json(_)) => json!({}),
            Some(Kind::OneOf(_)) => return Err(refused(format!("`{name}` can't be emptied."))),
            _ => continue,
        };
    }
    let mut after = row.clone();
    after.0.extend(changes.clone());
    check(&after).map_err(refused)
}

/// What holds for every campaign; says in plain words what doesn't.
fn check(campaign: &Row) -> Result<(), String> {
    let (start, end) = (campaign.date("start_date"), campaign.date("end_date"));
    if let Some((start, end)) = start.zip(end).filter(|(start, end)| end < start) {
        return Err(format!("it would end on {end}, before it starts on {start}."));
    }
    if campaign.text("status") == "scheduled" && start.is_none() {
        return Err("a scheduled campaign needs a `start_date`.".to_owned());
    }
    funnel::check(|column| campaign.integer(column))
}
