//! Begin: the last thing recorded before a request leaves. From here on it may have been sent.

use super::store::{DispatchRow, Queue};
use crate::base::ceil_ms;
use crate::base::limits::{CAUTIOUS_RATE, MAX_SLOT_WAIT_MS, RATE_WINDOW_MS};
use crate::protocol::{Begin, BeginState, Begun, Endpoint, Obstacle, Reason};
use std::time::Duration;

/// A slot is reserved no further ahead.
const LONGEST_WAIT: Duration = Duration::from_millis(MAX_SLOT_WAIT_MS);
/// In which as many requests leave as the provider allows a second: a little longer, because it counts by its own
/// seconds and a request may come late.
const PROVIDER_WINDOW: Duration = Duration::from_millis(RATE_WINDOW_MS);

impl Queue {
    pub(super) fn begin(&mut self, now: Duration, begin: &Begin) -> Begun {
        let held = self.dispatches.get(&begin.dispatch_id);
        let Some(dispatch) = held.filter(|d| d.is_held(now, &begin.token)).cloned() else {
            return begun(&begin.dispatch_id, BeginState::Lost);
        };
        let lease = Duration::from_millis(begin.timeout_ms.saturating_add(begin.margin_ms));
        let because = |state, reason: &str| Begun {
            reason: Some(reason.to_owned()),
            ..begun(&begin.dispatch_id, state)
        };
        let invalid = |reason| because(BeginState::Invalid, reason);
        if lease.is_zero() {
            return invalid("endpoint, wire_version, timeout_ms and margin_ms are needed");
        }
        if begin.members as usize != dispatch.members.len() {
            return because(BeginState::Changed, "it has other members now");
        }
        if begin.endpoint == Endpoint::Single && dispatch.members.len() > 1 {
            return invalid("several messages cannot go to the endpoint of one");
        }
        if dispatch.begun {
            // Repeated after a lost answer: the same attempt, slot and lease, which the worker counts from its first call.
            return Begun {
                wait_ms: ceil_ms(dispatch.slot_at.saturating_sub(now)),
                attempt: dispatch.attempt,
                ..begun(&dispatch.id, BeginState::Begun)
            };
        }
        let as_before = dispatch.endpoint == Some(begin.endpoint)
            && dispatch.wire_version == Some(begin.wire_version)
            && dispatch.mark == begin.mark;
        if dispatch.frozen && !as_before {
            return invalid("a frozen dispatch keeps its endpoint, wire version and mark");
        }
        if !dispatch.frozen && begin.mark.as_ref().is_some_and(|mark| *mark != self.mark()) {
            return because(
                BeginState::Changed,
                "this installation has another mark now",
            );
        }
        let over = dispatch.attempt >= dispatch.attempts_allowed
            || dispatch.horizon_at.is_some_and(|at| at <= now)
            || begin.key_window_ms.is_none();
        if dispatch.frozen && over {
            self.abandon(now, &dispatch.id, None);
            return because(BeginState::Ended, "unknown_outcome");
        }
        if !dispatch.frozen && dispatch.send_before.is_some_and(|at| at <= now) {
            return self.expire_members(now, &dispatch);
        }
        if self.is_lane_paused(now, &dispatch.lane) {
            return because(BeginState::Paused, "the sender domain is paused");
        }
        let max_wait = Duration::from_millis(begin.max_wait_ms).min(LONGEST_WAIT);
        let obstacle = (self.budget.paused(now))
            .or_else(|| self.closed(now, &dispatch))
            .or_else(|| self.budget.throttled(now, max_wait));
        if let Some(obstacle) = obstacle {
            return Begun {
                reason: obstacle.reason,
                retry_after_ms: obstacle.retry_after_ms,
                ..begun(&dispatch.id, obstacle.state)
            };
        }
        self.begin_now(now, begin, lease)
    }

    fn begin_now(&mut self, now: Duration, begin: &Begin, lease: Duration) -> Begun {
        // An operator can only shorten it.
        let window = begin.key_window_ms.map(Duration::from_millis);
        let window = window.map(|window| self.settings.horizon.unwrap_or(window).min(window));
        let slot = now.max(self.budget.next_request());
        let lease = lease + (slot - now);
        self.budget.next_slot_at = slot + self.between_requests();
        let Some(dispatch) = self.dispatches.get_mut(&begin.dispatch_id) else {
            return begun(&begin.dispatch_id, BeginState::Lost);
        };
        dispatch.begun = true;
        dispatch.attempt += 1;
        dispatch.slot_at = slot;
        dispatch.visible_at = now + lease;
        dispatch.updated_at = now;
        dispatch.horizon_at = dispatch.horizon_at.or(window.map(|window| now + window));
        dispatch.endpoint = Some(begin.endpoint);
        dispatch.wire_version = Some(begin.wire_version);
        dispatch.mark = begin.mark.clone();
        Begun {
            wait_ms: ceil_ms(slot - now),
            attempt: dispatch.attempt,
            ..begun(&begin.dispatch_id, BeginState::Begun)
        }
    }

    /// Takes out the members whose `send_before` has passed before their first begin.
    fn expire_members(&mut self, now: Duration, dispatch: &DispatchRow) -> Begun {
        let late = |id: &String| {
            let message = self.messages.get(id);
            message.is_some_and(|message| message.send_before.is_some_and(|at| at <= now))
        };
        let removed: Vec<String> = dispatch.ids().into_iter().filter(late).collect();
        self.fail_members(now, dispatch, &removed, Reason::Expired, None);
        let state = if removed.len() == dispatch.members.len() {
            self.close(now, &dispatch.id);
            BeginState::Ended
        } else {
            self.drop_members(now, &dispatch.id, &removed);
            BeginState::Changed
        };
        Begun {
            removed,
            reason: Some("expired".to_owned()),
            ..begun(&dispatch.id, state)
        }
    }

    /// Why nothing may be claimed, once the begins have taken their slots.
    pub(super) fn obstacle_after(
        &self,
        now: Duration,
        begins: &[Begin],
        max_wait: Duration,
    ) -> Option<Obstacle> {
        let mut budget = self.budget.clone();
        if !begins.is_empty() {
            let count = u32::try_from(begins.len()).unwrap_or(u32::MAX);
            budget.next_slot_at =
                now.max(budget.next_request()) + self.between_requests().saturating_mul(count);
        }
        let throttled = || self.budget.throttled(now, max_wait);
        (budget.paused(now))
            .or_else(throttled)
            .or_else(|| budget.throttled(now, max_wait))
    }

    pub(super) fn requests_per_second(&self) -> f64 {
        self.between_requests().as_secs_f64().recip()
    }

    /// From one slot to the next: the operator's ceiling, or the provider's limit where that is lower or not known yet.
    fn between_requests(&self) -> Duration {
        let ceiling = Duration::from_secs(1) / self.settings.rate_limit.max(1);
        let cautious = (!self.budget.answered).then_some(CAUTIOUS_RATE);
        self.budget
            .learned_limit
            .or(cautious)
            .map_or(ceiling, |limit| ceiling.max(PROVIDER_WINDOW / limit.max(1)))
    }
}

fn begun(dispatch_id: &str, state: BeginState) -> Begun {
    Begun {
        dispatch_id: dispatch_id.to_owned(),
        state,
        wait_ms: 0,
        attempt: 0,
        retry_after_ms: None,
        removed: Vec::new(),
        reason: None,
    }
}
