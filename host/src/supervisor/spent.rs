//! The end of a turn that a budget cut off: in words, as part of the answer.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};

use super::{Failure, TurnEnd, Work};
use crate::capability::llm::budget::Limit;
use crate::plugin::event::SUPERVISOR;

impl Work<'_> {
    /// Tells the user why the answer ends here. An agent that met the turn's own budget and could still speak has said
    /// so already; of a user's day no agent knows.
    pub(super) async fn spent(&self, limit: Limit, result: Result<TurnEnd, Failure>) -> TurnEnd {
        let user = &self.question.user_tag;
        tracing::info!(%user, limit = limit.as_str(), "a budget ended the turn");
        if result.is_err() || limit != Limit::TurnTokens {
            let lead = if self.events.spoke() { "\n\n" } else { "" };
            self.say(format!("{lead}{}", words(limit, &self.question.now))).await;
        }
        let agent = result.map_or_else(|_| SUPERVISOR.into(), |end| end.agent);
        TurnEnd { agent, limit: Some(limit) }
    }
}

fn words<Zone: TimeZone<Offset: std::fmt::Display>>(limit: Limit, now: &DateTime<Zone>) -> String {
    match limit {
        Limit::TurnTokens => {
            "I have to stop here: this question needs more work than one answer may take. Ask for less at once, and I'll \
             go on from there."
                .to_owned()
        }
        Limit::DayTokens | Limit::DayCost => {
            let midnight = (now.with_timezone(&Utc).date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
            let then = midnight.with_timezone(&now.timezone());
            let theirs = match then.naive_local() == midnight.naive_utc() {
                true => String::new(),
                false => format!(", which is {} for you", then.format("%-I:%M %p")),
            };
            format!("You've used up today's share of the assistant. It starts afresh at midnight UTC{theirs}.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str, zone: chrono_tz::Tz) -> DateTime<chrono_tz::Tz> {
        time.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone)
    }

    #[test]
    fn a_spent_day_says_when_it_is_over_on_the_users_clock() {
        let chicago = words(Limit::DayTokens, &at("2026-03-09T21:20:00Z", chrono_tz::America::Chicago));
        assert_eq!(
            chicago,
            "You've used up today's share of the assistant. It starts afresh at midnight UTC, which is 7:00 PM for you."
        );
        let utc = words(Limit::DayCost, &at("2026-03-09T00:00:00Z", chrono_tz::UTC));
        assert!(utc.ends_with("at midnight UTC."), "{utc}");
        let kolkata = words(Limit::DayTokens, &at("2026-12-31T23:59:59Z", chrono_tz::Asia::Kolkata));
        assert!(kolkata.ends_with("which is 5:30 AM for you."), "{kolkata}");
    }
}
