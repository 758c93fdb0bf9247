//! The kinds of fault, each in its forms.

use std::time::Duration;

use canvalo_tests::bedrock_server::{Answer, Step, block_stop, exception, input, start, stop, text, tool, usage};
use serde_json::{Value, json};

use super::ASKED;
use crate::chats::{AGENT, CONTACTS, INTERNAL, TOOL, tag};

/// A way of failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// An error in place of a stream: the status, the error, and whose fault the host takes it for.
    Refused(u16, &'static str, Whose),
    /// Throttled, with how long to stay away: for a moment, or for longer than anybody waits.
    RetryAfter,
    /// An exception's frame in the stream, of each of the types that there are.
    Exception,
    /// A frame that ends in its middle, with the connection or with the body.
    Truncated,
    /// Silence: before the head, after it, in the answer.
    Stall,
    /// The connection is reset: before the head, after it, in the answer.
    Reset,
    /// Everything comes late.
    Latency,
}

/// Whose fault it is, by what the host makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// It may pass.
    Services,
    /// There were too many calls, which passes too.
    Rate,
    /// The request's.
    Requests,
    /// The operator's: credentials, or the choice of a model.
    Operators,
}

pub(crate) const KINDS: [(&str, Fault); 17] = [
    ("none", Fault::None),
    ("429 ThrottlingException", Fault::Refused(429, "ThrottlingException", Whose::Rate)),
    ("429 ModelNotReadyException", Fault::Refused(429, "ModelNotReadyException", Whose::Services)),
    ("408 ModelTimeoutException", Fault::Refused(408, "ModelTimeoutException", Whose::Services)),
    ("424 ModelErrorException", Fault::Refused(424, "ModelErrorException", Whose::Services)),
    ("500 InternalServerException", Fault::Refused(500, "InternalServerException", Whose::Services)),
    ("503 ServiceUnavailableException", Fault::Refused(503, "ServiceUnavailableException", Whose::Services)),
    ("400 ValidationException", Fault::Refused(400, "ValidationException", Whose::Requests)),
    ("403 AccessDeniedException", Fault::Refused(403, "AccessDeniedException", Whose::Operators)),
    ("404 ResourceNotFoundException", Fault::Refused(404, "ResourceNotFoundException", Whose::Operators)),
    ("400 ServiceQuotaExceededException", Fault::Refused(400, "ServiceQuotaExceededException", Whose::Rate)),
    ("429 with retry-after", Fault::RetryAfter),
    ("exception in the stream", Fault::Exception),
    ("truncated frame", Fault::Truncated),
    ("silent stall", Fault::Stall),
    ("reset", Fault::Reset),
    ("latency", Fault::Latency),
];

const EXCEPTIONS: [(&str, Whose); 5] = [
    ("throttlingException", Whose::Rate),
    ("modelStreamErrorException", Whose::Services),
    ("internalServerException", Whose::Services),
    ("serviceUnavailableException", Whose::Services),
    ("validationException", Whose::Requests),
];

impl Fault {
    /// An answer that goes wrong.
    pub(crate) fn answer(self, number: usize, step: usize, attempt: usize, variant: usize) -> Answer {
        let spoke = speaks(variant);
        let begun = || begun(number, step, attempt, spoke);
        let message = format!("{INTERNAL}: the service is not well");
        match self {
            Self::None => answer(number, step, attempt),
            Self::Refused(status, code, _) => Answer::error(status, code, &message),
            Self::RetryAfter => {
                let (name, value) =
                    if spoke { ("retry-after", "60".to_owned()) } else { ("x-amz-retry-after", ASKED.to_string()) };
                Answer::error(429, "ThrottlingException", &message).with_header(name, &value)
            }
            Self::Exception => {
                let frame = exception(EXCEPTIONS[variant / 2 % EXCEPTIONS.len()].0, &message);
                Answer::steps([begun(), vec![Step::Send(frame)]].concat())
            }
            Self::Truncated => {
                let whole = stop("tool_use");
                let half = Step::Send(whole[..whole.len() / 2].to_vec());
                let ends = (variant / 2).is_multiple_of(2).then_some(Step::Cut);
                Answer::steps([begun(), vec![half], ends.into_iter().collect()].concat())
            }
            Self::Stall => match variant / 2 % 3 {
                0 => Answer::steps([begun(), vec![Step::Wait]].concat()),
                1 if !spoke => Answer::silent(),
                _ if !spoke => Answer::steps(vec![Step::Wait]),
                _ => Answer::steps([begun(), vec![Step::Wait]].concat()),
            },
            Self::Reset => match variant / 2 % 3 {
                1 if !spoke => Answer::reset(),
                2 if !spoke => Answer::steps(vec![Step::Reset]),
                // What was sent is read before the reset takes it away.
                _ => Answer::steps([begun(), vec![Step::Pause(Duration::from_millis(50)), Step::Reset]].concat()),
            },
            Self::Latency => {
                let slow = |frame| [Step::Pause(Duration::from_millis(20)), Step::Send(frame)];
                let frames = frames(number, step, attempt);
                Answer::steps(frames.into_iter().flat_map(slow).collect()).after(Duration::from_millis(150))
            }
        }
    }

    /// Whether a step that meets it as often as it is tried comes to nothing.
    pub(crate) fn fails(self) -> bool {
        !matches!(self, Self::None | Self::Latency)
    }

    /// Whether no other attempt is made: the request is refused, the user has read something, or the wait is too long.
    pub(crate) fn is_final(self, variant: usize) -> bool {
        match self {
            Self::None | Self::Latency => false,
            Self::Refused(_, _, whose) => !whose.passes(),
            Self::RetryAfter => speaks(variant),
            Self::Exception => speaks(variant) || !exceptions(variant).passes(),
            Self::Truncated | Self::Stall | Self::Reset => speaks(variant),
        }
    }

    fn whose(self, variant: usize) -> Whose {
        match self {
            Self::Refused(_, _, whose) => whose,
            Self::RetryAfter => Whose::Rate,
            Self::Exception => exceptions(variant),
            _ => Whose::Services,
        }
    }

    /// What a user reads when no agent could be chosen.
    pub(crate) fn code_of_supervisor(self, variant: usize) -> &'static str {
        match self.whose(variant) {
            Whose::Services => "MODEL_UNAVAILABLE",
            Whose::Rate => "MODEL_RATE_LIMITED",
            Whose::Requests => "MODEL_REFUSED",
            Whose::Operators => "MODEL_NOT_CONFIGURED",
        }
    }

    /// What a user reads when an agent could not go on.
    pub(crate) fn code_of_agent(self, variant: usize) -> &'static str {
        match self.whose(variant) {
            Whose::Requests => "AGENT_FAILED",
            _ => "SERVICE_UNAVAILABLE",
        }
    }
}

impl Whose {
    fn passes(self) -> bool {
        matches!(self, Self::Services | Self::Rate)
    }
}

fn exceptions(variant: usize) -> Whose {
    EXCEPTIONS[variant / 2 % EXCEPTIONS.len()].1
}

/// Whether the user reads something before it goes wrong: in every second form.
fn speaks(variant: usize) -> bool {
    variant % 2 == 1
}

/// What a step asks for, if it is a tool: the tool's name and arguments. The attempt is in the contact's name, so that a
/// second run of a tool would be a row of its own.
fn asks(number: usize, step: usize, attempt: usize) -> Option<(&'static str, Value)> {
    match step {
        0 => Some((AGENT, json!({}))),
        1 | 2 => {
            let name = format!("{}-{}{attempt}", tag(number), CONTACTS[step - 1]);
            Some((TOOL, json!({ "contacts": [{ "name": name }] })))
        }
        _ => None,
    }
}

/// An answer as it should be.
pub(crate) fn answer(number: usize, step: usize, attempt: usize) -> Answer {
    Answer::stream(frames(number, step, attempt))
}

fn frames(number: usize, step: usize, attempt: usize) -> Vec<Vec<u8>> {
    match asks(number, step, attempt) {
        Some((name, arguments)) => {
            let id = id(number, step, attempt);
            let input = input(0, &arguments.to_string());
            vec![start(), tool(0, &id, name), input, block_stop(0), stop("tool_use"), usage()]
        }
        None => vec![start(), text(0, "Both are there."), block_stop(0), stop("end_turn"), usage()],
    }
}

fn id(number: usize, step: usize, attempt: usize) -> String {
    format!("tooluse_{number}-{step}-{attempt}")
}

/// The beginning of an answer: words or none, then a tool that is asked for with all its arguments, but for the end.
fn begun(number: usize, step: usize, attempt: usize, spoke: bool) -> Vec<Step> {
    let words = if spoke { "One moment." } else { "<thinking>Which" };
    let mut frames = vec![start(), text(0, words)];
    if let Some((name, arguments)) = asks(number, step, attempt) {
        let id = id(number, step, attempt);
        frames.extend([block_stop(0), tool(1, &id, name), input(1, &arguments.to_string()), block_stop(1)]);
    }
    frames.into_iter().map(Step::Send).collect()
}
