//! How campaigns did: rates and return on cost, of one from the view and of several from sums.

use canvalo_sdk::data::Aggregation;
use canvalo_sdk::{Column, Money, Order, Percent, Row, Table, columns};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value};

/// The view of campaigns with their rates. For reading.
pub static RESULTS: Table = Table {
    name: "campaign_results",
    singular: "campaign",
    label: "name",
    columns: &[
        Column::text("name"),
        Column::text("campaign_type"),
        Column::text("status"),
        Column::date("start_date"),
        Column::date("end_date"),
        Column::money("budget"),
        Column::money("actual_cost"),
        Column::money("revenue_generated"),
        Column::integer("target_audience_count"),
        Column::integer("sent_count"),
        Column::integer("delivered_count"),
        Column::integer("opened_count"),
        Column::integer("clicked_count"),
        Column::integer("converted_count"),
        Column::decimal("open_rate"),
        Column::decimal("click_rate"),
        Column::decimal("conversion_rate"),
        Column::money("cost_per_conversion"),
        Column::decimal("roi"),
    ],
    told_apart_by: &["campaign_type", "start_date"],
    order: Order::Descending("start_date"),
    ..Table::EMPTY
};

/// Types where nobody sees who opened or clicked: none noted doesn't mean that none did.
pub const UNSEEN: [&str; 2] = ["direct-mail", "referral"];

/// What some campaigns did together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// How many campaigns.
    pub campaigns: i64,
    /// Messages sent.
    pub sent: i64,
    /// Of these delivered.
    pub delivered: i64,
    /// Of these delivered where openings and clicks can be seen.
    pub seen: i64,
    /// Opened.
    pub opened: i64,
    /// Clicked.
    pub clicked: i64,
    /// Jobs or leads won.
    pub converted: i64,
    /// What they were meant to cost.
    pub budget: Money,
    /// What they cost.
    pub cost: Money,
    /// What they brought in.
    pub revenue: Money,
}

impl Figures {
    /// The sums that a group of [`Self::of`] has, by type: openings don't count where they can't be seen.
    pub fn measured(over: Aggregation) -> Aggregation {
        over.by("campaign_type")
            .count("campaigns")
            .sum("sent_count", "sent")
            .sum("delivered_count", "delivered")
            .sum("opened_count", "opened")
            .sum("clicked_count", "clicked")
            .sum("converted_count", "converted")
            .sum("budget", "total_budget")
            .sum("actual_cost", "cost")
            .sum("revenue_generated", "revenue")
    }

    /// Reads a group.
    pub fn of(group: &Row) -> Self {
        let (delivered, opened) = (group.integer("delivered"), group.integer("opened"));
        let seen = sees(group.text("campaign_type"), opened);
        Self {
            campaigns: group.integer("campaigns"),
            sent: group.integer("sent"),
            delivered,
            seen: if seen { delivered } else { 0 },
            opened,
            clicked: group.integer("clicked"),
            converted: group.integer("converted"),
            budget: group.money("total_budget"),
            cost: group.money("cost"),
            revenue: group.money("revenue"),
        }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            campaigns: self.campaigns + other.campaigns,
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            seen: self.seen + other.seen,
            opened: self.opened + other.opened,
            clicked: self.clicked + other.clicked,
            converted: self.converted + other.converted,
            budget: self.budget + other.budget,
            cost: self.cost + other.cost,
            revenue: self.revenue + other.revenue,
        }
    }

    /// Opened of delivered.
    pub fn open_rate(&self) -> Option<Percent> {
        ratio(self.opened, self.seen)
    }

    /// Clicked of delivered.
    pub fn click_rate(&self) -> Option<Percent> {
        ratio(self.clicked, self.seen)
    }

    /// Won of delivered.
    pub fn conversion_rate(&self) -> Option<Percent> {
        ratio(self.converted, self.delivered)
    }

    /// Cost of each one won; none when no cost is recorded, which hardly means that they were free.
    pub fn cost_per_conversion(&self) -> Option<Money> {
        let cost = Some(self.cost.decimal()).filter(|cost| *cost > Decimal::ZERO)?;
        cost.checked_div(self.converted.into()).map(Money::from)
    }

    /// What came back beyond the cost, of the cost.
    pub fn roi(&self) -> Option<Percent> {
        ratio(self.revenue - self.cost, self.cost)
    }
}

/// With two decimals as the view has it, so that a campaign has the same figure wherever it is shown.
fn ratio(part: impl Into<Decimal>, whole: impl Into<Decimal>) -> Option<Percent> {
    let exact = Percent::of(part, whole)?.decimal();
    figure(exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

/// A percentage as the view gives it.
fn figure(percentage: Decimal) -> Option<Percent> {
    Percent::of(percentage, Decimal::ONE_HUNDRED)
}

/// A percentage for an answer: a dash where there is none, and what is more than nothing is never 0%.
pub fn percent(percentage: Option<Percent>) -> String {
    match percentage.map(Percent::decimal) {
        Some(small) if small > Decimal::ZERO && small < Decimal::new(5, 2) => "under 0.1%".to_owned(),
        _ => Percent::shown(percentage),
    }
}

/// Whether it can be seen who opened and clicked.
pub fn sees(campaign_type: &str, opened: i64) -> bool {
    opened > 0 || !UNSEEN.contains(&campaign_type)
}

/// A rate of the view, for an answer.
pub fn rate(row: &Row, column: &str) -> String {
    let seen = sees(row.text("campaign_type"), row.integer("opened_count"));
    let known = seen || !matches!(column, "open_rate" | "click_rate");
    percent(row.decimal(column).filter(|_| known).and_then(figure))
}

/// The view's cost of each one won, for an answer.
pub fn cost_per_conversion(row: &Row) -> String {
    let has_cost = row.money("actual_cost") > Money::ZERO;
    amount(row.decimal("cost_per_conversion").filter(|_| has_cost).map(Money::from))
}

/// An amount for an answer; a dash where there is none.
pub fn amount(amount: Option<Money>) -> String {
    amount.map_or_else(|| "–".to_owned(), |amount| amount.to_string())
}

/// A row of the view, for an answer.
pub fn shown(row: &Row) -> Map<String, Value> {
    columns([
        ("id", row.get("id").clone()),
        ("name", row.get("name").clone()),
        ("campaign_type", row.get("campaign_type").clone()),
        ("status", row.get("status").clone()),
        ("open_rate", rate(row, "open_rate").into()),
        ("click_rate", rate(row, "click_rate").into()),
        ("conversion_rate", rate(row, "conversion_rate").into()),
        ("cost_per_conversion", cost_per_conversion(row).into()),
        ("ROI", rate(row, "roi").into()),
        ("actual_cost", row.money("actual_cost").to_string().into()),
        ("revenue_generated", row.money("revenue_generated").to_string().into()),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group(kind: &str, counts: [i64; 4], cost: &str, revenue: &str) -> Figures {
        let [delivered, opened, clicked, converted] = counts;
        let group = json!({ "campaign_type": kind, "campaigns": 1, "sent": delivered, "delivered": delivered,
            "opened": opened, "clicked": clicked, "converted": converted, "cost": cost, "revenue": revenue });
        Figures::of(&Row(group.as_object().unwrap().clone()))
    }

    fn shown(figures: Figures) -> [String; 5] {
        let [open, click, won] =
            [percent(figures.open_rate()), percent(figures.click_rate()), percent(figures.conversion_rate())];
        [open, click, won, amount(figures.cost_per_conversion()), percent(figures.roi())]
    }

    #[test]
    fn rates_of_sums_have_a_dash_where_there_is_nothing_to_divide_by() {
        let spring = group("email", [618, 241, 66, 5], "742.50", "23150");
        assert_eq!(shown(spring), ["39%", "10.7%", "0.8%", "$148.50", "3017.9%"]);
        assert_eq!(shown(group("email", [0, 0, 0, 0], "0", "0")), ["–"; 5]);
        assert_eq!(shown(group("sms", [33, 30, 4, 0], "61.20", "0")), ["90.9%", "12.1%", "0%", "–", "-100%"]);
        assert_eq!(shown(Figures::default()), ["–"; 5]);
        assert_eq!(shown(group("referral", [0, 0, 0, 2], "0", "8600"))[3..], ["–", "–"], "no cost is recorded");
        assert_eq!(shown(group("social", [8740, 1310, 204, 1], "285.75", "5078"))[2], "under 0.1%");
    }

    #[test]
    fn mail_that_nobody_can_see_opened_has_no_open_rate_and_lowers_none() {
        let cards = group("direct-mail", [144, 0, 0, 1], "655.40", "11900");
        assert_eq!(shown(cards)[..3], ["–", "–", "0.7%"]);
        let both = cards.and(group("email", [100, 50, 10, 1], "100", "0"));
        assert_eq!(shown(both)[..3], ["50%", "10%", "0.8%"]);
        assert_eq!(both.campaigns, 2);
        assert_eq!(shown(group("direct-mail", [100, 20, 20, 1], "1", "1"))[0], "20%", "scanned codes count");
    }
}
