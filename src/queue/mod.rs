//! The queue as its users see it.
//!
//! ```
//! use email_queue::queue::{InMemoryQueueProvider, NewMessage, QueueMessageStatus, QueueProvider};
//! use serde_json::json;
//!
//! # futures_util::future::FutureExt::now_or_never(async {
//! // `SupabaseQueueProvider::new(url, secret_key)` in production: the same contract.
//! let queue = InMemoryQueueProvider::new();
//! let payload = json!({"from": "shop@example.com", "to": "user@example.com", "subject": "Hello", "text": "Hi"});
//! let enqueued = queue
//!     .enqueue(NewMessage { payload, dedup_key: Some("welcome:42".into()), ..NewMessage::default() })
//!     .await?;
//! let message = queue.get_message(&enqueued.id).await?;
//! assert_eq!(message.map(|message| message.status), Some(QueueMessageStatus::Pending));
//! # Ok::<(), email_queue::queue::QueueError>(())
//! # }).expect("memory waits for nothing")?;
//! # Ok::<(), email_queue::queue::QueueError>(())
//! ```

pub(crate) mod check;
mod check_operator;
pub(crate) mod containment;
mod ending;
mod error;
pub mod json;
pub(crate) mod jsonb;
mod memory;
mod message;
mod options;
mod provider;
mod supabase;
pub(crate) mod tags;
pub(crate) mod time;

pub use crate::work::Reason;
pub use error::{ErrorCode, QueueError};
pub use memory::InMemoryQueueProvider;
pub use message::{Enqueued, NewMessage, QueueMessage, QueueMessageStatus};
pub use options::{
    Cancelled, DeadLetterFilter, Dequeue, Lease, Leased, ListOptions, Page, Pause, Redrive,
    Redriven, Refused, Settlement, Stats, TypeStats,
};
pub use provider::QueueProvider;
pub use supabase::SupabaseQueueProvider;
