//! Why a turn has no answer, for the user and for the operator.

use crate::capability::llm::LlmError;
use crate::plugin::RunError;
use crate::plugin::event::SUPERVISOR;

/// A turn that failed. `user_message` and `suggested_actions` are plain language; `message` names the cause without
/// anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose it is: a plugin's name, or the supervisor.
    pub agent: String,
    /// For programs.
    pub code: &'static str,
    /// For developers and operators.
    pub message: String,
    /// For the user.
    pub user_message: String,
    /// What the user can do.
    pub suggested_actions: Vec<String>,
    /// Whether asking again may work.
    pub retryable: bool,
}

const TRY_AGAIN: &str = "Try again in a moment.";
const REPHRASE: &str = "Try asking in a different way, or for less at once.";
const TELL_SUPPORT: &str = "If it keeps happening, tell your administrator.";

impl Failure {
    /// A plugin's turn that failed.
    pub(super) fn of_agent(agent: &str, error: &RunError) -> Self {
        let (code, user_message, actions, retryable): (_, String, &[&str], _) = match error {
            RunError::SwitchedOff => (
                "AGENT_DISABLED",
                format!("The {agent} assistant is switched off for now."),
                &["Ask your administrator when it will be back."],
                false,
            ),
            RunError::OutOfTime | RunError::TimedOut => (
                "AGENT_TIMEOUT",
                format!("The {agent} assistant took too long and was stopped."),
                &[TRY_AGAIN, REPHRASE],
                true,
            ),
            RunError::LimitExceeded(_) => (
                "AGENT_LIMIT_EXCEEDED",
                format!("The {agent} assistant needed more than a single question may use and was stopped."),
                &[REPHRASE],
                false,
            ),
            RunError::Unavailable(_) => (
                "SERVICE_UNAVAILABLE",
                format!("The {agent} assistant couldn't reach a service it needs."),
                &[TRY_AGAIN],
                true,
            ),
            RunError::Denied(_) => (
                "AGENT_NOT_ALLOWED",
                format!("The {agent} assistant isn't allowed to do that here."),
                &["Ask your administrator to check what this assistant may do."],
                false,
            ),
            RunError::Trapped(_) | RunError::Failed(_) => (
                "AGENT_FAILED",
                format!("Something went wrong in the {agent} assistant."),
                &[TRY_AGAIN, TELL_SUPPORT],
                true,
            ),
        };
        Self {
            agent: agent.to_owned(),
            code,
            message: error.to_string(),
            user_message,
            suggested_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            retryable,
        }
    }

    /// A fault of the host itself.
    pub fn internal(cause: &str) -> Self {
        Self::of_supervisor(
            "INTERNAL_ERROR",
            cause,
            "Something went wrong on our side.",
            &[TRY_AGAIN, TELL_SUPPORT],
            true,
        )
    }

    /// The host is about to stop.
    pub fn shutting_down() -> Self {
        Self::of_supervisor(
            "SHUTTING_DOWN",
            "the server is shutting down",
            "The assistant is restarting, so this answer stops here.",
            &["Ask again in a minute."],
            true,
        )
    }

    /// An operator stopped the turn.
    pub fn stopped_by_operator() -> Self {
        Self::of_supervisor(
            "TURN_STOPPED",
            "an operator stopped the turn",
            "An administrator stopped this answer.",
            &["Ask your administrator before you ask again."],
            false,
        )
    }

    /// The turn took too long.
    pub fn out_of_time() -> Self {
        Self::of_supervisor(
            "TURN_TIMEOUT",
            "the turn took too long",
            "The answer took too long and was stopped.",
            &[TRY_AGAIN, REPHRASE],
            true,
        )
    }

    /// The reader took the stream's parts too slowly.
    pub fn reader_too_slow() -> Self {
        Self::of_supervisor(
            "STREAM_TIMEOUT",
            "the client did not read the stream",
            "The connection was too slow to show the answer.",
            &["Check your connection and ask again."],
            true,
        )
    }

    fn of_supervisor(code: &'static str, message: &str, user: &str, actions: &[&str], retryable: bool) -> Self {
        Self {
            agent: SUPERVISOR.to_owned(),
            code,
            message: message.to_owned(),
            user_message: user.to_owned(),
            suggested_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            retryable,
        }
    }
}

impl From<LlmError> for Failure {
    fn from(error: LlmError) -> Self {
        let (code, user, actions, retryable): (_, _, &[&str], _) = match &error {
            LlmError::RateLimited(_) => {
                ("MODEL_RATE_LIMITED", "The assistant is very busy right now.", &["Wait a minute and ask again."], true)
            }
            LlmError::ContextTooLong(_) => (
                "CONTEXT_TOO_LONG",
                "This conversation has become too long for the assistant.",
                &["Start a new conversation."],
                false,
            ),
            LlmError::BudgetSpent(_) => (
                "TURN_LIMIT_EXCEEDED",
                "This question needs more work than a single answer may take.",
                &[REPHRASE],
                false,
            ),
            LlmError::Unauthorized(_) => (
                "MODEL_NOT_CONFIGURED",
                "The assistant isn't set up correctly.",
                &["Ask your administrator to check the AI provider's credentials and model."],
                false,
            ),
            LlmError::Invalid(_) => {
                ("MODEL_REFUSED", "The assistant couldn't work with this question.", &[REPHRASE], false)
            }
            LlmError::Unavailable(_) | LlmError::Other(_) => {
                ("MODEL_UNAVAILABLE", "The assistant can't be reached right now.", &[TRY_AGAIN], true)
            }
        };
        Self::of_supervisor(code, error.plainly(), user, actions, retryable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_fails_is_told_in_plain_words_and_with_what_the_user_can_do() {
        let cause = || "ThrottlingException: arn:aws:bedrock".to_owned();
        for (error, code, retryable) in [
            (LlmError::RateLimited(cause().into()), "MODEL_RATE_LIMITED", true),
            (LlmError::Unavailable(cause().into()), "MODEL_UNAVAILABLE", true),
            (LlmError::Other(cause()), "MODEL_UNAVAILABLE", true),
            (LlmError::Unauthorized(cause()), "MODEL_NOT_CONFIGURED", false),
            (LlmError::Invalid(cause()), "MODEL_REFUSED", false),
            (LlmError::ContextTooLong(cause()), "CONTEXT_TOO_LONG", false),
            (LlmError::BudgetSpent(cause()), "TURN_LIMIT_EXCEEDED", false),
        ] {
            let failure = Failure::from(error);
            assert_eq!((failure.code, failure.retryable), (code, retryable));
            assert!(
                !failure.message.contains("aws"),
                "the provider's words are the operator's, who reads them in the log"
            );
            let shown = [vec![failure.user_message], failure.suggested_actions].concat();
            assert!(
                shown.len() > 1 && shown.iter().all(|text| text.ends_with('.') && !text.contains("aws")),
                "{shown:?}"
            );
        }
    }
}
