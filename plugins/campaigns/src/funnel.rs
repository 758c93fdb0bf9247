//! Each step of a mailing reaches at most as many people as the one before.

/// The counts in the order of the steps.
const STEPS: [&str; 4] = ["sent_count", "delivered_count", "opened_count", "clicked_count"];

/// Checks the counts, given by their columns. Says in plain words which one is too large.
pub fn check(count: impl Fn(&str) -> i64) -> Result<(), String> {
    for step in STEPS.windows(2) {
        let (before, after) = (step[0], step[1]);
        if count(after) > count(before) {
            return Err(format!("{after} can't be {}: {before} is only {}.", count(after), count(before)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(counts: [i64; 4]) -> Result<(), String> {
        check(|column| counts[STEPS.iter().position(|step| *step == column).unwrap()])
    }

    #[test]
    fn a_step_may_reach_all_of_the_one_before_and_nobody() {
        for counts in [[0, 0, 0, 0], [640, 618, 241, 66], [5, 5, 5, 5], [410, 0, 0, 0]] {
            assert_eq!(checked(counts), Ok(()), "{counts:?}");
        }
    }

    #[test]
    fn the_step_that_is_too_large_is_named() {
        for (counts, problem) in [
            ([640, 641, 241, 66], "delivered_count can't be 641: sent_count is only 640."),
            ([640, 618, 619, 66], "opened_count can't be 619: delivered_count is only 618."),
            ([640, 618, 241, 242], "clicked_count can't be 242: opened_count is only 241."),
            ([0, 0, 0, 1], "clicked_count can't be 1: opened_count is only 0."),
        ] {
            assert_eq!(checked(counts).unwrap_err(), problem);
        }
    }
}
