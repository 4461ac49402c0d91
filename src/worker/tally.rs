//! Counts what settles do to messages.

use crate::protocol::{End, Rest, Settle};

/// Messages by what a settle makes of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub accepted: u64,
    pub retried: u64,
    pub failed: u64,
    pub released: u64,
}

impl Tally {
    /// For a settle of a dispatch with `members` messages.
    pub fn of(settle: &Settle, members: usize) -> Self {
        let mut tally = Self::default();
        for member in &settle.members {
            match member.end {
                End::Completed { .. } => tally.accepted += 1,
                End::Failed { .. } => tally.failed += 1,
            }
        }
        let rest = u64::try_from(members.saturating_sub(settle.members.len())).unwrap_or(0);
        match settle.rest {
            Some(Rest::Complete) => tally.accepted += rest,
            Some(Rest::Fail) => tally.failed += rest,
            Some(Rest::Retry) => tally.retried += rest,
            Some(Rest::Freeze) if settle.counted => tally.retried += rest,
            Some(Rest::Freeze | Rest::Release | Rest::Split) => tally.released += rest,
            Some(Rest::Keep) | None => {}
        }
        tally
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.accepted + self.retried + self.failed + self.released
    }
}
