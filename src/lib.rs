//! A background e-mail queue for Supabase.
//!
//! Messages wait in Postgres. A worker claims them through PostgREST, sends them through Resend and settles their
//! outcomes. A table in ARCHITECTURE.md says who may import whom. Decisions are pure and synchronous and take time and
//! randomness as arguments ([`provider`], [`email`], [`worker::decide`], [`worker::retry`], [`worker::state`], [`model`]).
#![forbid(unsafe_code)]

pub mod base;
pub mod client;
pub mod email;
pub mod events;
pub mod function;
pub mod io;
pub mod model;
pub mod protocol;
pub mod provider;
pub mod worker;

// What a Rust back end needs to enqueue and to operate.
pub use base::{ErrorCode, QueueError};
pub use client::{QueueOperations, QueueProvider, SupabaseQueueProvider};
pub use model::InMemoryQueueProvider;
pub use protocol::{
    AuditFilter, Audited, Bounce, Can, Cancelled, DeadLetterFilter, Delivery, DeliveryState,
    Dequeue, Discard, Discarded, Enqueued, Erased, EventRow, Found, Lease, Leased, ListOptions,
    Moment, NewMessage, NewTemplate, Page, Pause, Pruned, QueueMessage, QueueMessageStatus, Reason,
    RecipientDelivery, Redrive, Redriven, RunRow, Search, Settlement, Shown, Similar, Stats,
    Suppress, Suppression, SuppressionList, SuppressionReason, SuppressionScope, TypeStats,
    Unsuppress, Unsuppressed, UsedTemplate,
};

#[cfg(target_arch = "wasm32")]
mod wasm;
