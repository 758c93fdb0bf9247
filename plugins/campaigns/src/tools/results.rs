//! `add_campaign_results`: jobs won, money earned and money spent, on top of what is recorded.

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Money, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::campaign::CAMPAIGNS;

/// For the model.
pub const DESCRIPTION: &str = "Adds to what a campaign achieved or cost: jobs or leads won, the revenue they brought, money \
spent. Give at least one of them; each is added to what is recorded.\n\
Examples: \"We got two jobs worth $8,600 from the referral campaign\" \"Add $150 of cost to the Facebook ads\" \"Record another job from the postcards\" \"Log $4,200 of revenue for the Spring special\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The campaign: its name, or its id.
    pub campaign: String,
    /// Jobs or leads won besides those recorded.
    #[schemars(range(min = 0, max = 100_000))]
    pub conversions: Option<u32>,
    /// Dollars earned besides those recorded.
    pub revenue: Option<Money>,
    /// Dollars spent besides those recorded.
    pub cost: Option<Money>,
}

const COLUMNS: [&str; 3] = ["converted_count", "revenue_generated", "actual_cost"];

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let (won, revenue, cost) = (
        arguments.conversions.unwrap_or(0),
        arguments.revenue.unwrap_or(Money::ZERO),
        arguments.cost.unwrap_or(Money::ZERO),
    );
    for (name, amount) in [("revenue", revenue), ("cost", cost)] {
        if amount.is_negative() || !amount.is_whole_cents() {
            return Err(ToolError::arguments(format!("`{name}`: must be zero or more, in whole cents.")));
        }
    }
    if won > 100_000 {
        return Err(ToolError::arguments("`conversions`: at most 100000 at a time."));
    }
    if won == 0 && revenue == Money::ZERO && cost == Money::ZERO {
        return Err(ToolError::arguments("What is to be added? Give `conversions`, `revenue` or `cost`."));
    }
    let found = CAMPAIGNS.find(context, &[arguments.campaign.trim()])?.pop();
    let row = found.unwrap_or_else(|| Err(ToolError::refused("Nothing was changed.")))?;
    let changes = json!({
        "converted_count": row.integer("converted_count") + i64::from(won),
        "revenue_generated": row.money("revenue_generated") + revenue,
        "actual_cost": row.money("actual_cost") + cost,
    });
    let returning: Vec<&str> = ["id", "name", "budget"].into_iter().chain(COLUMNS).collect();
    let mut modification = Modification::by_id(CAMPAIGNS.name, row.text("id"), changes, &returning);
    for column in COLUMNS {
        // What was added in the meantime must not be lost.
        modification = modification.matching(Filter::eq(column, row.get(column)));
    }
    let after = match context.update(&modification) {
        Ok(mut rows) if !rows.is_empty() => rows.swap_remove(0),
        Err(error) if error != DataError::NotFound => return Err(error.into()),
        _ => return Err(ToolError::refused("The campaign changed in the meantime. Look at it again first.")),
    };
    let name = CAMPAIGNS.name_of(&after);
    let (spent, budget) = (after.money("actual_cost"), after.decimal("budget").map(Money::from));
    let mut answer = Answer::new()
        .title(format!("Added to {name}"))
        .fact("Conversions", format!("{} (+{won})", after.integer("converted_count")))
        .fact("Revenue", format!("{} (+{revenue})", after.money("revenue_generated")))
        .fact("Cost", format!("{spent} (+{cost})"))
        .next(format!("How did {name} do?"));
    if let Some(budget) = budget.filter(|budget| spent > *budget) {
        answer = answer.note(format!("That is {} over its budget of {budget}.", spent - budget));
    }
    Ok(answer)
}
