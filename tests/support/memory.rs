//! The queue in memory as a worker sees it.

use email_queue::base::QueueError;
use email_queue::model::{Queue, Settings};
use email_queue::protocol::{WorkReply, WorkRequest};
use email_queue::worker::{Clock, WorkQueue};
use std::cell::RefCell;
use std::time::Duration;

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
    async fn work(&self, request: &WorkRequest) -> Result<WorkReply, QueueError> {
        Ok(self.with(|queue, now| queue.work(now, request)))
    }
}
