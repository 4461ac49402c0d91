//! Requests to the database and its answers: messages and calls as users write them, and the request and the answer of
//! `email_queue_worker_work`.
//!
//! In these, all durations are whole milliseconds, and all times are the database's.

mod delivery;
mod endpoint;
mod event;
pub(crate) mod jsonb;
mod message;
mod operations;
mod options;
mod reply;
mod request;
mod rpc;
mod suppression;
mod template;

pub use delivery::{Bounce, Delivery, DeliveryState, RecipientDelivery};
pub use endpoint::{Endpoint, UnknownEndpoint};
pub use event::{ProviderEvent, Recorded, events_answer, events_arguments, tagged};
pub use message::{Enqueued, NewMessage, QueueMessage, QueueMessageStatus};
pub use operations::{
    AuditFilter, Audited, Can, Discard, Discarded, EventRow, Found, Moment, Operation, Pruned,
    RunRow, Search, Shown, Similar,
};
pub use options::{
    Cancelled, DeadLetterFilter, Dequeue, Erased, Lease, Leased, ListOptions, Page, Pause, Redrive,
    Redriven, Refused, Settlement, Stats, TypeStats,
};
pub use reply::*;
pub use request::*;
pub use rpc::Rpc;
pub use suppression::{
    Suppress, Suppression, SuppressionList, SuppressionReason, SuppressionScope, Unsuppress,
    Unsuppressed,
};
pub use template::{NewTemplate, UsedTemplate};
