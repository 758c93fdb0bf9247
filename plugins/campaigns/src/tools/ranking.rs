//! `best_campaigns`: campaigns in the order of what they achieved.

use canvalo_sdk::data::{Aggregation, Condition, Filter, Query};
use canvalo_sdk::{Answer, Column, Context, NamedPeriod, Page, Row, ToolError};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{period, ran, title, with_note};
use crate::campaign::CampaignType;
use crate::results::{Figures, RESULTS, UNSEEN, amount, percent, shown};

/// For the model.
pub const DESCRIPTION: &str = "Ranks campaigns, best first or worst first, by roi, conversion_rate, open_rate, click_rate, \
revenue or cost_per_conversion. Campaigns without that figure are named apart.\n\
Examples: \"Which campaign had the best ROI?\" \"Which ad worked best?\" \"What's our worst campaign?\" \"Top 3 campaigns by revenue\" \"Which mailing won us the cheapest leads?\" \"Which email had the highest open rate?\"";

const DEFAULT_ROWS: u32 = 5;
const MAX_ROWS: u32 = 20;

/// Campaigns without the figure that are named; more are counted.
const MAX_NAMED: u32 = 10;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// What to rank by. ROI if left out.
    pub by: Option<Measure>,
    /// True for the worst first.
    pub worst: Option<bool>,
    /// How many campaigns. 5 if left out.
    #[schemars(range(min = 1, max = 20))]
    pub limit: Option<u32>,
    /// Only campaigns of this type.
    pub campaign_type: Option<CampaignType>,
    /// A period by its name. Leave out for all time.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
}

/// What campaigns are ranked by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Measure {
    #[default]
    Roi,
    ConversionRate,
    OpenRate,
    ClickRate,
    Revenue,
    CostPerConversion,
}

impl Measure {
    fn column(self) -> &'static str {
        match self {
            Self::Roi => "roi",
            Self::ConversionRate => "conversion_rate",
            Self::OpenRate => "open_rate",
            Self::ClickRate => "click_rate",
            Self::Revenue => "revenue_generated",
            Self::CostPerConversion => "cost_per_conversion",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Roi => "ROI",
            Self::ConversionRate => "conversion rate",
            Self::OpenRate => "open rate",
            Self::ClickRate => "click rate",
            Self::Revenue => "revenue",
            Self::CostPerConversion => "cost per conversion",
        }
    }

    /// Campaigns that have the figure.
    fn known(self) -> Vec<Condition> {
        let mut conditions = vec![Filter::is_null(self.column()).negated().into()];
        if self.needs_openings() {
            let seen = Filter::one_of("campaign_type", UNSEEN).negated();
            conditions.push(vec![seen, Filter::gt("opened_count", 0)].into());
        }
        if self == Self::CostPerConversion {
            // What nobody noted a cost of would win.
            conditions.push(Filter::gt("actual_cost", 0).into());
        }
        conditions
    }

    /// The other ones.
    fn unknown(self) -> Vec<Condition> {
        let without = || Filter::is_null(self.column());
        if self.needs_openings() {
            let unseen = Filter::one_of("campaign_type", UNSEEN);
            return vec![vec![without(), unseen].into(), vec![without(), Filter::lte("opened_count", 0)].into()];
        }
        if self == Self::CostPerConversion {
            return vec![vec![without(), Filter::lte("actual_cost", 0)].into()];
        }
        if self == Self::Roi {
            // The same, and the database has an index of them.
            return vec![Filter::eq("actual_cost", 0).into()];
        }
        vec![without().into()]
    }

    /// The figure of all campaigns together.
    fn overall(self, figures: &Figures) -> String {
        match self {
            Self::Roi => percent(figures.roi()),
            Self::ConversionRate => percent(figures.conversion_rate()),
            Self::OpenRate => percent(figures.open_rate()),
            Self::ClickRate => percent(figures.click_rate()),
            Self::Revenue => figures.revenue.to_string(),
            Self::CostPerConversion => amount(figures.cost_per_conversion()),
        }
    }

    fn needs_openings(self) -> bool {
        matches!(self, Self::OpenRate | Self::ClickRate)
    }

    /// A row with this figure right behind the name and type.
    fn shown(self, row: &Row) -> Map<String, Value> {
        let mut rest = shown(row);
        let mut first = Map::new();
        let figure = if self == Self::Roi { "ROI" } else { self.column() };
        for name in ["id", "name", "campaign_type", figure] {
            first.extend(rest.shift_remove_entry(name));
        }
        first.extend(rest);
        first
    }
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let limit = arguments.limit.unwrap_or(DEFAULT_ROWS);
    if !(1..=MAX_ROWS).contains(&limit) {
        return Err(ToolError::arguments(format!("`limit`: must be from 1 to {MAX_ROWS}, got {limit}.")));
    }
    let period = period(arguments.period, arguments.from, arguments.to, context.today())?;
    let by = arguments.by.unwrap_or_default();
    let worst = arguments.worst.unwrap_or(false);
    let query = |columns: &[&str], conditions: Vec<Condition>, limit| {
        let mut query = Query::new(RESULTS.name, columns).limit(limit);
        query.conditions = ran(period, arguments.campaign_type.as_slice());
        query.conditions.extend(conditions);
        query
    };
    let columns: Vec<&str> = std::iter::once("id").chain(RESULTS.columns.iter().map(Column::name)).collect();
    let ranked = query(&columns, by.known(), limit);
    // A low cost is a good one.
    let ascending = (by == Measure::CostPerConversion) != worst;
    let ranked = if ascending { ranked.ascending(by.column()) } else { ranked.descending(by.column()) };
    let ranked = ranked.ascending("name");
    let apart = query(&["name"], by.unknown(), MAX_NAMED).ascending("name").counted();
    let beyond = ranked.beyond_counted();
    let mut pages = context.select_many(&[ranked, apart, beyond]).into_iter();
    let mut next = || pages.next().unwrap_or_else(|| Ok(Page::default()));
    let (ranked, apart, beyond) = (next()?, next()?, next()?);

    let order = if worst { "Worst" } else { "Best" };
    let kind = arguments.campaign_type.map_or(String::new(), |kind| format!("{} ", kind.word()));
    let mut answer = Answer::new()
        .title(title(&format!("{order} {kind}campaigns by {}", by.words()), period))
        .rows(ranked.rows.iter().map(|row| by.shown(row)).collect());
    if let Some(first) = ranked.rows.first() {
        answer = answer.fact(order, RESULTS.name_of(first));
        if beyond.rows.is_empty() {
            let mut sums = Figures::measured(Aggregation::new(RESULTS.name));
            sums.conditions = ran(period, arguments.campaign_type.as_slice());
            let figures = context.aggregate(&sums)?.iter().map(Figures::of).fold(Figures::default(), Figures::and);
            // Each campaign that ran is either ranked or apart.
            let total = u64::try_from(figures.campaigns).unwrap_or_default();
            answer = answer
                .fact("All together", by.overall(&figures))
                .total_rows(total.saturating_sub(apart.total.unwrap_or_default()));
        } else {
            answer = answer.note(format!("{} of more than 1,000 campaigns.", ranked.rows.len()));
        }
        answer = with_note(answer, period);
        answer = answer.next(format!("How did {} do?", RESULTS.name_of(first)));
    }
    Ok(with_unranked(answer, by, &apart))
}

fn with_unranked(answer: Answer, by: Measure, apart: &Page) -> Answer {
    let names: Vec<&str> = apart.rows.iter().map(|row| row.text("name")).collect();
    let more = apart.total.unwrap_or_default().saturating_sub(names.len() as u64);
    match (names.is_empty(), more) {
        (true, _) => answer,
        (false, 0) => answer.note(format!("No {}, so not ranked: {}.", by.words(), names.join(", "))),
        (false, _) => answer.note(format!("No {}, so not ranked: {} and {more} more.", by.words(), names.join(", "))),
    }
}
