//! One run of the queue: claim, prepare, begin, send, settle.
//!
//! [`State`] decides and never waits; [`run`](fn@run) carries out and never decides.

mod config;
mod control;
mod driver;
mod prepare;
pub mod state;
mod tally;

pub use config::{Config, Report, Stopped};
pub use control::{Control, Order};
pub use driver::{Errand, run, run_errand};
pub use prepare::{Preparation, Prepared, prepare};
pub use state::State;
