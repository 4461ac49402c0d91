//! The implementations of the ports.

#[cfg(feature = "worker")]
mod keys;
pub mod memory;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod postgrest;
mod rpc_queue;
mod timer;

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
mod resend;

#[cfg(feature = "worker")]
pub use keys::Keys;
pub use postgrest::PostgrestRpc;
pub use rpc_queue::RpcQueue;
pub use timer::{Expired, within};

#[cfg(target_arch = "wasm32")]
pub(crate) use javascript::since_1970;
#[cfg(target_arch = "wasm32")]
pub use javascript::{JavaScriptClock, JavaScriptRandom, JavaScriptRandom as SystemRandom};
#[cfg(not(target_arch = "wasm32"))]
pub use native::SystemRandom;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::since_1970;
#[cfg(target_arch = "wasm32")]
pub use resend::ResendMailer;
