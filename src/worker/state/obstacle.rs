//! What holds a run up: a pause, the circuit breaker, the rate.

use super::waits::{LONGEST_WAIT, POLL};
use super::{State, Stopped};
use crate::base::{millis, scrub};
use crate::protocol::{BeginState, Dispatch, Obstacle, PauseScope, PauseSignal, Signals};
use crate::worker::{Prepared, decide};
use std::time::Duration;

impl State {
    pub(super) fn on_obstacle(&mut self, now: Duration, obstacle: &Obstacle) {
        self.large = false;
        if obstacle.state == BeginState::Unavailable && !self.is_idle() {
            self.await_answer(now, obstacle.retry_after_ms);
            return;
        }
        let after = obstacle.retry_after_ms.map(Duration::from_millis);
        match after {
            Some(after)
                if obstacle.state != BeginState::Paused
                    && after <= LONGEST_WAIT
                    && self.fits(now, after) =>
            {
                self.claim_at = now + after.max(POLL);
            }
            _ => {
                self.report.reason = obstacle.reason.as_deref().map(scrub);
                self.stop(stopped_by(obstacle.state), after);
            }
        }
    }

    /// Keeps a dispatch that could not be begun yet, before others of its priority.
    pub(super) fn hold(&mut self, prepared: Box<Prepared>) {
        let at = self
            .prepared
            .partition_point(|p| p.dispatch.priority < prepared.dispatch.priority);
        self.prepared.insert(at, prepared);
    }

    /// Settles a dispatch that was not sent.
    pub(super) fn give_back(&mut self, dispatch: &Dispatch, delay: Option<Duration>) {
        let mut settle = decide::not_sent(dispatch);
        settle.delay_ms = delay.filter(|_| dispatch.frozen).map(millis);
        self.settle(dispatch, settle);
    }

    /// What waits for its slot is not sent to a provider that refuses everybody.
    pub(super) fn give_back_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.give_back(&waiting.prepared.dispatch, None);
        }
    }

    /// Claims nothing before an answer of the provider has come, which may change the obstacle. Mail of
    /// others comes meanwhile: it is looked for all the same, from time to time.
    fn await_answer(&mut self, now: Duration, retry_after_ms: Option<u64>) {
        let after = retry_after_ms.map_or(LONGEST_WAIT, Duration::from_millis);
        self.claim_at = now + after.clamp(POLL, LONGEST_WAIT);
        self.awaits_answer = true;
    }
}

/// The provider asks everybody to wait, or will not take anything of this account.
pub(super) fn refuses_all(signals: &Signals) -> bool {
    let paused = |pause: &PauseSignal| pause.scope == PauseScope::Queue;
    signals.cooldown_ms.is_some() || signals.pause.as_ref().is_some_and(paused)
}

pub(super) fn stopped_by(state: BeginState) -> Stopped {
    match state {
        BeginState::Paused => Stopped::Paused,
        BeginState::Unavailable => Stopped::Unavailable,
        _ => Stopped::Throttled,
    }
}
