//! The worker's ports to the world. Each trait has a real implementation, in `io`, and one for tests.
#![allow(async_fn_in_trait)] // All callers run on one thread: nothing here needs `Send`.

use crate::base::QueueError;
use crate::protocol;
use crate::provider::{Mail, Provider, Reply};
use std::time::Duration;

/// The worker's side of the queue.
pub trait WorkQueue {
    /// Settles, begins and claims in one call.
    ///
    /// # Errors
    /// The whole call failed, or its answer was lost: it may have been carried out, and can be repeated as it is.
    async fn work(
        &self,
        request: &protocol::WorkRequest,
    ) -> Result<protocol::WorkReply, QueueError>;
}

/// The provider.
pub trait Mailer {
    /// Which one.
    fn provider(&self) -> &'static Provider;
    /// Sends one request. It does not fail: no answer is an answer too.
    async fn send(&self, mail: Mail) -> Reply;
}

/// Monotonic time.
pub trait Clock {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, duration: Duration);
}
