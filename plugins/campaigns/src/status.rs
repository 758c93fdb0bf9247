//! How a campaign moves from one status to the next.

use canvalo_sdk::Row;
use chrono::NaiveDate;
use serde_json::{Map, Value};

/// What people do with a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Move {
    Start,
    Pause,
    Finish,
    Cancel,
}

/// The part of a campaign that a move looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its status.
    pub status: String,
    /// Its first day.
    pub start: Option<NaiveDate>,
    /// Its last day.
    pub end: Option<NaiveDate>,
}

impl Campaign {
    /// Reads it from a row.
    pub fn of(row: &Row) -> Self {
        Self { status: row.text("status").to_owned(), start: row.date("start_date"), end: row.date("end_date") }
    }
}

impl Move {
    /// The status it leads to.
    pub fn status(self) -> &'static str {
        match self {
            Self::Start => "active",
            Self::Pause => "paused",
            Self::Finish => "completed",
            Self::Cancel => "cancelled",
        }
    }

    /// What happened to a campaign then.
    pub fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Pause => "paused",
            Self::Finish => "finished",
            Self::Cancel => "cancelled",
        }
    }

    /// The columns it changes, or in plain words why it can't be made. A campaign that starts before its first day starts
    /// today, and one that finishes before its last day ends today.
    pub fn changes(self, campaign: &Campaign, today: NaiveDate) -> Result<Map<String, Value>, String> {
        let status = campaign.status.as_str();
        let mut changes = Map::from_iter([("status".to_owned(), self.status().into())]);
        match (self, status) {
            _ if status == self.status() => return Err(format!("it is {status} already.")),
            (Self::Start, "draft" | "scheduled" | "paused") => {
                if let Some(end) = campaign.end.filter(|end| *end < today) {
                    return Err(format!("its last day was {end}. Give it a later end date first."));
                }
                if campaign.start.is_none_or(|start| start > today) {
                    changes.insert("start_date".to_owned(), today.to_string().into());
                }
            }
            (Self::Start, _) => return Err(format!("it is {status}. To run it again, create a new one.")),
            (Self::Pause, "active") => {}
            (Self::Pause, _) => return Err(format!("it is {status}: only an active campaign can be paused.")),
            (Self::Finish, "active" | "paused") => {
                let early = campaign.end.is_none_or(|end| end > today);
                if early && campaign.start.is_none_or(|start| start <= today) {
                    changes.insert("end_date".to_owned(), today.to_string().into());
                }
            }
            (Self::Finish, "draft" | "scheduled") => {
                return Err(format!("it is {status} and never ran. Cancel it instead."));
            }
            (Self::Finish, _) => return Err(format!("it is {status}.")),
            (Self::Cancel, "completed") => return Err("it is completed: what has run can't be cancelled.".to_owned()),
            (Self::Cancel, _) => {}
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn campaign(status: &str, start: &str, end: &str) -> Campaign {
        let day = |text: &str| (!text.is_empty()).then(|| date(text));
        Campaign { status: status.to_owned(), start: day(start), end: day(end) }
    }

    fn moved(action: Move, campaign: Campaign) -> Result<String, String> {
        action.changes(&campaign, date("2026-03-09")).map(|changes| Value::Object(changes).to_string())
    }

    #[test]
    fn starting_moves_the_first_day_to_today_unless_it_has_passed() {
        for (before, change) in [
            (campaign("draft", "", ""), r#"{"status":"active","start_date":"2026-03-09"}"#),
            (campaign("scheduled", "2026-04-01", "2026-05-01"), r#"{"status":"active","start_date":"2026-03-09"}"#),
            (campaign("scheduled", "2026-03-09", "2026-03-09"), r#"{"status":"active"}"#),
            (campaign("paused", "2026-02-01", ""), r#"{"status":"active"}"#),
        ] {
            assert_eq!(moved(Move::Start, before).unwrap(), change);
        }
        let over = moved(Move::Start, campaign("paused", "2026-02-01", "2026-03-08")).unwrap_err();
        assert_eq!(over, "its last day was 2026-03-08. Give it a later end date first.");
    }

    #[test]
    fn finishing_moves_the_last_day_to_today_unless_it_has_passed() {
        for (before, change) in [
            (campaign("active", "2026-02-01", ""), r#"{"status":"completed","end_date":"2026-03-09"}"#),
            (campaign("paused", "2026-02-01", "2026-04-01"), r#"{"status":"completed","end_date":"2026-03-09"}"#),
            (campaign("active", "2026-02-01", "2026-03-01"), r#"{"status":"completed"}"#),
            (campaign("active", "2026-03-10", "2026-04-01"), r#"{"status":"completed"}"#),
        ] {
            assert_eq!(moved(Move::Finish, before).unwrap(), change);
        }
    }

    #[test]
    fn a_move_that_makes_no_sense_is_refused_in_plain_words() {
        for (action, status, problem) in [
            (Move::Start, "active", "it is active already."),
            (Move::Start, "completed", "it is completed. To run it again, create a new one."),
            (Move::Start, "cancelled", "it is cancelled. To run it again, create a new one."),
            (Move::Pause, "draft", "it is draft: only an active campaign can be paused."),
            (Move::Pause, "paused", "it is paused already."),
            (Move::Finish, "scheduled", "it is scheduled and never ran. Cancel it instead."),
            (Move::Finish, "cancelled", "it is cancelled."),
            (Move::Cancel, "completed", "it is completed: what has run can't be cancelled."),
        ] {
            assert_eq!(moved(action, campaign(status, "", "")).unwrap_err(), problem);
        }
        for status in ["draft", "scheduled", "active", "paused"] {
            assert_eq!(moved(Move::Cancel, campaign(status, "", "")).unwrap(), r#"{"status":"cancelled"}"#);
        }
    }
}
