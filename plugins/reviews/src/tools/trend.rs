//! `rating_trend`: averages over time, and where they are heading.

use std::collections::BTreeMap;

use canvalo_sdk::data::{Aggregation, CalendarUnit, Filter};
use canvalo_sdk::{Answer, Context, NamedPeriod, Percent, Period, ToolError, columns};
use chrono::{Datelike, Months, NaiveDate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::by_stars;
use crate::trend::{self, Tally, Unit};

/// For the model.
pub const DESCRIPTION: &str = "Rating trend: average stars and number of reviews by month or quarter, whether ratings are \
rising, steady or falling, and how many reviews have 5, 4, 3, 2 and 1 stars. The last 12 months if no period is given.\n\
Examples: \"How is our rating trending?\" \"What's our average rating this year?\" \"Are our ratings getting better?\" \"How many 5-star reviews last quarter?\"";

/// Months of the longest period: five years, a table people still read.
const MAX_MONTHS: usize = 60;

/// Months when nobody names a period: every season once, since painting has them.
const DEFAULT_MONTHS: u32 = 12;

/// Arguments.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Arguments {
    /// A period by its name.
    pub period: Option<NamedPeriod>,
    /// The first day, instead of a named period.
    pub from: Option<NaiveDate>,
    /// The last day, with `from`. Today if left out.
    pub to: Option<NaiveDate>,
    /// One row for each month or each quarter. Month if left out.
    pub by: Option<By>,
}

/// One row for each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum By {
    Month,
    Quarter,
}

/// Runs it.
pub fn run(context: &mut Context<'_>, arguments: Arguments) -> Result<Answer, ToolError> {
    let today = context.today();
    let period = match (arguments.period, arguments.from, arguments.to) {
        (None, None, None) => last_months(today),
        (named, from, to) => Period::given(named, from, to, NamedPeriod::ThisYear, today)?,
    };
    if period.months().len() > MAX_MONTHS {
        return Err(ToolError::arguments("The period is too long: at most five years at a time."));
    }
    let (unit, calendar) = match arguments.by {
        Some(By::Quarter) => (Unit::Quarter, CalendarUnit::Quarter),
        Some(By::Month) | None => (Unit::Month, CalendarUnit::Month),
    };
    let within = || {
        Aggregation::new("reviews")
            .matching(Filter::gte("review_date", period.from))
            .matching(Filter::lte("review_date", period.to))
            .count("reviews")
    };
    // Averages of averages would weigh a month with one review like a month with ten.
    let over_time = within().by_calendar("review_date", calendar).sum("rating", "stars");
    let mut results = context.aggregate_many(&[over_time, within().by("rating")]).into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    let (over_time, ratings) = (next()?, next()?);

    let mut tallies: BTreeMap<NaiveDate, Tally> =
        trend::firsts(&period, unit).into_iter().map(|first| (first, Tally::default())).collect();
    for group in &over_time {
        if let Some(tally) = group.date("review_date").and_then(|first| tallies.get_mut(&first)) {
            *tally = tally.and(Tally { reviews: group.integer("reviews"), stars: group.integer("stars") });
        }
    }
    let by_time: Vec<Tally> = tallies.values().copied().collect();
    let all = by_time.iter().copied().fold(Tally::default(), Tally::and);

    let answer = Answer::new().title(format!("Ratings from {} to {}", period.from, period.to));
    if all.reviews == 0 {
        return Ok(answer.rows(Vec::new()).fact("Reviews", 0));
    }
    let heading = if unit == Unit::Month { "month" } else { "quarter" };
    let rows = tallies.iter().map(|(first, tally)| {
        columns([
            (heading, trend::name(*first, unit).into()),
            ("reviews", json!(tally.reviews)),
            ("average_rating", trend::shown(tally.average()).into()),
        ])
    });
    let mut answer = answer
        .rows(rows.collect())
        .fact("Average rating", trend::shown(all.average()))
        .fact("Reviews", all.reviews)
        .fact("Trend", trend::direction(&by_time).shown());
    for (stars, reviews) in by_stars(&ratings) {
        let share = Percent::shown(Percent::of(reviews, all.reviews));
        answer = answer.fact(crate::review::stars(stars), format!("{reviews} ({share})"));
    }
    Ok(answer
        .note(format!(
            "The trend compares the newer half of the {heading}s that have reviews with the older half; from 0.2 stars of \
             difference it is rising or falling."
        ))
        .next("What are people saying about us?"))
}

/// This month and the eleven before it.
fn last_months(today: NaiveDate) -> Period {
    let first = today.with_day(1).unwrap_or(today);
    Period { from: first.checked_sub_months(Months::new(DEFAULT_MONTHS - 1)).unwrap_or(first), to: today }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_months_end_today_and_begin_with_a_whole_one() {
        for (today, from) in [("2026-03-09", "2025-04-01"), ("2028-02-29", "2027-03-01"), ("2026-12-31", "2026-01-01")]
        {
            let today: NaiveDate = today.parse().unwrap();
            assert_eq!(last_months(today), Period { from: from.parse().unwrap(), to: today });
            assert_eq!(last_months(today).months().len(), 12);
        }
    }
}
