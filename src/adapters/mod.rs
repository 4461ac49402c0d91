//! The implementations of the ports.

pub mod memory;
mod postgrest;
mod timer;

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
mod resend;

pub use postgrest::{PostgrestRpc, RpcQueue};
pub use timer::{Expired, within};

#[cfg(target_arch = "wasm32")]
pub use javascript::{JavaScriptClock, JavaScriptRandom};
#[cfg(target_arch = "wasm32")]
pub use resend::ResendMailer;
