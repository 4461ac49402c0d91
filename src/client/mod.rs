//! The queue as its users see it.
//!
//! ```
//! use email_queue::{InMemoryQueueProvider, NewMessage, QueueMessageStatus, QueueProvider};
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
//! # Ok::<(), email_queue::QueueError>(())
//! # }).expect("memory waits for nothing")?;
//! # Ok::<(), email_queue::QueueError>(())
//! ```

pub(crate) mod asked;
pub(crate) mod check;
pub(crate) mod check_operator;
pub(crate) mod ending;
pub mod json;
mod operations;
mod provider;
mod supabase;
pub(crate) mod tags;
pub(crate) mod words;

pub use operations::QueueOperations;
pub use provider::{Either, Method, QueueProvider, call};
pub use supabase::SupabaseQueueProvider;
