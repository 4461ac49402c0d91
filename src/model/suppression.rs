//! An entry of the suppression list.

use crate::protocol::SuppressionReason;
use std::time::Duration;

/// What an entry is found by: its address, why it is there, its topic.
pub(super) type Suppressed = (String, SuppressionReason, Option<String>);

/// An entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub id: String,
    pub shown: bool,
    pub since: Duration,
    pub event: Option<String>,
    pub note: Option<String>,
    /// It stays a while, so that an event from before does not bring it back.
    pub removed_at: Option<Duration>,
}
