//! The run, against the queue and a provider in memory, in virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod breaker;
mod chaos;
mod cost;
mod endings;
mod limits;
mod listen;
mod looks;
mod losses;
mod other;
mod provider;
mod refusals;
mod unknown;
