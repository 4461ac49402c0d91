//! What the queue needs of the world. Each trait has a real implementation and one in memory, in
//! [`adapters`](crate::adapters).
#![allow(async_fn_in_trait)] // All callers run on one thread: nothing here needs `Send`.

use crate::email::Endpoint;
use crate::outcome::Reply;
use crate::queue::QueueError;
use crate::work;
use std::time::Duration;

/// The worker's side of the queue.
pub trait WorkQueue {
    /// Settles, begins and claims in one call.
    ///
    /// # Errors
    /// The whole call failed, or its answer was lost: it may have been carried out, and can be repeated as it is.
    async fn work(&self, request: &work::Request) -> Result<work::Reply, QueueError>;
}

/// Remote procedure calls to the database's functions.
pub trait Rpc {
    /// Calls `function` with the JSON object `arguments` and gives its JSON answer.
    ///
    /// # Errors
    /// See [`ErrorCode`](crate::queue::ErrorCode).
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError>;
}

/// One request to the provider.
pub struct Mail {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The Idempotency-Key.
    pub key: String,
    /// JSON.
    pub body: Vec<u8>,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// The provider.
pub trait Mailer {
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

/// Randomness.
pub trait Random {
    /// A new random UUID.
    fn token(&self) -> String;
    /// A number in `[0, 1)`.
    fn unit(&self) -> f64;
}
