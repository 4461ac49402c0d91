//! The worker: one run of the queue is claim, prepare, begin, send, settle.
//!
//! [`State`] decides and never waits; [`run`](fn@run) carries out and never decides.

mod config;
mod control;
pub mod decide;
mod driver;
mod ports;
mod prepare;
pub mod retry;
mod rpc_queue;
pub mod state;
mod tally;

pub use config::{Config, Order, Report, Stopped};
pub use control::Control;
pub use driver::{Errand, run, run_errand};
pub use ports::{Clock, Mailer, WorkQueue};
pub use prepare::{Preparation, Prepared, prepare};
pub use rpc_queue::RpcQueue;
pub use state::State;
