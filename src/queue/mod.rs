//! The queue as its users see it.

mod error;
mod message;
mod options;
mod provider;
mod supabase;

pub use error::{ErrorCode, QueueError};
pub use message::{Enqueued, NewMessage, QueueMessage, QueueMessageStatus};
pub use options::{
    Cancelled, DeadLetterFilter, Dequeue, Lease, Leased, ListOptions, Redrive, Redriven, Refused,
    Settlement, Stats, TypeStats,
};
pub use provider::QueueProvider;
pub use supabase::SupabaseQueueProvider;
