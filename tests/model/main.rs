//! The protocol in a model checker: two workers, one provider, two messages, and all that can happen to them in any
//! order. The database is the queue in memory, which passes the same cases as the real one.
//!
//! `scripts/test model` runs it, optimized; `cargo test` and nextest leave it out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod actions;
mod events;
mod mistakes;
mod properties;
mod protocol;
mod provider;
mod scenarios;
mod settling;
mod steps;
mod system;
mod variant;
mod worker;
