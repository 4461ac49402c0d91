//! How much a lane, or an endpoint, in trouble may send.

use crate::base::limits::{
    BREAKER_ROW, FEW_REQUESTS, MAX_BREAKER_WAIT_MS, MAX_DISPATCH, MAX_REQUESTS, MIN_BREAKER_WAIT_MS,
};
use std::time::Duration;

const SHORTEST_WAIT: Duration = Duration::from_millis(MIN_BREAKER_WAIT_MS);
pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(MAX_BREAKER_WAIT_MS);

/// What a lane or an endpoint in trouble may send. Without one there is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Window {
    /// First requests open at a time.
    pub requests: u32,
    /// Messages in a dispatch.
    pub size: u32,
    /// First requests without an answer in a row.
    pub streak: u32,
    pub wait: Duration,
    pub next_at: Option<Duration>,
    /// Fresh dispatches formed meanwhile.
    pub tries: u64,
    /// When an answer came, or was missing, last.
    pub noted_at: Duration,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            requests: MAX_REQUESTS,
            size: MAX_DISPATCH,
            streak: 0,
            wait: Duration::ZERO,
            next_at: None,
            tries: 0,
            noted_at: Duration::ZERO,
        }
    }
}

impl Window {
    pub fn waits(&self) -> bool {
        self.streak >= BREAKER_ROW
    }

    pub fn is_narrow(&self) -> bool {
        self.requests < FEW_REQUESTS
    }

    /// Which try it is, where the next dispatch is to come from another place than the head: every second one.
    pub fn turn(&self) -> Option<u64> {
        self.tries.is_multiple_of(2).then_some(self.tries + 1)
    }

    /// A first request that began at `began` got no answer; `waited` is the longest wait of those that share the probe.
    pub fn unanswered(&mut self, now: Duration, began: Duration, waited: Duration) {
        // What was under way when the row was full says nothing new.
        if self.waits() && self.next_at.is_some_and(|next| began < next) {
            return;
        }
        self.noted_at = now;
        self.streak += 1;
        self.requests = (self.requests / 2).max(1);
        // One answer lost at random does not make every dispatch after it smaller.
        if self.streak > 1 || self.size < MAX_DISPATCH {
            self.size = (self.size / 2).max(1);
        }
        if self.waits() {
            (self.requests, self.size) = (1, 1);
            self.wait = (waited.max(self.wait) * 2).clamp(SHORTEST_WAIT, LONGEST_WAIT);
            self.next_at = Some(now + self.wait);
        }
    }

    pub fn answered(&mut self, now: Duration) {
        self.noted_at = now;
        self.streak = 0;
        self.wait = Duration::ZERO;
        self.next_at = None;
        self.requests = (self.requests * 2).min(MAX_REQUESTS);
        self.size = (self.size * 2).min(MAX_DISPATCH);
    }

    pub fn is_full_size(&self) -> bool {
        self.requests == MAX_REQUESTS && self.size == MAX_DISPATCH
    }

    /// One request at a time, and one without an answer is enough to wait.
    pub fn suspect(&mut self, now: Duration) {
        if !self.waits() {
            self.noted_at = now;
            self.streak = BREAKER_ROW - 1;
            self.requests = 1;
        }
    }
}
