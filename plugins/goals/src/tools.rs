//! The tools besides those of the table.

pub mod complete;
pub mod progress;
pub mod record;
pub mod revenue;

use canvalo_sdk::Quantity;
use rust_decimal::Decimal;

use crate::pace::{Pace, Standing};

/// What it still takes: "$700.00 in 40 days: $122.50 a week, $532.66 a month".
fn needed(pace: &Pace, unit: &str) -> String {
    let amount = |value: Decimal| Quantity::new(value, unit).to_string();
    if pace.standing == Standing::Reached {
        return "nothing more".to_owned();
    }
    let mut text = format!("{} more", amount(pace.missing));
    match pace.days_left {
        Some(late @ ..=-1) => text.push_str(&format!(", {} late", days(-late))),
        Some(left) => text.push_str(&format!(" in {}", days(left))),
        None => {}
    }
    let rates = [(pace.per_week, "a week"), (pace.per_month, "a month")];
    let rates: Vec<String> =
        rates.into_iter().filter_map(|(rate, each)| Some(format!("{} {each}", amount(rate?)))).collect();
    if !rates.is_empty() {
        text.push_str(&format!(": {}", rates.join(", ")));
    }
    text
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// A quantity for an answer; a dash where there is none.
fn amount(value: Option<Decimal>, unit: &str) -> String {
    value.map_or_else(|| "–".to_owned(), |value| Quantity::new(value, unit).to_string())
}

#[cfg(test)]
mod tests {
    use crate::pace::Aim;

    #[test]
    fn what_is_needed_is_said_for_the_time_that_is_left() {
        let needed = |target: i64, current: i64, end: &str, unit: &str| {
            let today = "2026-03-09".parse().unwrap();
            let start = Some("2026-01-01".parse().unwrap());
            let aim =
                Aim { target: target.into(), current: current.into(), start, end: end.parse().ok(), level: false };
            super::needed(&aim.pace(today), unit)
        };
        assert_eq!(needed(1000, 300, "2026-04-17", "USD"), "$700.00 more in 40 days: $122.50 a week, $532.66 a month");
        assert_eq!(needed(10, 7, "2026-03-22", "projects"), "3 projects more in 14 days: 1.5 projects a week");
        assert_eq!(needed(10, 7, "2026-03-09", "projects"), "3 projects more in 1 day");
        assert_eq!(needed(10, 7, "2026-03-07", "projects"), "3 projects more, 2 days late");
        assert_eq!(needed(10, 7, "", "projects"), "3 projects more");
        assert_eq!(needed(10, 12, "2026-12-31", "projects"), "nothing more");
    }
}
