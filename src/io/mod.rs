//! The world: PostgREST, the provider's API, clocks, randomness. The only files that name the crates for it.

mod answer;
#[cfg(target_arch = "wasm32")]
mod fetch;
#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(any(feature = "worker", feature = "events"))]
mod keys;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod postgrest;
mod refusal;
mod timer;

#[cfg(target_arch = "wasm32")]
pub use fetch::{FetchMailer, FetchRpc};
#[cfg(target_arch = "wasm32")]
pub(crate) use javascript::since_1970;
#[cfg(target_arch = "wasm32")]
pub use javascript::{JavaScriptClock, JavaScriptRandom, JavaScriptRandom as SystemRandom};
#[cfg(any(feature = "worker", feature = "events"))]
pub use keys::Keys;
#[cfg(not(target_arch = "wasm32"))]
pub use native::SystemRandom;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::since_1970;
pub use postgrest::PostgrestRpc;
pub use timer::{Expired, within};
