//! The contract of a queue.
#![allow(async_fn_in_trait)] // The futures of the WebAssembly implementation are not `Send`.

use crate::base::QueueError;
use crate::protocol::{
    Cancelled, DeadLetterFilter, Dequeue, Enqueued, Lease, Leased, ListOptions, NewMessage, Page,
    Pause, QueueMessage, QueueMessageStatus, Redrive, Redriven, Settlement, Stats,
};
use serde_json::Value;
use std::time::Duration;

/// A queue: enqueue, consume, watch, operate. All implementations pass the same cases.
///
/// Every error can be a call that failed; after `timeout` and `unreachable` it may have been carried out. Enqueueing can
/// be repeated safely with a `dedup_key`, the calls with a lease always.
pub trait QueueProvider {
    /// Enqueues one message. E-mail payloads are checked in full first.
    async fn enqueue(&self, message: NewMessage) -> Result<Enqueued, QueueError>;

    /// Enqueues messages in their order, up to a thousand in one call; each call is one transaction. All are checked
    /// before the first call, but for what only the database knows: its clock (`send_before` in the past), its limit of a
    /// payload, its default sender. Where a call fails, earlier ones stand. The field of what is wrong begins with
    /// `messages[i]`.
    async fn enqueue_many(&self, messages: &[NewMessage]) -> Result<Vec<Enqueued>, QueueError>;

    /// Leases messages of types of one's own; `email` is the function's.
    async fn dequeue(&self, options: &Dequeue) -> Result<Vec<Leased>, QueueError>;

    /// Makes a lease end `visibility` from now, if that is later.
    async fn extend(&self, lease: &Lease, visibility: Duration) -> Result<Settlement, QueueError>;

    /// The message is done.
    async fn complete(&self, lease: &Lease) -> Result<Settlement, QueueError>;

    /// The message can never be done: it fails as `rejected`. `error` is kept with it: an object.
    async fn fail(&self, lease: &Lease, error: Value) -> Result<Settlement, QueueError>;

    /// The message is tried again after `delay`, or fails as `exhausted` where its attempts are used up.
    async fn retry(
        &self,
        lease: &Lease,
        error: Value,
        delay: Duration,
    ) -> Result<Settlement, QueueError>;

    /// Gives the message back without having used an attempt.
    async fn release(&self, lease: &Lease) -> Result<Settlement, QueueError>;

    /// Cancels a message that waits; for one that does not, it says why.
    async fn cancel(&self, id: &str) -> Result<Cancelled, QueueError>;

    /// One message, or `None`.
    async fn get_message(&self, id: &str) -> Result<Option<QueueMessage>, QueueError>;

    /// Messages in a status, newest first.
    async fn get_messages_by_status(
        &self,
        status: QueueMessageStatus,
        options: &ListOptions,
    ) -> Result<Vec<QueueMessage>, QueueError>;

    /// Failed messages, newest first.
    async fn list_dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &Page,
    ) -> Result<Vec<QueueMessage>, QueueError>;

    /// Puts failed messages back to be sent, at most 1000 a call.
    async fn redrive(&self, redrive: &Redrive) -> Result<Redriven, QueueError>;

    /// How deep the queue is, and what stands in its way.
    async fn stats(&self) -> Result<Stats, QueueError>;

    /// Pauses e-mail, or one sender domain, for a time or until it is resumed.
    async fn pause(&self, pause: &Pause) -> Result<(), QueueError>;

    /// Ends a pause. Answers whether there was one.
    async fn resume(&self, domain: Option<&str>) -> Result<bool, QueueError>;
}
