//! How the database is called.
#![allow(async_fn_in_trait)] // All callers run on one thread: nothing here needs `Send`.

use crate::base::QueueError;

/// Remote procedure calls to the database's functions.
pub trait Rpc {
    /// Calls `function` with the JSON object `arguments` and gives its JSON answer.
    ///
    /// # Errors
    /// See [`ErrorCode`](crate::base::ErrorCode).
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError>;
}
