//! A background e-mail queue for Supabase.
//!
//! Messages wait in Postgres; a worker claims them through PostgREST, sends them through Resend and settles what came
//! of it. Decisions are pure and synchronous and take time and randomness as arguments ([`outcome`], [`retry`],
//! [`email`], [`decide`], [`run::state`]). I/O sits behind the traits of [`ports`], implemented in [`adapters`].
#![forbid(unsafe_code)]

pub mod adapters;
pub mod decide;
pub mod email;
pub mod function;
pub mod outcome;
pub mod ports;
pub mod queue;
pub mod retry;
pub mod run;
pub mod work;

#[cfg(target_arch = "wasm32")]
mod wasm;
