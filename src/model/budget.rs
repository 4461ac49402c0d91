//! What all runs share: the provider's rate, pauses and cooldowns.

use crate::base::ceil_ms;
use crate::protocol::{BeginState, Obstacle};
use std::time::Duration;

/// What all runs share towards the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub next_slot_at: Duration,
    pub answered: bool,
    pub learned_limit: Option<u32>,
    pub cooldown_until: Option<Duration>,
    pub cooldown_reason: Option<String>,
    pub paused: Option<Paused>,
}

/// A pause; without an end it lasts until an operator resumes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Paused {
    pub since: Duration,
    pub until: Option<Duration>,
    pub reason: String,
    /// How often the provider has refused the domain in a row, and since when; none for an operator's own pause.
    pub refusals: u32,
    pub first_refused_at: Option<Duration>,
}

impl Paused {
    pub fn new(since: Duration, length: Option<Duration>, reason: &str) -> Self {
        Self {
            since,
            until: length.map(|length| since + length),
            reason: reason.to_owned(),
            refusals: 0,
            first_refused_at: None,
        }
    }

    pub fn holds(&self, now: Duration) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

impl Budget {
    /// An operator, or a misconfiguration, has stopped everything.
    pub(super) fn paused(&self, now: Duration) -> Option<Obstacle> {
        let paused = self.paused.as_ref().filter(|paused| paused.holds(now))?;
        let until = paused.until.map(|at| ceil_ms(at.saturating_sub(now)));
        Some(Obstacle {
            state: BeginState::Paused,
            reason: Some(paused.reason.clone()),
            retry_after_ms: until,
        })
    }

    /// The rate or a cooldown keeps a request from leaving within a wait.
    pub(super) fn throttled(&self, now: Duration, max_wait: Duration) -> Option<Obstacle> {
        let at = self.next_request();
        let cooling = self.cooldown_until.is_some_and(|at| at > now);
        (at > now + max_wait).then(|| Obstacle {
            state: BeginState::Throttled,
            reason: self.cooldown_reason.clone().filter(|_| cooling),
            retry_after_ms: Some(ceil_ms(at.saturating_sub(now))),
        })
    }

    /// When the next request may leave.
    pub(super) fn next_request(&self) -> Duration {
        let cooldown = self.cooldown_until.unwrap_or_default();
        self.next_slot_at.max(cooldown)
    }
}
