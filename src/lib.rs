//! A background e-mail queue for Supabase.
//!
//! Decisions are pure and synchronous; they take time and randomness as arguments.
//! I/O sits behind the traits of `ports`, implemented in `adapters`.
#![forbid(unsafe_code)]

pub mod email;
pub mod outcome;
pub mod retry;
