//! What all runs share towards the provider.

use super::claim::ceil_ms;
use super::store::Budget;
use crate::work::{BeginState, Obstacle};
use std::time::Duration;

impl Budget {
    /// What keeps a request from leaving within a wait.
    pub(super) fn obstacle(
        &self,
        now: Duration,
        dispatch_id: Option<&str>,
        max_wait: Duration,
    ) -> Option<Obstacle> {
        let until = |at: Duration| Some(ceil_ms(at.saturating_sub(now)));
        if let Some(paused) = self.paused.as_ref().filter(|paused| paused.holds(now)) {
            return Some(Obstacle {
                state: BeginState::Paused,
                reason: Some(paused.reason.clone()),
                retry_after_ms: paused.until.and_then(until),
            });
        }
        let is_probe = dispatch_id.is_some() && self.probe_dispatch_id.as_deref() == dispatch_id;
        if let Some(probe_until) = self.probe_until.filter(|at| *at > now)
            && self.unknown_streak >= 3
            && !is_probe
        {
            let reason =
                "three unknown outcomes in a row: one dispatch at a time probes the provider";
            return Some(Obstacle {
                state: BeginState::Unavailable,
                reason: Some(reason.to_owned()),
                retry_after_ms: until(probe_until),
            });
        }
        if self.next_request() > now + max_wait {
            let cooling = self.cooldown_until.is_some_and(|at| at > now);
            return Some(Obstacle {
                state: BeginState::Throttled,
                reason: self.cooldown_reason.clone().filter(|_| cooling),
                retry_after_ms: until(self.next_request()),
            });
        }
        None
    }

    /// When the next request may leave.
    pub(super) fn next_request(&self) -> Duration {
        let cooldown = self.cooldown_until.unwrap_or_default();
        self.next_slot_at.max(cooldown)
    }
}
