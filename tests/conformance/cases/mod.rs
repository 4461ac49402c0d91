//! The cases, by what they are about.

pub mod begin;
pub mod breaker;
pub mod claim;
pub mod enqueue;
pub mod events;
pub mod frozen;
pub mod keys;
pub mod lease;
pub mod pause;
pub mod removal;
pub mod scopes;
pub mod secret;
pub mod settle;
pub mod suppression;
pub mod turns;
