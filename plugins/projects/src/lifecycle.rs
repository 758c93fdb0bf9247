//! Which steps a project may take, and what each one changes.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Where a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Draft,
    Active,
    OnHold,
    Completed,
    Cancelled,
}

/// Every status as the table spells it, in the order of a project's life.
pub const STATUSES: &[&str] = &["draft", "active", "on-hold", "completed", "cancelled"];

impl Status {
    const ALL: [Self; 5] = [Self::Draft, Self::Active, Self::OnHold, Self::Completed, Self::Cancelled];

    /// As the table spells it.
    pub fn word(self) -> &'static str {
        STATUSES[self as usize]
    }

    /// Reads the table's word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// What happens to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Step {
    Start,
    Hold,
    Resume,
    Complete,
    Cancel,
    Reopen,
}

impl Step {
    /// What has happened after it.
    pub fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Hold => "put on hold",
            Self::Resume => "resumed",
            Self::Complete => "completed",
            Self::Cancel => "cancelled",
            Self::Reopen => "reopened",
        }
    }

    /// The step that leads from one status to another; none when nothing does.
    pub fn between(from: Status, to: Status) -> Option<Self> {
        let steps = [Self::Start, Self::Hold, Self::Resume, Self::Complete, Self::Cancel, Self::Reopen];
        steps.into_iter().find(|step| next(from, *step) == Ok(to))
    }
}

/// Where a step leads, or why it can't be taken.
pub fn next(status: Status, step: Step) -> Result<Status, String> {
    use Status::*;
    use Step::*;
    let why = match (status, step) {
        (Draft, Start) | (OnHold, Resume) | (Completed | Cancelled, Reopen) => return Ok(Active),
        (Active, Hold) => return Ok(OnHold),
        (Active | OnHold, Complete) => return Ok(Completed),
        (Draft | Active | OnHold, Cancel) => return Ok(Cancelled),
        (Active, Start | Resume | Reopen) => "it is under way already.",
        (OnHold, Hold) => "it is on hold already.",
        (OnHold, Start | Reopen) => "it is on hold: resume it.",
        (Completed, Complete) => "it is completed already.",
        (Completed, _) => "it is completed. Reopen it first if there is more to do.",
        (Cancelled, Cancel) => "it is cancelled already.",
        (Cancelled, _) => "it is cancelled. Reopen it first if it goes on after all.",
        (Draft, Hold | Resume | Reopen) => "it has not started yet: it is a draft.",
        (Draft, Complete) => "it has not started yet: start it first, or cancel it.",
    };
    Err(why.to_owned())
}

/// What a project has when a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Project {
    /// Where it stands.
    pub status: Status,
    /// When it starts or started.
    pub start: Option<NaiveDate>,
    /// When it is to end.
    pub end: Option<NaiveDate>,
}

/// The columns that a step changes, or why it can't be taken. The date is that of the start or of the completion.
pub fn changes(
    project: Project,
    step: Step,
    date: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Map<String, Value>, String> {
    let status = next(project.status, step)?;
    let mut changes = Map::from_iter([("status".to_owned(), status.word().into())]);
    if let Some(date) = date.filter(|date| *date > today) {
        return Err(format!("{date} is in the future."));
    }
    match step {
        Step::Start => {
            // A start in the past was the plan, and what is late is measured by it. One to come has come now.
            let start = date.or(project.start.filter(|start| *start <= today)).unwrap_or(today);
            if let Some(end) = project.end.filter(|end| *end < start) {
                return Err(format!("it would start on {start}, after its end on {end}. Change the end date first."));
            }
            changes.insert("start_date".to_owned(), json!(start));
        }
        Step::Complete => {
            let completed = date.unwrap_or(today);
            if let Some(start) = project.start.filter(|start| *start > completed) {
                return Err(format!("{completed} is before its start on {start}."));
            }
            changes.insert("completion_percentage".to_owned(), 100.into());
            changes.insert("actual_completion_date".to_owned(), json!(completed));
        }
        Step::Reopen => _ = changes.insert("actual_completion_date".to_owned(), Value::Null),
        Step::Hold | Step::Resume | Step::Cancel => {}
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn taken(project: Project, step: Step, on: Option<&str>) -> Result<Value, String> {
        changes(project, step, on.map(date), date("2028-02-29")).map(Value::Object)
    }

    #[test]
    fn each_status_allows_its_steps_and_no_other() {
        use Status::*;
        use Step::*;
        let allowed: [(Status, &[(Step, Status)]); 5] = [
            (Draft, &[(Start, Active), (Cancel, Cancelled)]),
            (Active, &[(Hold, OnHold), (Complete, Completed), (Cancel, Cancelled)]),
            (OnHold, &[(Resume, Active), (Complete, Completed), (Cancel, Cancelled)]),
            (Completed, &[(Reopen, Active)]),
            (Cancelled, &[(Reopen, Active)]),
        ];
        for (from, steps) in allowed {
            for step in [Start, Hold, Resume, Complete, Cancel, Reopen] {
                let to = steps.iter().find(|(allowed, _)| *allowed == step).map(|(_, to)| *to);
                assert_eq!(next(from, step).ok(), to, "{from:?} {step:?}");
            }
            for (step, to) in steps {
                assert_eq!(Step::between(from, *to), Some(*step));
            }
            assert_eq!(Step::between(from, Draft), None);
        }
    }

    #[test]
    fn a_start_takes_the_day_unless_it_was_planned_before() {
        let draft = |start: Option<&str>| Project { status: Status::Draft, start: start.map(date), end: None };
        for (planned, given, start) in [
            (None, None, "2028-02-29"),
            (Some("2028-02-01"), None, "2028-02-01"),
            (Some("2028-03-15"), None, "2028-02-29"),
            (Some("2028-02-01"), Some("2028-02-28"), "2028-02-28"),
        ] {
            assert_eq!(
                taken(draft(planned), Step::Start, given),
                Ok(json!({ "status": "active", "start_date": start }))
            );
        }
        assert_eq!(taken(draft(None), Step::Start, Some("2028-03-01")).unwrap_err(), "2028-03-01 is in the future.");
        let over = Project { end: Some(date("2028-02-10")), ..draft(None) };
        let error = taken(over, Step::Start, None).unwrap_err();
        assert_eq!(error, "it would start on 2028-02-29, after its end on 2028-02-10. Change the end date first.");
    }

    #[test]
    fn completing_sets_what_is_done_and_when_and_reopening_clears_the_day() {
        let active = Project { status: Status::Active, start: Some(date("2028-02-20")), end: None };
        let completed =
            |on: &str| json!({ "status": "completed", "completion_percentage": 100, "actual_completion_date": on });
        assert_eq!(taken(active, Step::Complete, None), Ok(completed("2028-02-29")));
        assert_eq!(taken(active, Step::Complete, Some("2028-02-20")), Ok(completed("2028-02-20")));
        let error = taken(active, Step::Complete, Some("2028-02-19")).unwrap_err();
        assert_eq!(error, "2028-02-19 is before its start on 2028-02-20.");
        let done = Project { status: Status::Completed, ..active };
        let reopened = json!({ "status": "active", "actual_completion_date": null });
        assert_eq!(taken(done, Step::Reopen, None), Ok(reopened));
        assert_eq!(taken(active, Step::Hold, None), Ok(json!({ "status": "on-hold" })));
    }
}
