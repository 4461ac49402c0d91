//! The circuit breaker: how many first requests a lane, and its endpoint, may have open while answers are missing.

use super::store::{DispatchRow, Queue};
use super::window::{LONGEST_WAIT, Window};
use crate::base::ceil_ms;
use crate::base::limits::{
    BREAKER_QUIET_MS, BY_LANE, BY_PLACE, BY_PRIORITY, LAST_PRIORITY, MAX_DISPATCH, MAX_PLACES,
};
use crate::protocol::{BeginState, Obstacle, Signals};
use std::time::Duration;

/// A full window is looked at again after this.
const FULL: Duration = Duration::from_secs(1);
const ENDPOINTS: [&str; 2] = ["batch:", "single:"];
const REASON: &str = "the provider did not answer: one request at a time probes it";

/// `batch:` of `batch:example.com`.
fn endpoint(lane: &str) -> &str {
    lane.split_inclusive(':').next().unwrap_or_default()
}

fn is_endpoint(scope: &str) -> bool {
    scope.ends_with(':')
}

/// One of `0..count`, spread evenly over the tries: not at random, so that the database chooses the same.
fn spread(number: u64, ratio: f64, count: usize) -> usize {
    ((number as f64 * ratio).fract() * count as f64) as usize
}

impl Queue {
    /// What the answer to a dispatch, or its absence, says about its lane and its endpoint.
    pub(super) fn judge(&mut self, now: Duration, dispatch: &DispatchRow, signals: &Signals) {
        let lane = dispatch.lane.as_str();
        if !dispatch.begun || dispatch.kind != "email" {
            return;
        }
        match signals.answered {
            Some(false) if !dispatch.frozen => {
                let waits = |scope: &str| self.breaker.get(scope).is_some_and(Window::waits);
                let mut lanes = self.breaker.keys().filter(|scope| !is_endpoint(scope));
                let others = lanes.any(|other| other != lane && waits(other));
                // An ailing domain says nothing about the others, as long as any of them is answered.
                let general = !waits(lane) || waits(endpoint(lane)) && others;
                let scopes = [Some(lane), general.then_some(endpoint(lane))];
                for scope in scopes.into_iter().flatten() {
                    let sharing = self.breaker.iter().filter(|(other, window)| {
                        is_endpoint(scope) && is_endpoint(other) && window.waits()
                    });
                    let waited = sharing
                        .map(|(_, window)| window.wait)
                        .max()
                        .unwrap_or_default();
                    let window = self.breaker.entry(scope.to_owned()).or_default();
                    let waited_before = window.waits();
                    window.unanswered(now, dispatch.updated_at, waited);
                    if is_endpoint(scope) && window.waits() && !waited_before {
                        self.suspect_others(now, scope);
                    }
                }
            }
            Some(true) => {
                for scope in [lane, endpoint(lane)] {
                    let Some(window) = self.breaker.get_mut(scope) else {
                        continue;
                    };
                    if dispatch.frozen {
                        // The key was known: that says little about a fresh one, which may try at once.
                        window.wait = Duration::ZERO;
                        window.next_at = window.next_at.map(|at| at.min(now));
                        continue;
                    }
                    let waited = window.waits();
                    window.answered(now);
                    if window.is_full_size() {
                        self.breaker.remove(scope);
                    }
                    if waited {
                        self.replay_soon(now, scope);
                    }
                }
            }
            _ => {}
        }
    }

    /// An endpoint that stops is a reason to ask the others with care: one request at a time, and one more without an
    /// answer makes them wait too.
    fn suspect_others(&mut self, now: Duration, stopped: &str) {
        for other in ENDPOINTS.into_iter().filter(|other| *other != stopped) {
            self.breaker
                .entry(other.to_owned())
                .or_default()
                .suspect(now);
        }
    }

    /// A domain that sends no more, or an endpoint that is not used, gets no more answers: what it did not answer long ago
    /// says nothing of today.
    pub(super) fn forget_quiet(&mut self, now: Duration) {
        let quiet = Duration::from_millis(BREAKER_QUIET_MS);
        let dispatches = self.dispatches.values();
        let open = dispatches.filter(|d| d.settled_at.is_none() && d.kind == "email");
        let open: Vec<&str> = open.map(|d| d.lane.as_str()).collect();
        self.breaker.retain(|scope, window| {
            now < window.noted_at + quiet
                || open
                    .iter()
                    .any(|lane| lane == scope || endpoint(lane) == scope)
        });
    }

    /// What froze while a scope got no answers does not wait out a backoff that grew meanwhile.
    fn replay_soon(&mut self, now: Duration, scope: &str) {
        let frozen = self.dispatches.values_mut();
        for dispatch in frozen.filter(|d| d.frozen && d.is_waiting() && d.kind == "email") {
            if dispatch.lane == scope || endpoint(&dispatch.lane) == scope {
                dispatch.visible_at = dispatch.visible_at.min(now + LONGEST_WAIT);
            }
        }
    }

    /// When a first request of `lane` may begin; `None` if it may begin now. `held` are the dispatches that
    /// count as open.
    pub(super) fn opens_at(
        &self,
        now: Duration,
        lane: &str,
        held: impl Fn(&DispatchRow) -> bool,
    ) -> Option<Duration> {
        let scopes = [lane, endpoint(lane)].into_iter();
        let at = scopes
            .filter_map(|scope| self.scope_opens_at(now, scope, &held))
            .max()?;
        (at > now).then_some(at)
    }

    fn scope_opens_at(
        &self,
        now: Duration,
        scope: &str,
        held: &impl Fn(&DispatchRow) -> bool,
    ) -> Option<Duration> {
        let window = self.breaker.get(scope)?;
        // Endpoints that wait share one probe.
        let shares = |other: &str| {
            is_endpoint(scope)
                && is_endpoint(other)
                && window.waits()
                && self.breaker.get(other).is_some_and(Window::waits)
        };
        let next_at = self
            .breaker
            .iter()
            .filter(|(other, _)| *other == scope || shares(other));
        let next_at = next_at.filter_map(|(_, window)| window.next_at).max();
        if next_at.is_some_and(|at| at > now) {
            return next_at;
        }
        let counts = |dispatch: &&DispatchRow| {
            let lane = dispatch.lane.as_str();
            // The probe of an ailing domain holds up no other domain, as long as others are answered.
            let apart = || !window.waits() && self.breaker.get(lane).is_some_and(Window::waits);
            lane == scope || endpoint(lane) == scope && !apart() || shares(endpoint(lane))
        };
        let first = self
            .dispatches
            .values()
            .filter(|d| d.token.is_some() && !d.frozen && held(d));
        let open = first.filter(counts).count();
        (open >= window.requests as usize).then_some(now + FULL)
    }

    /// What keeps a dispatch from its first begin.
    pub(super) fn closed(&self, now: Duration, dispatch: &DispatchRow) -> Option<Obstacle> {
        if dispatch.frozen {
            return None;
        }
        let held = |other: &DispatchRow| other.begun && other.id != dispatch.id;
        let at = self.opens_at(now, &dispatch.lane, held)?;
        Some(unavailable(now, at))
    }

    /// When a lane may be claimed from: what is claimed and has not begun counts as open too.
    pub(super) fn claimable_at(&self, now: Duration, lane: &str) -> Option<Duration> {
        self.opens_at(now, lane, |_| true)
    }

    /// Messages in the next dispatch of a lane.
    pub(super) fn size_of(&self, lane: &str) -> usize {
        let sizes = self.windows(lane).map(|window| window.size);
        sizes.min().unwrap_or(MAX_DISPATCH) as usize
    }

    /// A lane's and its endpoint's, where either is in trouble.
    fn windows(&self, lane: &str) -> impl Iterator<Item = &Window> {
        let scopes = [lane, endpoint(lane)];
        scopes
            .map(|scope| self.breaker.get(scope))
            .into_iter()
            .flatten()
    }

    /// Of lanes that may be claimed from: for each endpoint in trouble whose turn it is, the one that comes first.
    pub(super) fn lanes_in_turn(&self, lanes: &[String]) -> Vec<String> {
        let narrow = self.breaker.iter();
        let narrow = narrow.filter(|(scope, window)| is_endpoint(scope) && window.is_narrow());
        let chosen = narrow.filter_map(|(scope, window)| {
            let number = window.turn()?;
            let of = || lanes.iter().filter(|lane| endpoint(lane) == scope);
            of().nth(spread(number, BY_LANE, of().count())).cloned()
        });
        chosen.collect()
    }

    /// Where the next dispatch of a lane begins, if not at its head: a priority and a place in it.
    pub(super) fn place_in_turn(
        &self,
        now: Duration,
        kind: &str,
        lane: &str,
    ) -> Option<(u8, usize)> {
        let mut windows = self.windows(lane);
        let number = windows.find(|window| window.is_narrow())?.turn()?;
        let due = |priority: &u8| {
            let rows = self.rows(kind, lane, *priority);
            rows.take_while(|row| row.run_at <= now)
                .take(MAX_PLACES)
                .count()
        };
        let priorities: Vec<u8> = (0..=LAST_PRIORITY)
            .filter(|priority| due(priority) > 0)
            .collect();
        let priority = *priorities.get(spread(number, BY_PRIORITY, priorities.len()))?;
        Some((priority, spread(number, BY_PLACE, due(&priority))))
    }

    /// Counts a fresh dispatch of `lane`, where it or its endpoint is in trouble.
    pub(super) fn count_try(&mut self, lane: &str) {
        for scope in [lane, endpoint(lane)] {
            if let Some(window) = self.breaker.get_mut(scope) {
                window.tries += 1;
            }
        }
    }
}

pub(super) fn unavailable(now: Duration, at: Duration) -> Obstacle {
    Obstacle {
        state: BeginState::Unavailable,
        reason: Some(REASON.to_owned()),
        retry_after_ms: Some(ceil_ms(at.saturating_sub(now))),
    }
}
