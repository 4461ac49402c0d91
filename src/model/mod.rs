//! The queue in memory: what `supabase/migrations` does, as a value.
//!
//! [`Queue`] is a pure transition function: it takes time as an argument and counts its ids. [`InMemoryQueueProvider`]
//! puts it behind the client's contract, for users' own tests. It passes the same cases as the database (`tests/conformance`).
//!
//! ```
//! use email_queue::model::{Queue, Settings};
//! use email_queue::{NewMessage, QueueMessageStatus};
//! use serde_json::json;
//! use std::time::Duration;
//!
//! let mut queue = Queue::new(Settings::default());
//! let now = Duration::from_secs(1_795_532_645);
//! let payload = json!({"from": "a@example.com", "to": "b@example.com", "subject": "Hello", "content": "<p>Hi</p>"});
//! let message = queue.enqueue(now, &NewMessage { payload, ..NewMessage::default() })?;
//! assert_eq!(queue.get(&message.id).map(|m| m.status), Some(QueueMessageStatus::Pending));
//! # Ok::<(), email_queue::QueueError>(())
//! ```

// For tests only, so not in the module.
#[cfg(not(target_arch = "wasm32"))]
mod abstraction;
mod begin;
mod breaker;
mod budget;
mod claim;
mod consume;
mod containment;
mod credentials;
mod dead_letters;
mod domains;
mod email;
mod enqueue;
#[cfg(not(target_arch = "wasm32"))]
mod events;
mod evidence;
mod members;
mod message;
mod operate;
mod order;
mod provider;
mod read;
mod removal;
#[cfg(not(target_arch = "wasm32"))]
mod report;
mod search;
mod settings;
mod settle;
mod stats;
mod store;
mod suppress;
mod suppression;
mod sweep;
mod template;
mod versions;
mod window;
mod work;

#[cfg(not(target_arch = "wasm32"))]
pub use abstraction::View;
pub use provider::InMemoryQueueProvider;
#[cfg(not(target_arch = "wasm32"))]
pub use report::ReportedEvent;
pub use settings::Settings;
pub use store::Queue;
pub use versions::Rendered;
