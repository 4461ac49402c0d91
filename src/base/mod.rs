//! What every part may use: errors, times, text fit for a log, randomness. No word of e-mail.

mod error;
mod random;
mod scrub;
pub(crate) mod time;

pub use error::{ErrorCode, QueueError};
pub use random::Random;
pub use scrub::scrub;
pub(crate) use scrub::{joined, shown};
pub(crate) use time::millis;
