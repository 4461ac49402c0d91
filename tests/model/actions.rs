//! All that can happen.

use crate::provider::Fate;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Time passes.
    Tick,
    /// A request that travelled arrives.
    Arrive,
    /// An operator cancels a message.
    Cancel(usize),
    /// An operator redrives a dead letter.
    Redrive {
        message: usize,
        allow_duplicates: bool,
    },
    /// The provider reports a message that it has accepted, or one that another installation sent.
    Event {
        message: usize,
        ours: bool,
    },
    /// An operator erases a message.
    Erase(usize),
    Worker(usize, Step),
}

/// What a worker does. Unanswered: the database does it, and the worker does not hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Claim {
        answered: bool,
    },
    Begin {
        answered: bool,
    },
    Send(Fate),
    /// It will not send.
    GiveBack,
    Settle {
        answered: bool,
    },
    Crash,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Worker(_, step) = self else {
            return write!(f, "{self:?}");
        };
        match step {
            Step::Claim { answered } => write!(f, "Claim{}", heard(*answered)),
            Step::Begin { answered } => write!(f, "Begin{}", heard(*answered)),
            Step::Settle { answered } => write!(f, "Settle{}", heard(*answered)),
            other => write!(f, "{other:?}"),
        }
    }
}

fn heard(answered: bool) -> &'static str {
    match answered {
        true => "",
        false => "(unanswered)",
    }
}
