//! For every part: errors, times, text fit for a log, randomness, and the limits that the schema has too.

mod error;
pub mod limits;
mod random;
mod scrub;
pub(crate) mod time;
mod typed;
mod uuid;

pub use error::{ErrorCode, QueueError};
pub use random::Random;
pub use scrub::scrub;
pub(crate) use scrub::{joined, shown};
pub(crate) use time::{ceil_ms, millis};
pub(crate) use typed::{Misfit, typed, typed_fields};
pub(crate) use uuid::is_uuid;
