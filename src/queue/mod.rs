//! The queue as its users see it.

mod error;

pub use error::{ErrorCode, QueueError};
