//! A dispatch in a run, from its begin to its settle.

use super::super::{Prepared, tally::Tally};
use crate::protocol::{Dispatch, Settle};
use crate::provider::Context;
use std::time::Duration;

/// A dispatch whose begin is asked for.
#[derive(Debug)]
pub(super) struct Beginning {
    pub prepared: Box<Prepared>,
    /// When the first call with this begin left; `None` before.
    pub asked_at: Option<Duration>,
    pub repeated: bool,
    pub failures: u32,
}

/// A begun dispatch that waits for its slot.
#[derive(Debug)]
pub(super) struct Waiting {
    pub prepared: Box<Prepared>,
    pub attempt: u32,
    pub send_at: Duration,
    /// Past this it is not sent: the lease would not outlive the request.
    pub latest: Duration,
}

/// A dispatch under way to the provider.
#[derive(Debug)]
pub(super) struct Sending {
    pub dispatch: Dispatch,
    pub context: Context,
    pub attempt: u32,
}

/// A settle that is not answered yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub settle: Settle,
    pub tally: Tally,
    pub failures: u32,
}
