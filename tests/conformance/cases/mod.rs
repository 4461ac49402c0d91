//! The cases, by what they are about.

pub mod begin;
pub mod claim;
pub mod enqueue;
pub mod lease;
pub mod settle;
