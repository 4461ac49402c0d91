//! What the worker and the database say to each other: the request and the answer of `email_queue_worker_work`.
//!
//! All durations are whole milliseconds; all times are the database's.

mod reply;
mod request;

pub use reply::*;
pub use request::*;
