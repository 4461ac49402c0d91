//! The function `process-email-queue` without its JavaScript: its environment, its callers, one run at a time, and what an isolate may
//! still do. `events` shares the project's address and keys with it.

mod allowance;
mod ask;
mod auth;
mod environment;
mod gate;
mod keys;
mod project;

pub use allowance::{Allowance, Busy, RESERVE, Spent};
pub use ask::{Ask, has_large_body};
pub use auth::Credentials;
pub use environment::Environment;
pub use gate::{Gate, SharedRun};
pub use project::{EnvironmentError, Project, variable};
