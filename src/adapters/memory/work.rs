//! One call: settles, the claim and begins, in this order.

use super::store::{Dispatch, Member, Queue, Settings};
use crate::decide::millis;
use crate::ports::{Clock, WorkQueue};
use crate::queue::QueueError;
use crate::work::{Reply, Request};
use std::cell::RefCell;
use std::time::Duration;

impl Queue {
    /// What `email_queue_work` does.
    pub fn work(&mut self, now: Duration, request: &Request) -> Reply {
        let mut reply = Reply {
            settles: request
                .settles
                .iter()
                .map(|settle| self.settle(now, settle))
                .collect(),
            retry_ms: self.settings.retry.iter().copied().map(millis).collect(),
            now_ms: millis(now),
            ..Reply::default()
        };
        if let Some(claim) = &request.claim {
            self.claim(now, claim, &request.begins, &mut reply);
        }
        reply.begins = request
            .begins
            .iter()
            .map(|begin| self.begin(now, begin))
            .collect();
        reply.remaining = request
            .count_remaining
            .then(|| self.remaining(now, "email"));
        reply
    }
}

impl Dispatch {
    /// A waiting dispatch, due at once; what depends on its members is not measured yet.
    pub(super) fn new(
        id: String,
        now: Duration,
        kind: &str,
        lane: &str,
        priority: u8,
        members: Vec<Member>,
    ) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            lane: lane.to_owned(),
            priority,
            members,
            bytes: 0,
            send_before: None,
            attempts_allowed: 0,
            token: None,
            last_token: None,
            updated_at: now,
            visible_at: now,
            slot_at: now,
            horizon_at: None,
            settled_at: None,
            attempt: 0,
            expired_unbegun: 0,
            begun: false,
            frozen: false,
            endpoint: None,
            wire_version: None,
            errors: Vec::new(),
        }
    }
}

/// A [`Queue`] behind the port, with a clock. For one thread.
pub struct MemoryQueue<C> {
    queue: RefCell<Queue>,
    clock: C,
    epoch: Duration,
}

impl<C: Clock> MemoryQueue<C> {
    /// `epoch` is the time since 1970 at which `clock` shows zero.
    pub fn new(settings: Settings, clock: C, epoch: Duration) -> Self {
        Self {
            queue: RefCell::new(Queue::new(settings)),
            clock,
            epoch,
        }
    }

    /// Carries out `step` on the queue, with the time since 1970.
    pub fn with<T>(&self, step: impl FnOnce(&mut Queue, Duration) -> T) -> T {
        let now = self.epoch + self.clock.now();
        step(&mut self.queue.borrow_mut(), now)
    }
}

impl<C: Clock> WorkQueue for MemoryQueue<C> {
    async fn work(&self, request: &Request) -> Result<Reply, QueueError> {
        Ok(self.with(|queue, now| queue.work(now, request)))
    }
}
