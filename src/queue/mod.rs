//! The queue as its users see it.

mod error;
mod message;
mod provider;

pub use error::{ErrorCode, QueueError};
pub use message::{Enqueued, NewMessage, QueueMessage, QueueMessageStatus};
pub use provider::{ListOptions, SupabaseQueueProvider};
