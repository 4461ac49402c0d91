//! The function `email-queue-events` without its JavaScript: whose reports are let in, what is read of them, and how they reach the
//! database.

mod batches;
mod door;
mod environment;
mod refusals;
mod signature;

pub use batches::{Batches, EventTicket, Failure, RECORD};
pub use door::{Denial, Door, Head, MAX_BODY, Reading};
pub use environment::EventEnvironment;
pub use refusals::Refusals;
pub use signature::{Secrets, Signed, Unsigned};
