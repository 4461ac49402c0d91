//! The function `process-email-queue`, apart from JavaScript: its environment, who may call it, one run at a time.

mod auth;
mod environment;
mod gate;

pub use auth::Credentials;
pub use environment::{Environment, EnvironmentError};
pub use gate::{Gate, Run};
