//! At which step a chat meets its fault, how often, and what must come of that.

use super::fault::Fault;
use crate::chats::Outcome;

/// The calls of a chat: which agent, the first contact, the second one, the closing words.
pub(crate) const STEPS: usize = 4;

/// The chat that meets no fault.
pub(crate) const CALM: usize = 99_999;

/// As often as a call is made.
const ALWAYS: usize = 3;

/// Where a chat meets its fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At one step. At the first one, the words of the message do what the model can't.
    Step(usize),
    /// At the first step, and no agent is named in the message.
    FirstWithoutWords,
    /// At every step.
    Every,
    Never,
}

/// What a chat meets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    at: At,
    /// Calls of a step that meet it.
    times: usize,
    /// Chooses among the forms that a fault has.
    pub(crate) variant: usize,
}

impl Plan {
    /// All places, with all times, in all variants: 18 chats have each once in one variant.
    pub(crate) fn of(number: usize) -> Self {
        let at = [At::Step(0), At::Step(1), At::Step(2), At::Step(3), At::Every, At::FirstWithoutWords];
        let at = if number == CALM { At::Never } else { at[number % at.len()] };
        Self { at, times: [1, 2, ALWAYS][number / 6 % 3], variant: number / 18 }
    }

    /// Whether the words of the message say which agent it is for.
    pub(crate) fn is_plain(self) -> bool {
        self.at != At::FirstWithoutWords
    }

    /// Whether a call meets the fault, of which there were so many before.
    pub(crate) fn meets(self, step: usize, attempt: usize) -> bool {
        attempt < self.times
            && match self.at {
                At::Step(at) => at == step,
                At::FirstWithoutWords => step == 0,
                At::Every => true,
                At::Never => false,
            }
    }

    /// What must come of it.
    pub(crate) fn outcome(self, fault: Fault) -> Outcome {
        let fails = |step: usize| {
            self.meets(step, 0) && fault.fails() && (self.times == ALWAYS || fault.is_final(self.variant))
        };
        let error = |code: &str, rows| Outcome { error: Some(code.to_owned()), rows };
        if fails(0) && !self.is_plain() {
            return error(fault.code_of_supervisor(self.variant), [0, 0]);
        }
        match (1..STEPS).find(|step| fails(*step)) {
            Some(step) => error(fault.code_of_agent(self.variant), [usize::from(step > 1), usize::from(step > 2)]),
            None => Outcome { error: None, rows: [1, 1] },
        }
    }
}
