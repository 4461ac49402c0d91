//! What all runs share towards the provider.

use super::claim::ceil_ms;
use super::store::Budget;
use crate::work::{BeginState, Obstacle};
use std::time::Duration;

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
