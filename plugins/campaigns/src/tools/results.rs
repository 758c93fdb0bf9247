//! `record_campaign_results`: jobs won, money earned and money spent, on top of what is recorded.

use canvalo_sdk::data::{DataError, Filter, Modification};
use canvalo_sdk::{Answer, Context, Money, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::campaign::CAMPAIGNS;

/// For the model.
pub const DESCRIPTION: &str = "Records what came on top of a campaign's results: jobs or leads won, money earned, money spent. \
Give at least one of them; each is added to what is recorded.\n\
Examples: \"We got two jobs worth $8,600 from the referral campaign\" \"Add $150 of cost to the Facebook ads\" \"Record another job from the postcards\" \"Log $4,200 of revenue for the Spring special\"";

/// Arguments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Arguments {
    /// The campaign: its name, or its id.
    pub campaign: String,
    /// Jobs or leads won besides those recorded.
    #[schemars(range(min = 0, max = 100_000))]
    pub conversions: Option<u32>,
    /// Dollars of revenue besides those recorded.
    pub earned: Option<Money>,
    /// Dollars of cost besides those recorded.
    pub spent: Option<Money>,
}

/// More at once is a slip of the finger.
const MAX_CONVERSIONS: u32 = 100_000;

const COLUMNS: [&str; 3] = ["converted_count", "revenue_generated", "actual_cost"];

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let won = arguments.conversions.unwrap_or(0);
    let (earned, spent) = (arguments.earned.unwrap_or(Money::ZERO), arguments.spent.unwrap_or(Money::ZERO));
    for (name, amount) in [("earned", earned), ("spent", spent)] {
        if amount.is_negative() || !amount.is_whole_cents() {
            return Err(ToolError::arguments(format!("`{name}`: must be zero or more, in whole cents.")));
        }
    }
    if won > MAX_CONVERSIONS {
        return Err(ToolError::arguments(format!("`conversions`: at most {MAX_CONVERSIONS} at a time, got {won}.")));
    }
    if won == 0 && earned == Money::ZERO && spent == Money::ZERO {
        return Err(ToolError::arguments("What came on top? Give `conversions`, `earned` or `spent`."));
    }
    let found = CAMPAIGNS.find(context, &[arguments.campaign.trim()])?.pop();
    let row = found.unwrap_or_else(|| Err(ToolError::refused("Nothing was changed.")))?;
    let changes = json!({
        "converted_count": row.integer("converted_count") + i64::from(won),
        "revenue_generated": row.money("revenue_generated") + earned,
        "actual_cost": row.money("actual_cost") + spent,
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
    let (cost, budget) = (after.money("actual_cost"), after.decimal("budget").map(Money::from));
    let mut answer = Answer::new()
        .title(format!("Recorded results of {name}"))
        .fact("Conversions", format!("{} (+{won})", after.integer("converted_count")))
        .fact("Revenue", format!("{} (+{earned})", after.money("revenue_generated")))
        .fact("Cost", format!("{cost} (+{spent})"))
        .next(format!("How did {name} do?"));
    if let Some(budget) = budget.filter(|budget| cost > *budget) {
        answer = answer.note(format!("That is {} over its budget of {budget}.", cost - budget));
    }
    Ok(answer)
}
